// The repository's files as in a clone, including uncommitted changes.
import { execFileSync } from "node:child_process";
import { cpSync } from "node:fs";
import { join } from "node:path";

export const root = join(import.meta.dirname, "..");

// files are the paths of all files that git does not ignore.
export function files() {
  const listed = execFileSync("git", ["ls-files", "-z", "--cached", "--others", "--exclude-standard", "--deduplicate"], { cwd: root, encoding: "utf8" });
  return listed.split("\0").filter((path) => path !== "");
}

// copy copies the files into a folder.
export function copy(paths, folder) {
  for (const path of paths) cpSync(join(root, path), join(folder, path), { verbatimSymlinks: true });
}

// fail ends the program with a reason.
export function fail(reason) {
  console.error(reason);
  process.exit(1);
}
