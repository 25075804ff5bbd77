// Reads the output of `go test -json`, prints what `go test` would and, at its end, what was skipped and why. Where
// everything is installed, no test may be skipped: it fails if one was skipped, or if one failed.
import { createInterface } from "node:readline";

const said = new Map(); // by test: its output so far, until it has ended
const skipped = [];
let failed = false;
for await (const line of createInterface({ input: process.stdin })) {
  let event;
  try {
    event = JSON.parse(line);
  } catch {
    console.log(line); // what the go command itself prints
    continue;
  }
  const test = event.Test && `${event.Package} ${event.Test}`;
  switch (event.Action) {
    case "output":
      if (test) said.set(test, (said.get(test) ?? "") + event.Output);
      else process.stdout.write(event.Output);
      break;
    case "build-output":
      process.stdout.write(event.Output);
      break;
    case "build-fail":
      failed = true;
      break;
    case "fail":
      failed = true;
      for (const [other, output] of said) {
        if (other !== test && (event.Test || !other.startsWith(`${event.Package} `))) continue;
        process.stdout.write(output); // of the test, or of those that were running when their process ended
        said.delete(other);
      }
      break;
    case "skip":
      if (test) skipped.push(`${test}: ${reason(said.get(test) ?? "")}`);
      said.delete(test);
      break;
    case "pass":
      said.delete(test);
  }
}
console.log(skipped.length === 0 ? "nothing was skipped" : `${skipped.length} skipped:\n  ${skipped.join("\n  ")}`);
process.exit(failed || skipped.length > 0 ? 1 : 0);

// reason returns what a test printed when it was skipped.
function reason(output) {
  const lines = output.split("\n").filter((l) => l.trim() !== "" && !/^\s*(=== |--- )/.test(l));
  return lines.map((l) => l.trim()).join(" ") || "no reason given";
}
