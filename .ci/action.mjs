// Runs the steps of action.yml with the variables of GitHub's runner: with the demo, with a server that does not answer,
// and with a setting that cannot be read. The action must end as check does, and write its summary.
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { copy, fail, files, root } from "./tree.mjs";

const folder = mkdtempSync(join(tmpdir(), "action-"));
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
const action = join(folder, "action");
copy(files(), action);

// steps reads the steps of action.yml: the few forms of YAML that it has.
function steps() {
  const found = [];
  let block;
  for (const line of readFileSync(join(action, "action.yml"), "utf8").split(/^ {2}steps:\n/m)[1].trimEnd().split("\n")) {
    if (block !== undefined && line.startsWith("        ")) {
      found.at(-1)[block] += line.slice(8) + "\n";
      continue;
    }
    const [, start, key, value] = line.match(/^ {4}(-| ) ([a-z-]+): (.*)$/) ?? fail(`action.yml: cannot read ${line}`);
    if (start === "-") found.push({});
    block = value === "|" ? key : undefined;
    found.at(-1)[key] = block ? "" : value;
  }
  return found;
}

// expand replaces the expressions by the runner's values.
const expand = (text) => text.replaceAll("${{ github.action_path }}", action).replaceAll(/\$\{\{.*?\}\}/g, (expression) => fail(`action.yml: what is ${expression}?`));

// run runs the steps as the runner does, until one fails.
function run(name, env) {
  const temp = join(folder, name);
  mkdirSync(temp);
  const summary = join(temp, "summary.md");
  writeFileSync(summary, "");
  const { PATH, HOME } = process.env;
  const runner = { PATH, HOME, CI: "true", GITHUB_ACTIONS: "true", GITHUB_STEP_SUMMARY: summary, GITHUB_ACTION_PATH: action, GITHUB_WORKSPACE: temp,
    RUNNER_OS: "Linux", RUNNER_TEMP: temp };
  let code = 0, log = "";
  for (const step of steps()) {
    if (step.uses) {
      if (!step.uses.startsWith("actions/setup-go@")) fail(`action.yml: ${step.uses} is not played here`);
      continue; // the machine's own Go
    }
    if (step.shell !== "bash") fail(`action.yml: the shell of ${step.name}`);
    const unplayed = Object.keys(step).filter((key) => !["name", "shell", "working-directory", "run"].includes(key));
    if (unplayed.length > 0) fail(`action.yml: ${unplayed} of ${step.name} is not played here`);
    const script = join(temp, "step.sh");
    writeFileSync(script, expand(step.run));
    const ended = spawnSync("bash", ["--noprofile", "--norc", "-eo", "pipefail", script],
      { cwd: expand(step["working-directory"]), env: { ...runner, ...env }, encoding: "utf8" });
    log += ended.stdout + ended.stderr;
    code = ended.status;
    if (code !== 0) break;
  }
  return { code, log, summary: readFileSync(summary, "utf8") };
}

const closed = await new Promise((resolve) => {
  const server = createServer().listen(0, "127.0.0.1", () => {
    const { port } = server.address();
    server.close(() => resolve(port));
  });
});
for (const [name, env, code, annotation] of [
  ["demo", {}, 0, undefined],
  ["no-server", { ISSUER: `http://127.0.0.1:${closed}`, CLIENT_ID: "a-client" }, 1, "::error title=server-unreachable::"],
  ["no-client-id", { ISSUER: "https://auth.example.com" }, 2, "::error title="],
]) {
  const got = run(name, env);
  const annotated = got.log.includes("::error");
  const right = got.code === code && annotated === (annotation !== undefined) && got.log.includes(annotation ?? "") &&
    got.summary.startsWith("**") && got.summary.includes("FAIL") === (code !== 0) && got.log.includes(got.summary);
  if (!right) fail(`action.yml, ${name}: ended with ${got.code}; want ${code}\nsummary:\n${got.summary}\nlog:\n${got.log}`);
}
console.log("action.yml: ends with 0, 1 and 2 as check does, with its summary and its annotations");
