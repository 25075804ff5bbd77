// Runs @node-oauth/oauth2-server, a toolkit for plain OAuth 2.0 without metadata. It does not decode
// the credentials of client_secret_basic, and takes a PKCE code without any secret.
import { createHash, randomBytes } from "node:crypto";
import OAuth2Server from "@node-oauth/oauth2-server";
import { announce, choose, consentPage, form, listen, redirectURI, secret, send, signInPage, user, version } from "./serve.mjs";

const plainSecret = createHash("sha256").update(secret).digest("hex");
const chosen = choose({
  "basic": { secret: plainSecret, method: "client_secret_basic" },
  "post": { secret, method: "client_secret_post" },
  "public": { secret: "", method: "none" },
  "not-decoded": { secret, method: "client_secret_basic" },
  "sign-in-first": { secret: plainSecret, method: "client_secret_basic", signInFirst: true },
  "no-code-grant": { secret: plainSecret, method: "client_secret_basic", grants: ["client_credentials"] },
});

const other = { id: "other-client", redirectUris: [redirectURI], grants: ["authorization_code"], secret: chosen.secret && "other-secret" };
const client = { id: "interop-client", redirectUris: [redirectURI], grants: chosen.grants ?? ["authorization_code", "refresh_token"] };
const scopes = ["profile", "email"];
const codes = new Map(), tokens = new Map(), sessions = new Set();

class SignInNeeded extends Error {}

const oauth = new OAuth2Server({
  model: {
    getClient: (id, given) => [client, other].find((known) => id === known.id && (!given || given === (known.secret ?? chosen.secret))),
    validateScope: (_, __, requested = []) => requested.every((scope) => scopes.includes(scope)) && requested,
    saveAuthorizationCode: (code, client, user) => keep(codes, code.authorizationCode, { ...code, client, user }),
    getAuthorizationCode: (code) => codes.get(code),
    revokeAuthorizationCode: (code) => codes.delete(code.authorizationCode),
    saveToken: (token, client, user) => {
      const saved = { ...token, client, user };
      keep(tokens, token.refreshToken, saved);
      return keep(tokens, token.accessToken, saved);
    },
    getAccessToken: (token) => (tokens.get(token)?.accessToken === token ? tokens.get(token) : undefined),
    getRefreshToken: (token) => (tokens.get(token)?.refreshToken === token ? tokens.get(token) : undefined),
    revokeToken: (token) => tokens.delete(token.refreshToken),
  },
  requireClientAuthentication: chosen.method === "none" ? { authorization_code: false, refresh_token: false } : {},
});

function keep(map, key, value) {
  map.set(key, value);
  return value;
}

const signedIn = (request) => sessions.has(/session=(\w+)/.exec(request.headers.cookie)?.[1]);

// run gives a request to one of the toolkit's handlers and sends what it answers.
async function run(handle, request, response, url, body) {
  const answer = new OAuth2Server.Response();
  const asked = new OAuth2Server.Request({ method: request.method, headers: request.headers, query: Object.fromEntries(url.searchParams), body });
  try {
    const result = await handle(asked, answer);
    answer.body = Object.keys(answer.body ?? {}).length ? answer.body : { sub: result?.user?.email };
  } catch (error) {
    if (error instanceof SignInNeeded) return send(response, signInPage);
    if (answer.status !== 302) {
      Object.assign(answer, { status: error.code ?? 500, body: { error: error.name, error_description: error.message } });
    }
  }
  response.writeHead(answer.status, { ...answer.headers, "content-type": "application/json" }).end(JSON.stringify(answer.body));
}

async function authorize(request, response, url) {
  const body = request.method === "POST" ? await form(request) : {};
  if (body.password === user.password) {
    const session = randomBytes(16).toString("hex");
    sessions.add(session);
    return response.writeHead(302, { location: request.url, "set-cookie": `session=${session}; HttpOnly; SameSite=Lax` }).end();
  }
  if (chosen.signInFirst && !signedIn(request)) return send(response, signInPage);
  const decided = body.decision || url.searchParams.get("allowed");
  if (signedIn(request) && !decided) return send(response, consentPage(`${url.search}&allowed=false`));
  const authenticateHandler = { handle: () => {
    if (!signedIn(request)) throw new SignInNeeded();
    return user;
  } };
  const allowed = decided === "false" ? "false" : "true";
  return run((asked, answer) => oauth.authorize(asked, answer, { authenticateHandler }), request, response, url, { allowed });
}

const { server, origin } = await listen();
server.on("request", async (request, response) => {
  const url = new URL(request.url, origin);
  if (url.pathname === "/authorize") return authorize(request, response, url);
  if (url.pathname === "/token") return run(oauth.token.bind(oauth), request, response, url, await form(request));
  if (url.pathname === "/me") return run(oauth.authenticate.bind(oauth), request, response, url, {});
  response.writeHead(404).end();
});

announce({
  authorization_endpoint: `${origin}/authorize`, token_endpoint: `${origin}/token`, token_endpoint_auth_method: chosen.method, scopes: scopes.join(" "),
  resource_url: `${origin}/me`, client_id: client.id, client_secret: chosen.secret,
  other_client_id: other.id, other_client_secret: other.secret, version: version("@node-oauth/oauth2-server"),
});
