"""Runs a server on Authlib and Flask, from Debian's python3-authlib and python3-flask:

    /usr/bin/python3 authlib-server.py CONFIGURATION REDIRECT_URI

It listens on a free port of 127.0.0.1, prints its settings as one line of JSON, and ends when its
standard input does. It asks the user to sign in before it looks at the request.
"""
import json
import logging
import os
import secrets
import sys
import threading
import time
from types import SimpleNamespace

import authlib
from authlib.integrations.flask_oauth2 import AuthorizationServer, ResourceProtector, current_token
from authlib.jose import JsonWebKey
from authlib.oauth2 import OAuth2Error
from authlib.oauth2.rfc6749 import AuthorizationCodeMixin, ClientMixin, TokenMixin, grants
from authlib.oauth2.rfc6750 import BearerTokenValidator
from authlib.oauth2.rfc7009 import RevocationEndpoint
from authlib.oauth2.rfc7636 import CodeChallenge
from authlib.oauth2.rfc7662 import IntrospectionEndpoint
from authlib.oidc.core import UserInfo
from authlib.oidc.core.grants import OpenIDCode
from flask import Flask, jsonify, redirect, request, session
from werkzeug.serving import make_server

SECRET = "s3cr3t-without-special-characters"
CONFIGURATIONS = {
    "basic": {"method": "client_secret_basic"},
    "post": {"method": "client_secret_post"},
    "public": {"method": "none", "secret": ""},
    "special": {"method": "client_secret_basic", "secret": "s3cr3t/with+special:characters %&="},
    "hs256": {"method": "client_secret_basic", "alg": "HS256"},
    "no-code-grant": {"method": "client_secret_basic", "grants": ["client_credentials"]},
    "error-page": {"method": "client_secret_basic", "page": True},  # as in Authlib's own example
    "validate-first": {"method": "client_secret_basic", "validate": True},
}
USER = {"email": "user@example.com", "password": "interop-password"}
name, redirect_uri = sys.argv[1:3]
chosen = CONFIGURATIONS[name]
os.environ["AUTHLIB_INSECURE_TRANSPORT"] = "1"  # loopback has no TLS
logging.getLogger("werkzeug").disabled = True

app = Flask(__name__)
app.secret_key = secrets.token_bytes(32)
app.config["OAUTH2_REFRESH_TOKEN_GENERATOR"] = True
key = JsonWebKey.generate_key("RSA", 2048, {"use": "sig", "alg": "RS256"}, is_private=True)
codes, tokens = {}, []


class Client(ClientMixin):
    secret = chosen.get("secret", SECRET)
    method = chosen["method"]
    scopes = {"openid", "profile", "email"}

    def __init__(self, client_id):
        self.client_id = client_id

    def get_client_id(self):
        return self.client_id

    def get_default_redirect_uri(self):
        return redirect_uri

    def get_allowed_scope(self, scope):
        return " ".join(s for s in (scope or "").split() if s in self.scopes)

    def check_redirect_uri(self, uri):
        return uri == redirect_uri

    def check_client_secret(self, secret):
        return secrets.compare_digest(self.secret.encode(), secret.encode())

    def check_endpoint_auth_method(self, method, endpoint):
        return method == self.method

    def check_response_type(self, response_type):
        return response_type == "code"

    def check_grant_type(self, grant_type):
        return grant_type in chosen.get("grants", ["authorization_code", "refresh_token"])


class Code(AuthorizationCodeMixin, SimpleNamespace):
    def get_redirect_uri(self):
        return self.redirect_uri

    def get_scope(self):
        return self.scope

    def get_nonce(self):
        return self.nonce

    def get_auth_time(self):
        return int(time.time())


class Token(TokenMixin, SimpleNamespace):
    revoked = False

    def check_client(self, client):
        return self.client_id == client.client_id

    def get_scope(self):
        return self.scope

    def get_expires_in(self):
        return self.expires_in

    def is_expired(self):
        return False

    def is_revoked(self):
        return self.revoked


client, other = Client("interop-client"), Client("other-client")  # with the same secret


def find(value):
    return next((t for t in tokens if value in (t.access_token, getattr(t, "refresh_token", None)) and not t.revoked), None)


server = AuthorizationServer(
    app,
    query_client=lambda client_id: next((c for c in (client, other) if c.client_id == client_id), None),
    save_token=lambda token, asked: tokens.append(Token(client_id=asked.client.client_id, user=asked.user, **token)),
)
METHODS = ["client_secret_basic", "client_secret_post", "none"]


class CodeGrant(grants.AuthorizationCodeGrant):
    TOKEN_ENDPOINT_AUTH_METHODS = METHODS

    def save_authorization_code(self, code, asked):
        codes[code] = Code(
            code=code, client_id=asked.client.client_id, redirect_uri=asked.redirect_uri, scope=asked.scope,
            nonce=asked.data.get("nonce"), user=asked.user,
            code_challenge=asked.data.get("code_challenge"), code_challenge_method=asked.data.get("code_challenge_method"))

    def query_authorization_code(self, code, client):
        found = codes.get(code)
        return found if found and found.client_id == client.client_id else None

    def delete_authorization_code(self, code):
        del codes[code.code]

    def authenticate_user(self, code):
        return code.user


