// Does what the Dockerfile says, without a container engine: runs the commands of its build stage in a plain folder,
// twice, compares the two binaries byte for byte, prints their size, and runs one in an empty root as the image would.
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { copy, fail, files, root } from "./tree.mjs";

const goal = 15e6; // bytes
const folder = mkdtempSync(join(tmpdir(), "dockerfile-"));
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));

// instructions are the lines of the Dockerfile, by stage: [instruction, the rest].
const stages = [];
for (const line of readFileSync(join(root, "Dockerfile"), "utf8").split("\n")) {
  if (line === "" || line.startsWith("#")) continue;
  const [, instruction, rest] = line.match(/^([A-Z]+) (.*)$/) ?? fail(`Dockerfile: cannot read ${line}`);
  if (instruction === "FROM") stages.push([]);
  stages.at(-1).push([instruction, rest]);
}
const [build, image] = stages;

// context lists the files that .dockerignore does not exclude: the last pattern that matches decides.
const patterns = readFileSync(join(root, ".dockerignore"), "utf8").split("\n").filter((line) => line !== "" && !line.startsWith("#")).map((line) => {
  const regexp = line.replace(/^!/, "").replaceAll(".", "\\.").replaceAll("**/", "(.+/)?").replaceAll(/(?<![)+.])\*/g, "[^/]*");
  return { ignored: !line.startsWith("!"), regexp: new RegExp(`^${regexp}(/.*)?$`) };
});
const isIgnored = (path) => patterns.findLast(({ regexp }) => regexp.test(path))?.ignored ?? false;
const context = files().filter((path) => !isIgnored(path));
for (const secret of [".env", "other.env", "internal/demo/.env"]) if (!isIgnored(secret)) fail(`.dockerignore lets ${secret} into the image's build`);
if (!context.includes("main.go") || context.some((path) => path.endsWith("_test.go"))) fail("the context is not what the build needs");

// runBuild runs the build stage in a folder, and returns the files of the build.
function runBuild(name, env) {
  let at = join(folder, name);
  mkdirSync(at);
  for (const [instruction, rest] of build) {
    switch (instruction) {
      case "FROM":
        break; // the machine's own Go
      case "WORKDIR":
        at = join(at, rest);
        mkdirSync(at, { recursive: true });
        break;
      case "COPY":
        copy(rest === ". ." ? context : rest.split(" ").slice(0, -1), at);
        break;
      case "RUN":
        execFileSync("sh", ["-ec", rest], { cwd: at, stdio: "inherit", env: { ...process.env, GOTOOLCHAIN: "local", ...env } });
        break;
      default:
        fail(`Dockerfile: ${instruction} is not played here`);
    }
  }
  return join(folder, name);
}
const first = runBuild("one", {});
const second = runBuild("another-folder", { GOCACHE: join(folder, "cache") }); // and nothing of the first build

// assemble makes the image's root, and returns its user, its entry point and its arguments.
const assembled = join(folder, "image");
const settings = {};
let binary;
for (const [instruction, rest] of image) {
  const from = rest.match(/^--from=build (\S+) (\S+)$/);
  if (instruction !== "COPY") {
    settings[instruction] = rest;
    continue;
  }
  if (!from) fail(`Dockerfile: COPY ${rest} is not played here`);
  const [, source, target] = from;
  const built = existsSync(join(first, source));
  mkdirSync(join(assembled, target), { recursive: true });
  cpSync(built ? join(first, source) : source, join(assembled, target, basename(source))); // the certificates are the machine's
  if (built) binary = source;
}
const [a, b] = [first, second].map((at) => readFileSync(join(at, binary)));
if (!a.equals(b)) fail("two builds of the same files differ");
const { size } = statSync(join(first, binary));
const made = execFileSync("go", ["version"], { encoding: "utf8" }).trim();
console.log(`Dockerfile: ${(size / 1e6).toFixed(1)} MB (goal ${goal / 1e6} MB), two builds are equal (${made}; the image: ${build[0][1]})`);
if (size > goal) fail("the binary is larger than the goal");
if (spawnSync("ldd", [join(first, binary)]).status === 0) fail("the binary is not static");
if (!/^[1-9]/.test(settings.USER)) fail("the image runs as root");

// Runs the demo in an empty root, as the image's user: checked and served.
if (process.getuid() !== 0) {
  console.log("Dockerfile: not run in an empty root, for which chroot needs root");
  process.exit();
}
for (const path of [folder, assembled]) chmodSync(path, 0o755);
const entry = JSON.parse(settings.ENTRYPOINT);
const inside = (...args) => ["chroot", [`--userspec=${settings.USER}`, assembled, ...entry, ...args], { env: { PATH: process.env.PATH }, encoding: "utf8" }];
const checked = spawnSync(...inside("check"));
if (checked.status !== 0) fail(`check in the image's root ended with ${checked.status}:\n${checked.stdout}${checked.stderr}`);
const port = await new Promise((resolve) => {
  const server = createServer().listen(0, "127.0.0.1", () => {
    const { port } = server.address();
    server.close(() => resolve(port));
  });
});
const served = spawn(...inside(...JSON.parse(settings.CMD).map((arg) => arg.replace(settings.EXPOSE, port))));
let said = "";
for (const stream of [served.stdout, served.stderr]) stream.on("data", (data) => (said += data));
const ended = new Promise((resolve) => served.on("exit", (code, signal) => resolve(code ?? signal)));
let answer;
for (let attempt = 0; attempt < 100 && !answer; attempt++) {
  answer = await fetch(`http://localhost:${port}/`).catch(() => new Promise((resolve) => setTimeout(resolve, 100)));
}
served.kill("SIGTERM"); // as an engine stops a container
const code = await ended;
if (answer?.status !== 200 || code !== 0) fail(`the image's command answered ${answer?.status} and ended with ${code}:\n${said}`);
console.log(`Dockerfile: runs in an empty root as ${settings.USER}, answers, and stops`);
