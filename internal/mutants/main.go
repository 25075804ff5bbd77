// Command mutants breaks the program on purpose, one small change at a time, and lists the changes that the
// tests of the changed package do not notice. See docs/testing.md.
//
//	go run ./internal/mutants -one-in 5 internal/oauth internal/wire/wire.go
//
// No file is changed: each mutant is an overlay for go test. A mutant that does not compile is none.
package main

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"hash/fnv"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

func main() {
	log.SetFlags(0)
	oneIn := flag.Uint("one-in", 1, "try one in so many mutants, always the same ones")
	workers := flag.Int("p", 1, "try so many at once")
	run := flag.String("run", "", "only the tests that match, as for go test")
	list := flag.Bool("list", false, "list the mutants, and try none")
	flag.Parse()
	chosen := choose(flag.Args(), uint32(max(*oneIn, 1)))
	if *list {
		for _, m := range chosen {
			fmt.Println(m)
		}
		return
	}
	if len(chosen) == 0 {
		log.Fatal("no mutants; name files or folders of the program")
	}
	report(tryAll(chosen, *workers, *run))
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
type outcome int

const (
	noticed outcome = iota
	survived
	none // it does not compile
)

// tryAll tries each mutant and says what became of it while it goes on.
func tryAll(chosen []mutant, workers int, run string) map[outcome][]mutant {
	var mu sync.Mutex // guards results
	results := map[outcome][]mutant{}
	work := make(chan mutant)
	var busy sync.WaitGroup
	for range workers {
		busy.Go(func() {
			for m := range work {
				o, err := try(m, run)
				if err != nil {
					log.Fatal(err)
				}
				mu.Lock()
				results[o] = append(results[o], m)
				fmt.Println([]string{"noticed ", "SURVIVED", "none    "}[o], m)
				mu.Unlock()
			}
		})
	}
	for _, m := range chosen {
		work <- m
	}
	close(work)
	busy.Wait()
	return results
}

// try runs the tests of a mutant's package.
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
	if err := os.WriteFile(changed, m.source, 0o600); err != nil {
		return none, err
	}
	if err := os.WriteFile(overlay, document, 0o600); err != nil {
		return none, err
	}
	pkg := "./" + filepath.Dir(m.file)
	const patience = 2 * time.Minute // a mutant that never ends is noticed
	test := exec.Command("go", "test", "-overlay", overlay, "-count=1", "-failfast", "-vet=off", "-timeout", patience.String(), "-run", run, pkg)
	var out bytes.Buffer
	test.Stdout, test.Stderr = &out, &out
	switch err := test.Run(); {
	case err == nil:
		return survived, nil
	case bytes.Contains(out.Bytes(), []byte("[build failed]")):
		return none, nil
	}
	return noticed, nil
}

// report sums up.
func report(results map[outcome][]mutant) {
	tried := len(results[noticed]) + len(results[survived])
	fmt.Printf("\n%d mutants, %d noticed, %d survived (%.1f %%); %d more did not compile\n", tried, len(results[noticed]), len(results[survived]),
		100*float64(len(results[survived]))/float64(max(tried, 1)), len(results[none]))
	for _, m := range results[survived] {
		fmt.Println("SURVIVED", m)
	}
}
