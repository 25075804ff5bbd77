// What the servers of this folder that run in Node have in common:
//
//   node SERVER.mjs CONFIGURATION REDIRECT_URI
//
// Each listens on a free port of 127.0.0.1, prints its settings as one line of JSON, and ends when its
// standard input does.
import { readFileSync } from "node:fs";
import http from "node:http";

export const [configuration, redirectURI] = process.argv.slice(2);
export const secret = "s3cr3t/with+special:characters %&=";
export const user = { email: "user@example.com", password: "interop-password", name: "Interop User" };

// choose returns the configuration that was asked for.
export function choose(configurations) {
  const chosen = configurations[configuration];
  if (!chosen) throw new Error(`no configuration named ${configuration}; there are: ${Object.keys(configurations).join(" ")}`);
  return chosen;
}

// listen starts an HTTP server, whose handler comes later as it needs to know the origin.
export async function listen() {
  const server = http.createServer();
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  return { server, origin: `http://localhost:${server.address().port}` };
}

// announce tells the test how to reach the server and as whom to sign in.
export function announce(settings) {
  console.log(JSON.stringify({ client_secret: "", user: user.email, password: user.password, ...settings }));
  process.stdin.resume();
  process.stdin.on("end", () => process.exit(0));
}

// version reads the version of an installed package.
export function version(name) {
  return JSON.parse(readFileSync(new URL(`node_modules/${name}/package.json`, import.meta.url))).version;
}

// form reads the fields of a submitted form.
export async function form(request) {
  let body = "";
  for await (const chunk of request) body += chunk;
  return Object.fromEntries(new URLSearchParams(body));
}

// send answers with an HTML page.
export function send(response, page) {
  response.writeHead(200, { "content-type": "text/html; charset=utf-8" }).end(`<!doctype html><title>Interop</title>${page}`);
}

export const signInPage = `<form method="post"><input name="username"><input name="password" type="password"><button>Sign in</button></form>`;

// consentPage asks for consent; denyURL is the link that denies.
export function consentPage(denyURL) {
  const href = denyURL.replaceAll("&", "&amp;").replaceAll('"', "&quot;");
  return `<form method="post"><button name="decision" value="allow">Allow</button></form><a href="${href}">Deny</a>`;
}
