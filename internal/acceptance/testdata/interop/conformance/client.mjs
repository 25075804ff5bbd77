// The client that the suite tests is the program; this starts it and plays the browser, and does what its pages
// offer: it finds no server, registers no client and chooses no scope.
//
//	node client.mjs PROGRAM API_URL
import { spawn } from "node:child_process";
import { createSocket } from "node:dgram";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

const [program, api] = process.argv.slice(2);
const context = JSON.parse(process.env.MCP_CONFORMANCE_CONTEXT ?? "{}");
if (process.env.MCP_CONFORMANCE_SCENARIO === "auth/basic-cimd") context.client_id = "https://conformance-test.local/client-metadata.json";

// listens tries an address, and frees it again.
async function listens(host, port) {
  const probe = createServer();
  const free = await new Promise((resolve) => probe.once("error", () => resolve(false)).listen(port, host, () => resolve(true)));
  if (free) await new Promise((resolve) => probe.close(resolve));
  return free;
}

// The port is below those that the system gives to sockets by itself, and its UDP port is held, so that no test takes it.
let port;
for (;;) {
  port = 10_000 + Math.floor(Math.random() * 20_000);
  const held = createSocket("udp4").unref();
  const mine = await new Promise((resolve) => held.once("error", () => resolve(false)).bind(port, "127.0.0.1", () => resolve(true)));
  if (mine && (await listens("127.0.0.1", port)) && ((await listens("::1", port)) || !(await listens("::1", 0)))) break;
  if (mine) held.close();
}

const folder = mkdtempSync(join(tmpdir(), "conformance-"));
const app = spawn(program, ["-open=false"], { cwd: folder, stdio: ["ignore", "pipe", "inherit"], env: { PORT: String(port), RESOURCE_URL: api,
  CLIENT_ID: context.client_id ?? "", CLIENT_SECRET: context.client_secret ?? "" } });
function end(code, words) {
  console.error(words);
  app.kill();
  rmSync(folder, { recursive: true, force: true });
  process.exit(code);
}
let said = "";
for await (const data of app.stdout) if ((said += data).includes("checked")) break;
console.error(said);

const base = `http://localhost:${port}`, cookies = new Map();
async function open(address, form) {
  const headers = { accept: "application/json", cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join("; ") };
  const answer = await fetch(address, { redirect: "manual", headers, method: form ? "POST" : "GET", body: form && new URLSearchParams(form) });
  for (const line of answer.headers.getSetCookie()) {
    const [, name, value] = /^([^=]+)=([^;]*)/.exec(line);
    cookies.set(name, value);
  }
  return answer;
}

// logIn follows the redirects of a login to its end: the suite's server asks no user.
let logins = 0;
async function logIn(path) {
  logins++;
  let answer = await open(base + path), at = base + path;
  while (answer.status >= 300 && answer.status < 400) {
    at = new URL(answer.headers.get("location"), at).href;
    answer = at.startsWith(base) ? await open(at) : await fetch(at, { redirect: "manual" });
  }
  if (answer.status !== 200) end(1, `the login ended with ${answer.status}: ${await answer.text()}`);
}

// call calls the API once, and takes the login that the page offers if the API refuses.
async function call(form) {
  for (;;) {
    const answer = await (await open(`${base}/api`, form)).json();
    console.error("API", answer.status, form ?? "", answer.next ?? "", answer.tools ?? "");
    if (!answer.next || logins >= 10) return answer;
    await logIn(answer.next.path);
  }
}

await logIn("/login");
let answer = await call();
for (const tool of answer.tools ?? []) answer = await call({ tool });
if (answer.status === 200) answer = await call();
end(answer.status === 200 ? 0 : 1, `ended with ${answer.status} after ${logins} logins`);
