// Runs Better Auth with its OAuth 2.1 provider. It answers a redirect as JSON to every client that accepts JSON, and an
// authorization error at a page of its own.
import { betterAuth } from "better-auth";
import { memoryAdapter } from "better-auth/adapters/memory";
import { toNodeHandler } from "better-auth/node";
import { jwt } from "better-auth/plugins";
import { oauthProvider } from "@better-auth/oauth-provider";
import { announce, choose, consentPage, form, listen, redirectURI, secret, send, signInPage, user, version } from "./serve.mjs";

const chosen = choose({
  "basic": { client: { token_endpoint_auth_method: "client_secret_basic" } },
  "post": { client: { token_endpoint_auth_method: "client_secret_post" } },
  "public": { client: { token_endpoint_auth_method: "none" } },
  "no-code-grant": { client: { grant_types: ["client_credentials"], response_types: [], redirect_uris: [redirectURI] } },
  "hs256": { client: { token_endpoint_auth_method: "client_secret_basic" }, provider: { disableJwtPlugin: true } },
});

const tables = ["user", "session", "account", "verification", "jwks", "oauthClient", "oauthResource", "oauthClientResource",
  "oauthRefreshToken", "oauthAccessToken", "oauthConsent", "oauthClientAssertion"];
const { server, origin } = await listen();
const auth = betterAuth({
  baseURL: origin,
  secret: "a secret of the interoperability tests",
  database: memoryAdapter(Object.fromEntries(tables.map((name) => [name, []]))),
  emailAndPassword: { enabled: true },
  disabledPaths: ["/token"],
  telemetry: { enabled: false },
  logger: { disabled: true },
  plugins: [
    ...(chosen.provider?.disableJwtPlugin ? [] : [jwt()]),
    oauthProvider({ loginPage: "/sign-in", consentPage: "/consent", generateClientSecret: () => secret, ...chosen.provider }),
  ],
});
const signedUp = await auth.api.signUpEmail({ body: user, asResponse: true });
const cookie = signedUp.headers.getSetCookie().map((line) => line.split(";")[0]).join("; ");
const register = () => auth.api.adminCreateOAuthClient({
  body: {
    redirect_uris: [redirectURI], application_type: "native", grant_types: ["authorization_code", "refresh_token"], response_types: ["code"],
    ...chosen.client,
  },
  headers: new Headers({ cookie }),
});
const client = await register();
const other = await register();

const deny = "&deny=1"; // is not among the parameters that Better Auth has signed

// ask sends a form of our pages to Better Auth as its own client in the browser does, and goes where it
// says.
async function ask(request, response, path, body) {
  const answer = await auth.handler(new Request(`${origin}/api/auth${path}`, {
    method: "POST",
    headers: { "content-type": "application/json", accept: "application/json", origin, cookie: request.headers.cookie ?? "" },
    body: JSON.stringify({ ...body, oauth_query: new URL(request.url, origin).search.slice(1).replace(deny, "") }),
  }));
  const next = await answer.json();
  if (!next.url) return response.writeHead(answer.status, { "content-type": "application/json" }).end(JSON.stringify(next));
  response.writeHead(302, { location: next.url, "set-cookie": answer.headers.getSetCookie() }).end();
}

const api = toNodeHandler(auth);
server.on("request", async (request, response) => {
  const url = new URL(request.url, origin);
  if (!["/sign-in", "/consent"].includes(url.pathname)) return api(request, response);
  const given = request.method === "POST" ? await form(request) : undefined;
  if (url.pathname === "/sign-in") {
    return given ? ask(request, response, "/sign-in/email", { email: given.username, password: given.password }) : send(response, signInPage);
  }
  if (given || url.search.endsWith(deny)) return ask(request, response, "/oauth2/consent", { accept: Boolean(given) });
  send(response, consentPage(url.search + deny));
});

announce({
  issuer: `${origin}/api/auth`, client_id: client.client_id, client_secret: client.client_secret ?? "",
  other_client_id: other.client_id, other_client_secret: other.client_secret ?? "", version: version("@better-auth/oauth-provider"),
});
