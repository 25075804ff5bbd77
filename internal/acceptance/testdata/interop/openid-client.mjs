// Drives the demo server with panva's openid-client, a certified OpenID Connect client: discovery,
// registration, code with PKCE, state and nonce, refresh, userinfo, introspection, revocation.
//
//   node openid-client.mjs ISSUER REDIRECT_URI
//
// It plays the browser too: it sends the forms of the sign-in and the consent page. It ends with
// "ok" and exit code 0, or with the first assertion that failed.
import assert from "node:assert/strict";
import * as client from "openid-client";

const [issuer, redirectURI] = process.argv.slice(2);
const insecure = { execute: [client.allowInsecureRequests] }; // loopback has no TLS

const cookies = new Map();
async function visit(url, form) {
  const response = await fetch(url, {
    method: form ? "POST" : "GET",
    body: form && new URLSearchParams(form),
    redirect: "manual",
    headers: { accept: "text/html", cookie: [...cookies].map((pair) => pair.join("=")).join("; ") },
  });
  for (const cookie of response.headers.getSetCookie()) {
    const [name, value] = cookie.split(";")[0].split("=");
    cookies.set(name, value);
  }
  return response;
}

// authorize goes through the pages and returns the address that the browser is sent back to.
async function authorize(url, user, decision) {
  let next = url.href;
  for (let steps = 0; steps < 8; steps++) {
    let response = await visit(next);
    if (response.status === 200) {
      const page = await response.text();
      response = await visit(next, page.includes('name="user"') ? { user } : { decision });
    }
    next = new URL(response.headers.get("location"), next).href;
    if (next.startsWith(redirectURI)) return new URL(next);
  }
  throw new Error("the server never came back");
}

for (const method of ["client_secret_basic", "client_secret_post", "none"]) {
  const authentication = { client_secret_basic: client.ClientSecretBasic, client_secret_post: client.ClientSecretPost, none: client.None }[method];
  const config = await client.dynamicClientRegistration(new URL(issuer), {
    client_name: `openid-client by ${method}`, redirect_uris: [redirectURI], token_endpoint_auth_method: method,
  }, undefined, insecure);
  const { client_id, client_secret } = config.clientMetadata();
  const configured = await client.discovery(new URL(issuer), client_id, { token_endpoint_auth_method: method }, authentication(client_secret), insecure);

  const code_verifier = client.randomPKCECodeVerifier();
  const state = client.randomState(), nonce = client.randomNonce();
  const request = {
    redirect_uri: redirectURI, scope: "openid profile email offline_access", state, nonce,
    code_challenge: await client.calculatePKCECodeChallenge(code_verifier), code_challenge_method: "S256", max_age: "3600",
  };
  const back = await authorize(client.buildAuthorizationUrl(configured, request), "user_carol", "allow");
  const checks = { pkceCodeVerifier: code_verifier, expectedState: state, expectedNonce: nonce, maxAge: 3600, idTokenExpected: true };
  const tokens = await client.authorizationCodeGrant(configured, back, checks);
  const claims = tokens.claims();
  assert.equal(claims.sub, "user_carol");
  assert.equal(claims.email, "carol@example.com");
  assert.equal(tokens.expires_in, 7200);
  assert.equal(tokens.token_type, "bearer");

  const info = await client.fetchUserInfo(configured, tokens.access_token, claims.sub);
  assert.equal(info.name, "Carol Example");
  const api = await client.fetchProtectedResource(configured, tokens.access_token, new URL(`${issuer}/api/me`), "GET");
  assert.equal((await api.json()).sub, "user_carol");

  const refreshed = await client.refreshTokenGrant(configured, tokens.refresh_token);
  assert.notEqual(refreshed.refresh_token, tokens.refresh_token);
  assert.equal(refreshed.claims().sub, claims.sub);

  if (method !== "none") {
    const active = await client.tokenIntrospection(configured, refreshed.access_token);
    assert.equal(active.active, true);
    assert.equal(active.client_id, client_id);
  }
  await client.tokenRevocation(configured, refreshed.access_token);
  await assert.rejects(client.fetchUserInfo(configured, refreshed.access_token, claims.sub));

  await assert.rejects(client.authorizationCodeGrant(configured, back, checks), (error) => error.error === "invalid_grant");
  await assert.rejects(client.refreshTokenGrant(configured, refreshed.refresh_token), (error) => error.error === "invalid_grant");

  const denied = await authorize(client.buildAuthorizationUrl(configured, { ...request, prompt: "consent" }), "user_carol", "deny");
  await assert.rejects(client.authorizationCodeGrant(configured, denied, checks), (error) => error.error === "access_denied");
}
console.log("ok");
