package acceptance

import (
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"oauth-test-client/internal/testserver"
)

// The folders that a command of the README runs in.
const (
	inDemo  = "demo"  // without settings
	inClerk = "clerk" // the clone, its .env made as "Your own application" says, at a server that plays Clerk
	inClone = "clone" // the clone, before there is a .env
)

// readmeCommands are all commands of the README, in an order in which they work: where each runs, what it prints, and
// its exit code. A command that serves is running when it has printed that, and runs until the end of the test.
//
// Substitutions: the clone address is that of this working copy; `go run .` is the built program; a flag alone stands behind
// `go run . check`; 3000 is the port of the running demo, 3001 a free port, and PORT is set to a free port for what serves; the values of
// the blocks are those of filledIn.
var readmeCommands = []struct {
	line, in, prints string
	serves           bool
	code             int
}{
	{"git clone https://github.com/<owner>/oauth-test-client && cd oauth-test-client", inClone, "", false, 0},
	{"cp .env.sample .env", inClone, "", false, 0},
	{"go run .", inDemo, "demo mode", true, 0},
	{"PORT=3001 RESOURCE_URL=http://localhost:3000/demo/api/me go run .", inDemo, "nothing is wrong so far; the first sign-in registers a client", true, 0},
	{"go run .", inClerk, "https://clerk.example.com", true, 0},
	{"go run . check", inClerk, "Clerk · https://clerk.example.com · client ID " + providedClientID, false, 0},
	{"go run . check -v", inClerk, "configuration", false, 0},
	{"go run . check -md", inClerk, "<details>", false, 0},
	{"-json", inClerk, `"result": "ok"`, false, 0},
	{"-env other.env", inClerk, "https://clerk.example.com", false, 0},
	{"go run . login", inClerk, "Sign in there. Waiting for", true, 0},
	{"go run . -h", inDemo, "sign in with the settings in .env", false, 0},
}

var (
	codeBlock = regexp.MustCompile("(?s)\n```(sh)?\n(.*?)```\n")
	codeSpan  = regexp.MustCompile("`([^`\n]+)`")
	typedLine = regexp.MustCompile(`(?m)^\$ (.*)$`)
	printed   = regexp.MustCompile(`go run \.(?: \S+)*`)
	assigned  = regexp.MustCompile(`^(?:[A-Z_]+=(?:'[^']*'|\S*) ?)+$`)
)

// commandsOf are the commands of a document: each line of its shell blocks that is no setting, each line that is typed or
// recommended in its other blocks, each flag, and each code span of several words that is neither a setting nor a value of
// SCOPES.
func commandsOf(document string) []string {
	var found []string
	for _, m := range codeBlock.FindAllStringSubmatch(document, -1) {
		if m[1] != "sh" {
			for _, typed := range typedLine.FindAllStringSubmatch(m[2], -1) {
				found = append(found, typed[1])
			}
			found = append(found, printed.FindAllString(m[2], -1)...)
			continue
		}
		for line := range strings.Lines(m[2]) {
			if line = strings.TrimSpace(line); line != "" && !assigned.MatchString(line) {
				found = append(found, line)
			}
		}
	}
	for _, m := range codeSpan.FindAllStringSubmatch(codeBlock.ReplaceAllString(document, "\n"), -1) {
		span := m[1]
		isWords := strings.Contains(span, " ") && !assigned.MatchString(span) && !strings.HasPrefix(span, "openid ")
		if isWords || strings.HasPrefix(span, "-") {
			found = append(found, span)
		}
	}
	slices.Sort(found)
	return slices.Compact(found)
}

