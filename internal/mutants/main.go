// Command mutants breaks the program on purpose, one small change at a time, and lists the changes that the
// tests of the changed package do not notice. See docs/testing.md.
//
//	go run ./internal/mutants -one-in 5 internal/oauth internal/wire/wire.go
//
// No file is changed: each mutant is an overlay for go test. A mutant that does not compile is none.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"hash/fnv"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
)

func main() {
	log.SetFlags(0)
	oneIn := flag.Uint("one-in", 1, "try one in so many mutants, always the same ones")
	run := flag.String("run", "", "only the tests that match, as for go test")
	also := flag.String("also", "", "a package whose tests are asked too, about what those of the changed one do not notice")
	flag.Parse()
	var tried, survived int
	for _, m := range choose(flag.Args(), uint32(max(*oneIn, 1))) {
		o, by, err := try(m, *run, filepath.Dir(m.file), *also)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Printf("%-8s %s%s\n", o, m, by)
		switch o {
		case lived:
			survived++
			tried++
		case noticed:
			tried++
		}
	}
	fmt.Printf("%d of %d mutants survived (%.1f %%)\n", survived, tried, 100*float64(survived)/float64(max(tried, 1)))
}

// choose lists one in oneIn of the mutants of files and folders.
func choose(names []string, oneIn uint32) []mutant {
	var chosen []mutant
	for _, name := range names {
		files := []string{name}
		if !strings.HasSuffix(name, ".go") {
			files, _ = filepath.Glob(filepath.Join(name, "*.go")) // the pattern is well formed
		}
		for _, file := range files {
			if strings.HasSuffix(file, "_test.go") {
				continue
			}
			all, err := mutantsOf(file)
			if err != nil {
				log.Fatal(err)
			}
			for _, m := range all {
				h := fnv.New32a()
				fmt.Fprintf(h, "%s %s %s %d", m.file, m.old, m.new, m.nth)
				if h.Sum32()%oneIn == 0 {
					chosen = append(chosen, m)
				}
			}
		}
	}
	return chosen
}

// outcome is the result of the tests for a mutant.
type outcome string

const (
	noticed outcome = "noticed"
	lived   outcome = "SURVIVED"
	none    outcome = "none" // it does not compile
)

// try runs the tests of packages, one after the other, until one fails, and returns the name of the test that noticed the
// mutant.
func try(m mutant, run string, packages ...string) (o outcome, by string, err error) {
	folder, err := os.MkdirTemp("", "mutant")
	if err != nil {
		return none, "", err
	}
	defer os.RemoveAll(folder)
	overlay, err := m.overlay(folder)
	if err != nil {
		return none, "", err
	}
	o = lived
	for _, name := range packages {
		if name != "" && o == lived {
			o, by = ask(overlay, run, name)
		}
	}
	return o, by, nil
}

// overlay writes a mutant into a folder, and returns the file that makes the go command use it.
func (m mutant) overlay(folder string) (string, error) {
	original, err := filepath.Abs(m.file)
	if err != nil {
		return "", err
	}
	changed, overlay := filepath.Join(folder, "changed.go"), filepath.Join(folder, "overlay.json")
	document, err := json.Marshal(map[string]map[string]string{"Replace": {original: changed}})
	if err != nil {
		return "", err
	}
	for file, content := range map[string][]byte{changed: m.source, overlay: document} {
		if err := os.WriteFile(file, content, 0o600); err != nil {
			return "", err
		}
	}
	return overlay, nil
}

// failed matches the start of the go command's line for a failed test.
var failed = regexp.MustCompile(`(?m)^--- FAIL: (\w+)`)

// ask runs the tests of a package, and stops them after five minutes. The overlay is in the environment, so that a program
// that the tests build is also the mutant.
func ask(overlay, run, name string) (o outcome, by string) {
	test := exec.Command("go", "test", "-count=1", "-failfast", "-vet=off", "-timeout=5m", "-run", run, "./"+name)
	test.Env = append(test.Environ(), "GOFLAGS=-overlay="+overlay)
	out, err := test.CombinedOutput()
	switch found := failed.FindSubmatch(out); {
	case err == nil:
		return lived, ""
	case strings.Contains(string(out), "[build failed]"):
		return none, ""
	case found != nil:
		return noticed, " (" + string(found[1]) + ")"
	}
	return noticed, " (it never ended, or ended the tests)"
}
