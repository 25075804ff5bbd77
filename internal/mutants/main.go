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
	"strings"
)

func main() {
	log.SetFlags(0)
	oneIn := flag.Uint("one-in", 1, "try one in so many mutants, always the same ones")
	run := flag.String("run", "", "only the tests that match, as for go test")
	flag.Parse()
	var tried, survived int
	for _, m := range choose(flag.Args(), uint32(max(*oneIn, 1))) {
		o, err := try(m, *run)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Printf("%-8s %s\n", o, m)
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

// choose lists the mutants of files and folders, one in so many of them.
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

// outcome is what the tests said to a mutant.
type outcome string

const (
	noticed outcome = "noticed"
	lived   outcome = "SURVIVED"
	none    outcome = "none" // it does not compile
)

// try runs the tests of a mutant's package. One that never ends is noticed after two minutes.
func try(m mutant, run string) (outcome, error) {
	folder, err := os.MkdirTemp("", "mutant")
	if err != nil {
		return none, err
	}
	defer os.RemoveAll(folder)
	original, err := filepath.Abs(m.file)
	if err != nil {
		return none, err
	}
	changed, overlay := filepath.Join(folder, "changed.go"), filepath.Join(folder, "overlay.json")
	document, err := json.Marshal(map[string]map[string]string{"Replace": {original: changed}})
	if err != nil {
		return none, err
	}
	for file, content := range map[string][]byte{changed: m.source, overlay: document} {
		if err := os.WriteFile(file, content, 0o600); err != nil {
			return none, err
		}
	}
	out, err := exec.Command("go", "test", "-overlay", overlay, "-count=1", "-failfast", "-vet=off", "-timeout=2m", "-run", run, "./"+filepath.Dir(m.file)).CombinedOutput()
	switch {
	case err == nil:
		return lived, nil
	case strings.Contains(string(out), "[build failed]"):
		return none, nil
	}
	return noticed, nil
}