func TestCommandsOf_BlocksAndSpans(t *testing.T) {
	t.Parallel()
	const document = "Run `go run . check`, or `make it so`, with `-json`, `CLIENT_ID=… CLIENT_SECRET='a b'` and `openid email`.\n" +
		"\n```sh\nISSUER=https://auth.example.com\nSCOPES='a b'\n\nPORT=1 ./program\n```\n" +
		"\n```\n$ typed check\n  ok    connection\nAgain: go run . one        All: go run . two -v\n```\n"
	want := []string{"-json", "PORT=1 ./program", "go run . check", "go run . one", "go run . two -v", "make it so", "typed check"}
	if got := commandsOf(document); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// Every command of the README does what the README says, and the README has no other.
func TestReadme_CommandsWork(t *testing.T) {
	t.Parallel()
	readme, err := os.ReadFile(root + "/README.md")
	if err != nil {
		t.Fatal(err)
	}
	var known []string
	for _, command := range readmeCommands {
		known = append(known, command.line)
	}
	slices.Sort(known)
	known = slices.Compact(known)
	if found := commandsOf(string(readme)); !slices.Equal(found, known) {
		t.Fatalf("README.md has the commands\n%q\nwhere this test runs\n%q", found, known)
	}
	_, err = exec.LookPath("git")
	testserver.Needs(t, os.Getenv, "git", err)
	_, err = os.Stat(root + "/.git")
	testserver.Needs(t, os.Getenv, "the repository's history", err)

	clone := filepath.Join(t.TempDir(), "oauth-test-client")
	atClerk := providers["Clerk"].provider.start(t)
	demoPort := testserver.FreePort(t)
	for _, command := range readmeCommands {
		t.Logf("in %s: %s", command.in, command.line)
		if command.in == inClone {
			inTheClone(t, command.line, clone)
			continue
		}
		folder, env := t.TempDir(), map[string]string{}
		if command.serves {
			env["PORT"] = testserver.FreePort(t)
		}
		if command.in == inClerk {
			maps.Copy(env, atClerk)
			folder = clone
			fillIn(t, clone, blocks(string(readme))[0])
		}
		line := command.line
		if line == "go run ." && command.in == inDemo {
			env["PORT"] = demoPort
		}
		if strings.HasPrefix(line, "-") {
			line = "go run . check " + line
		}
		assignments, args, isRun := strings.Cut(line, "go run .")
		if !isRun {
			t.Fatalf("this test does not know how to run %s", line)
		}
		for _, assignment := range strings.Fields(assignments) {
			name, value, _ := strings.Cut(assignment, "=")
			env[name] = strings.NewReplacer("3000", demoPort, "3001", env["PORT"]).Replace(value)
		}
		p := startIn(t, folder, new(testserver.Logbook), env, strings.Fields(args)...)
		if command.serves {
			p.WaitFor(t, command.prints)
			continue
		}
		if code := p.Wait(t); code != command.code || !strings.Contains(p.Out.String(), command.prints) {
			t.Errorf("%s ends with %d and prints\n%s%s\nwant %d and %q", command.line, code, p.Out, p.Err, command.code, command.prints)
		}
	}
}

// inTheClone runs the commands that are not the program's.
func inTheClone(t *testing.T, line, clone string) {
	t.Helper()
	where := filepath.Dir(clone)
	if _, err := os.Stat(clone); err == nil {
		where = clone
	}
	address, err := filepath.Abs(root)
	if err != nil {
		t.Fatal(err)
	}
	for command := range strings.SplitSeq(line, " && ") {
		words := strings.Fields(command)
		if words[0] == "cd" {
			where = filepath.Join(where, words[1])
			if _, err := os.Stat(filepath.Join(where, "go.mod")); err != nil {
				t.Fatal(err)
			}
			continue
		}
		if i := slices.IndexFunc(words, func(w string) bool { return strings.HasPrefix(w, "https://github.com/") }); i >= 0 {
			words = slices.Replace(words, i, i+1, address, "oauth-test-client")
		}
		if words[0] == "cp" { // not every machine has it
			copied, err := os.ReadFile(filepath.Join(where, words[1]))
			if err == nil {
				err = os.WriteFile(filepath.Join(where, words[2]), copied, 0o600)
			}
			if err != nil {
				t.Fatal(err)
			}
			continue
		}
		run := exec.Command(words[0], words[1:]...)
		run.Dir = where
		if out, err := run.CombinedOutput(); err != nil {
			t.Fatalf("%s: %v\n%s", command, err, out)
		}
	}
}

// fillIn replaces the three uncommented lines of the clone's .env by a block, and copies it to other.env.
func fillIn(t *testing.T, clone, block string) {
	t.Helper()
	file := filepath.Join(clone, ".env")
	sample, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	isLine := regexp.MustCompile(`(?m)^[A-Z_]+=.*\n`)
	if n := len(isLine.FindAll(sample, -1)); n != 3 {
		t.Fatalf(".env.sample has %d uncommented lines; the README says three", n)
	}
	filled := isLine.ReplaceAllString(string(sample), "") + block
	for _, name := range []string{".env", "other.env"} {
		if err := os.WriteFile(filepath.Join(clone, name), []byte(filled), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}
