// Runs @jmondi/oauth2-server, a toolkit for plain OAuth 2.0 without metadata. It does not decode the credentials of
// client_secret_basic, ignores the port of a redirect URI, and answers every revocation with 200, whichever client asks.
import { createHash, randomBytes } from "node:crypto";
import { AuthorizationServer } from "@jmondi/oauth2-server";
import { handleVanillaError } from "@jmondi/oauth2-server/vanilla";
import { announce, choose, form, listen, redirectURI, secret, send, signInPage, user, version } from "./serve.mjs";

const plainSecret = createHash("sha256").update(secret).digest("hex");
const chosen = choose({
  "basic": { secret: plainSecret, method: "client_secret_basic" },
  "post": { secret, method: "client_secret_post" },
  "public": { secret: "", method: "none" },
  "no-code-grant": { secret: plainSecret, method: "client_secret_basic", grants: ["client_credentials"] },
});

const scopes = ["profile", "email"].map((name) => ({ name }));
const clientOf = (id, secret) => ({ id, name: id, secret, redirectUris: [redirectURI], scopes, allowedGrants: chosen.grants ?? ["authorization_code", "refresh_token", "client_credentials"] });
const clients = [clientOf("interop-client", chosen.secret), clientOf("other-client", chosen.secret && "other-secret")];
const person = { id: "1", ...user };
const codes = new Map(), tokens = new Map(), sessions = new Set();
const random = () => randomBytes(24).toString("hex");
const inAnHour = () => new Date(Date.now() + 3600 * 1000);
const found = (value) => value ?? Promise.reject(new Error("not found"));

const oauth = new AuthorizationServer(
  {
    getByIdentifier: async (id) => clients.find((known) => known.id === id),
    isClientValid: async (grant, client, given) => client.secret === (given ?? "") && (!grant || client.allowedGrants.includes(grant)),
  },
  {
    issueToken: async (client, scopes, user) => ({ accessToken: random(), accessTokenExpiresAt: inAnHour(), client, user, scopes }),
    issueRefreshToken: async (token) => Object.assign(token, { refreshToken: random(), refreshTokenExpiresAt: inAnHour() }),
    persist: async (token) => void tokens.set(token.accessToken, token),
    revoke: async (token) => void tokens.delete(token.accessToken),
    revokeDescendantsOf: async (code) => tokens.forEach((token, key) => token.originatingAuthCodeId === code && tokens.delete(key)),
    isRefreshTokenRevoked: async (token) => !tokens.has(token.accessToken),
    getByRefreshToken: async (refresh) => [...tokens.values()].find((token) => token.refreshToken === refresh) ?? { scopes, accessToken: "" },
    getByAccessToken: async (access) => found(tokens.get(access)),
  },
  {
    getAllByIdentifiers: async (names) => scopes.filter((scope) => names.includes(scope.name)),
    finalize: async (wanted) => wanted,
  },
  random(),
);
oauth.enableGrantTypes("client_credentials", "refresh_token", {
  grant: "authorization_code",
  userRepository: { getUserByCredentials: async () => person },
  authCodeRepository: {
    getByIdentifier: async (code) => found(codes.get(code)),
    issueAuthCode: async (client, user, scopes) => ({ code: random(), client, user, scopes, expiresAt: inAnHour() }),
    persist: async (code) => void codes.set(code.code, code),
    isRevoked: async (code) => !codes.has(code),
    revoke: async (code) => void codes.delete(code),
  },
});

const signedIn = (request) => sessions.has(/session=(\w+)/.exec(request.headers.cookie)?.[1]);

async function authorize(asked, request, response) {
  const authorization = await oauth.validateAuthorizationRequest(asked);
  if (asked.body.password === user.password) {
    const session = random();
    sessions.add(session);
    return response.writeHead(302, { location: request.url, "set-cookie": `session=${session}; HttpOnly; SameSite=Lax` }).end();
  }
  if (!signedIn(request)) return send(response, signInPage);
  Object.assign(authorization, { user: person, isAuthorizationApproved: true });
  return answer(response, await oauth.completeAuthorizationRequest(authorization));
}

// me is an API: it looks the token up by the claim jti.
function me(asked, response) {
  const jti = /"jti":"(\w+)"/.exec(Buffer.from(asked.headers.authorization?.split(".")[1] ?? "", "base64url"))?.[1];
  if (tokens.has(jti)) return answer(response, { status: 200, body: { sub: person.id } });
  response.writeHead(401, { "www-authenticate": 'Bearer error="invalid_token"' }).end();
}

function answer(response, { status, headers, body }) {
  response.writeHead(status, { "content-type": "application/json", ...headers }).end(status === 302 ? "" : JSON.stringify(body));
}

const { server, origin } = await listen();
server.on("request", async (request, response) => {
  const url = new URL(request.url, origin);
  const asked = { headers: request.headers, query: Object.fromEntries(url.searchParams), body: request.method === "POST" ? await form(request) : {} };
  try {
    switch (url.pathname) {
      case "/authorize": return await authorize(asked, request, response);
      case "/token": return answer(response, await oauth.respondToAccessTokenRequest(asked));
      case "/introspect": return answer(response, await oauth.introspect(asked));
      case "/revoke": return answer(response, await oauth.revoke(asked));
      case "/me": return me(asked, response);
    }
    response.writeHead(404).end();
  } catch (error) {
    answer(response, handleVanillaError(error));
  }
});

announce({
  authorization_endpoint: `${origin}/authorize`, token_endpoint: `${origin}/token`, introspection_endpoint: `${origin}/introspect`, revocation_endpoint: `${origin}/revoke`,
  token_endpoint_auth_method: chosen.method, scopes: "profile email", resource_url: `${origin}/me`, client_id: clients[0].id, client_secret: chosen.secret,
  other_client_id: clients[1].id, other_client_secret: clients[1].secret, version: version("@jmondi/oauth2-server"),
});