class RefreshGrant(grants.RefreshTokenGrant):
    TOKEN_ENDPOINT_AUTH_METHODS = METHODS
    INCLUDE_NEW_REFRESH_TOKEN = True

    def authenticate_refresh_token(self, refresh_token):
        return find(refresh_token)

    def authenticate_user(self, token):
        return token.user

    def revoke_old_credential(self, token):
        token.revoked = True


def claims(scope):
    return UserInfo(sub="user-1", name="Interop User", email=USER["email"])


class OpenID(OpenIDCode):
    def exists_nonce(self, nonce, asked):
        return False

    def get_jwt_config(self, grant):
        if chosen.get("alg") == "HS256":
            return {"key": client.secret, "alg": "HS256", "iss": origin}
        return {"key": key, "alg": "RS256", "iss": origin, "exp": 3600}

    def generate_user_info(self, user, scope):
        return claims(scope)


class Introspection(IntrospectionEndpoint):
    CLIENT_AUTH_METHODS = METHODS

    def query_token(self, token, hint):
        return find(token)

    def check_permission(self, token, client, asked):
        return True

    def introspect_token(self, token):
        return {"client_id": token.client_id, "scope": token.scope, "token_type": "Bearer", "sub": "user-1"}


class Revocation(RevocationEndpoint):
    CLIENT_AUTH_METHODS = METHODS

    def query_token(self, token, hint):
        return find(token)

    def revoke_token(self, token, asked):
        token.revoked = True


class Validator(BearerTokenValidator):
    def authenticate_token(self, token):
        found = find(token)
        return found if found and found.access_token == token else None


server.register_grant(CodeGrant, [OpenID(), CodeChallenge(required=True)])
server.register_grant(RefreshGrant)
server.register_endpoint(Introspection)
server.register_endpoint(Revocation)
protector = ResourceProtector()
protector.register_token_validator(Validator())
SIGN_IN = ('<!doctype html><title>Sign in</title><form method="post"><input name="username"><input name="password" type="password">'
           "<button>Sign in</button></form>")
CONSENT = ('<!doctype html><title>Consent</title><form method="post"><button name="decision" value="allow">Allow</button></form>'
           '<a href="?{}&amp;deny=1">Deny</a>')


@app.route("/oauth/authorize", methods=["GET", "POST"])
def authorize():
    if request.form.get("password") == USER["password"]:
        session["user"] = request.form["username"]
        return redirect(request.url)
    user = session.get("user")
    if not user and not chosen.get("validate"):
        return SIGN_IN
    try:
        server.get_consent_grant(end_user=user)
    except OAuth2Error as error:
        if chosen.get("page"):
            return error.error
        return server.handle_response(*error())
    if not user:
        return SIGN_IN
    if "deny" in request.args:
        return server.create_authorization_response(grant_user=None)
    if request.method == "GET":
        return CONSENT.format(request.query_string.decode().replace("&", "&amp;"))
    return server.create_authorization_response(grant_user=user)


@app.route("/oauth/token", methods=["POST"])
def token():
    return server.create_token_response()


@app.route("/oauth/introspect", methods=["POST"])
def introspect():
    return server.create_endpoint_response("introspection")


@app.route("/oauth/revoke", methods=["POST"])
def revoke():
    return server.create_endpoint_response("revocation")


@app.route("/oauth/userinfo")
@protector("openid")
def userinfo():
    return jsonify(claims(current_token.scope))


@app.route("/jwks")
def jwks():
    return jsonify({"keys": [] if chosen.get("alg") == "HS256" else [key.as_dict()]})


@app.route("/.well-known/openid-configuration")
def metadata():
    return jsonify({
        "issuer": origin, "authorization_endpoint": origin + "/oauth/authorize", "token_endpoint": origin + "/oauth/token", "jwks_uri": origin + "/jwks",
        "userinfo_endpoint": origin + "/oauth/userinfo", "introspection_endpoint": origin + "/oauth/introspect",
        "revocation_endpoint": origin + "/oauth/revoke",
        "scopes_supported": sorted(client.scopes), "response_types_supported": ["code"], "grant_types_supported": ["authorization_code", "refresh_token"],
        "token_endpoint_auth_methods_supported": METHODS, "code_challenge_methods_supported": ["S256"],
        "id_token_signing_alg_values_supported": [chosen.get("alg", "RS256")], "subject_types_supported": ["public"]})


listening = make_server("127.0.0.1", 0, app, threaded=True)
origin = f"http://localhost:{listening.port}"
threading.Thread(target=listening.serve_forever, daemon=True).start()
print(json.dumps({"issuer": origin, "client_id": client.client_id, "client_secret": client.secret, "other_client_id": other.client_id,
                  "other_client_secret": other.secret, "token_endpoint_auth_method": client.method,
                  "user": USER["email"], "password": USER["password"], "version": authlib.__version__}), flush=True)
sys.stdin.read()
