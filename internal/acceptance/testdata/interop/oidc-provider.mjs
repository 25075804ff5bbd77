// Runs panva's oidc-provider, a certified OpenID Connect server, in one of several configurations:
//
//   node oidc-provider.mjs CONFIGURATION REDIRECT_URI [CERTIFICATE KEY]
//
// It listens on a free port of 127.0.0.1, prints its settings as one line of JSON, and ends when its
// standard input does.
import { createPrivateKey, generateKeyPairSync } from "node:crypto";
import { readFileSync } from "node:fs";
import http from "node:http";
import https from "node:https";
import Provider from "oidc-provider";

const [name, redirectURI, certificate, key] = process.argv.slice(2);
const secret = "s3cr3t/with+special:characters %&=";

// The key goes through PEM: the export of a key that was just generated can hang in Node 20 for ever.
const pem = { publicKeyEncoding: { type: "spki", format: "pem" }, privateKeyEncoding: { type: "pkcs8", format: "pem" } };
const jwk = (type, options, extra) => ({
  ...createPrivateKey(generateKeyPairSync(type, { ...options, ...pem }).privateKey).export({ format: "jwk" }), use: "sig", ...extra });
const rsa = (alg) => jwk("rsa", { modulusLength: 2048 }, { kid: alg, alg });
const off = { enabled: false };
const on = { enabled: true };

// Each says how it differs from the plain server below. "prefix" is the issuer's path, "only8414" moves
// the metadata to the address of RFC 8414.
const configurations = {
  "clerk-paths-tls": { routes: {
    authorization: "/oauth/authorize", token: "/oauth/token", userinfo: "/oauth/userinfo", introspection: "/oauth/token_info",
    revocation: "/oauth/token/revoke", jwks: "/.well-known/jwks.json" } },
  "basic-only": { methods: ["client_secret_basic"], client: { client_secret: secret, token_endpoint_auth_method: "client_secret_basic" } },
  "post-only": { methods: ["client_secret_post"], client: { client_secret: secret, token_endpoint_auth_method: "client_secret_post" } },
  "public": { methods: ["none"], client: { client_secret: undefined, token_endpoint_auth_method: "none" } },
  "public-rotation": { methods: ["none"], client: { client_secret: undefined, token_endpoint_auth_method: "none" }, rotate: true },
  "jwt-access-token": { jwt: true },
  "ps256": { keys: [rsa("PS256"), rsa("RS256")], client: { id_token_signed_response_alg: "PS256" } },
  "es256": { keys: [jwk("ec", { namedCurve: "P-256" }, { kid: "es", alg: "ES256" }), rsa("RS256")], client: { id_token_signed_response_alg: "ES256" } },
  "rotation": { rotate: true },
  "rfc8414-only": { only8414: true },
  "issuer-path": { prefix: "/tenants/a" },
  "no-introspection": { bare: true },
  "par-required": { par: true },
  "after-logout": { client: { post_logout_redirect_uris: [new URL("/", redirectURI).href] } },
};
const chosen = configurations[name];
if (!chosen) throw new Error(`no configuration named ${name}; there are: ${Object.keys(configurations).join(" ")}`);

const server = certificate
  ? https.createServer({ cert: readFileSync(certificate), key: readFileSync(key) })
  : http.createServer();
server.listen(0, "127.0.0.1", () => {
  const prefix = chosen.prefix ?? "";
  const origin = certificate ? `https://localhost:${server.address().port}` : `http://127.0.0.1:${server.address().port}`;
  const client = {
    client_id: "interop-client", client_secret: secret, redirect_uris: [redirectURI], application_type: certificate ? "web" : "native",
    grant_types: ["authorization_code", "refresh_token"], response_types: ["code"], token_endpoint_auth_method: "client_secret_basic", ...chosen.client,
  };
  if (client.token_endpoint_auth_method !== "none") client.application_type = "web";
  const other = { ...client, client_id: "other-client", client_secret: client.client_secret && "other-secret" };
  const provider = new Provider(origin + prefix, {
    clients: [client, other],
    clientAuthMethods: chosen.methods ?? ["client_secret_basic", "client_secret_post", "none"],
    scopes: ["openid", "offline_access", "profile", "email"],
    claims: { openid: ["sub"], profile: ["name"], email: ["email"] },
    conformIdTokenClaims: false,
    cookies: { keys: ["interop"] },
    jwks: { keys: chosen.keys ?? [rsa("RS256")] },
    pkce: { required: () => true },
    rotateRefreshToken: Boolean(chosen.rotate),
    routes: chosen.routes,
    issueRefreshToken: async () => true,
    findAccount: async (_, id) => ({ accountId: id, claims: async () => ({ sub: id, name: "Interop User", email: "user@example.com" }) }),
    features: {
      devInteractions: on,
      claimsParameter: on,
      introspection: chosen.bare ? off : on,
      revocation: chosen.bare ? off : on,
      pushedAuthorizationRequests: chosen.par ? { enabled: true, requirePushedAuthorizationRequests: true } : off,
      resourceIndicators: chosen.jwt ? {
        enabled: true, defaultResource: () => "https://api.example/", useGrantedResource: () => true,
        getResourceServerInfo: () => ({ scope: "openid profile email offline_access", audience: "https://api.example/", accessTokenFormat: "jwt" }),
      } : off,
    },
  });
  const handle = provider.callback();
  server.on("request", (request, response) => {
    if (chosen.only8414) {
      if (request.url === "/.well-known/openid-configuration") {
        response.writeHead(404).end();
        return;
      }
      if (request.url === "/.well-known/oauth-authorization-server") request.url = "/.well-known/openid-configuration";
    }
    if (prefix) {
      if (!request.url.startsWith(prefix + "/")) {
        response.writeHead(404).end();
        return;
      }
      request.originalUrl = request.url;
      request.url = request.url.slice(prefix.length);
    }
    handle(request, response);
  });
  console.log(JSON.stringify({
    issuer: origin + prefix, client_id: client.client_id, client_secret: client.client_secret ?? "", other_client_id: other.client_id,
    other_client_secret: other.client_secret ?? "", version: readVersion(),
  }));
});

function readVersion() {
  return JSON.parse(readFileSync(new URL("node_modules/oidc-provider/package.json", import.meta.url))).version;
}

process.stdin.resume();
process.stdin.on("end", () => process.exit(0));
