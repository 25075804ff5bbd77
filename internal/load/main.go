// Command load drives whole logins through the real binary and prints what they cost, beside a floor:
// a bare net/http handler that does only what the protocol forces. From the project's root:
//
//	go run ./internal/load [-n 3000] [-c 16,64] [-rounds 3] [-token 1024]
//
// Everything runs on 127.0.0.1, each part in a process of its own: a stub authorization server, the
// floor, the client. A flow is GET /login, then GET /oauth_callback with the token exchange and the
// verification of an RS256 ID token, with a cookie jar of its own. The figures are of the client's
// process alone, on Linux.
package main

import (
	"bufio"
	"flag"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"oauth-test-client/internal/load/servers"
)

func main() {
	log.SetFlags(0)
	if len(os.Args) > 2 && os.Args[1] == "stub" {
		tokenSize, _ := strconv.Atoi(os.Args[2]) // written by ourselves
		serve(func(base string) (http.Handler, error) { return servers.Stub(base, tokenSize) })
	}
	if len(os.Args) > 2 && os.Args[1] == "floor" {
		serve(func(base string) (http.Handler, error) { return servers.Floor(os.Args[2], base) })
	}
	n := flag.Int("n", 3000, "flows in a round")
	concurrency := flag.String("c", "16,64", "how many at once, separated by commas")
	rounds := flag.Int("rounds", 3, "rounds, of which the median is printed")
	token := flag.Int("token", 1024, "characters of an access token")
	flag.Parse()
	if err := measure(*n, *concurrency, *rounds, *token); err != nil {
		log.Fatal(err)
	}
}

// serve serves a handler on a free port, prints the address as the first line, and ends with the
// standard input.
func serve(handler func(base string) (http.Handler, error)) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	base := "http://" + l.Addr().String()
	h, err := handler(base)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(base)
	go func() {
		io.Copy(io.Discard, os.Stdin)
		os.Exit(0)
	}()
	log.Fatal(http.Serve(l, h))
}

// child is a process that ends with its standard input.
type child struct {
	command *exec.Cmd
	stdin   io.Closer
	address string // what it printed first, or where it listens
}

func start(path string, env []string, args ...string) (*child, *bufio.Scanner, error) {
	command := exec.Command(path, args...)
	command.Env = append(os.Environ(), env...)
	stdin, err := command.StdinPipe()
	if err != nil {
		return nil, nil, err
	}
	stdout, err := command.StdoutPipe()
	if err != nil {
		return nil, nil, err
	}
	if err := command.Start(); err != nil {
		return nil, nil, err
	}
	return &child{command: command, stdin: stdin}, bufio.NewScanner(stdout), nil
}

func (c *child) stop() {
	c.stdin.Close()
	c.command.Process.Kill()
	c.command.Wait()
}

// measure builds the client and runs it and the floor in turn, round by round.
func measure(n int, concurrency string, rounds, token int) error {
	folder, err := os.MkdirTemp("", "load")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	binary := filepath.Join(folder, "oauth-test-client")
	if out, err := exec.Command("go", "build", "-o", binary, ".").CombinedOutput(); err != nil {
		return fmt.Errorf("go build: %w\n%s", err, out)
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	authorizationServer, lines, err := start(self, nil, "stub", strconv.Itoa(token))
	if err != nil {
		return err
	}
	defer authorizationServer.stop()
	lines.Scan()
	issuer := lines.Text()

	fmt.Printf("%-8s %4s %10s %9s %9s %9s %12s %22s\n", "client", "at", "flows/s", "p50", "p90", "p99", "CPU µs/flow", "memory before → after")
	for _, c := range strings.Split(concurrency, ",") {
		at, err := strconv.Atoi(c)
		if err != nil {
			return err
		}
		results := map[string][]result{}
		for range rounds {
			for _, name := range []string{"floor", "ours"} {
				r, err := round(name, self, binary, issuer, n, at)
				if err != nil {
					return fmt.Errorf("%s: %w", name, err)
				}
				results[name] = append(results[name], r)
			}
		}
		ratio := medianRatio(results) // before median sorts them
		floor, ours := median(results["floor"]), median(results["ours"])
		floor.print("floor", at)
		ours.print("ours", at)
		fmt.Printf("%-8s %4d %10.2f %9s %9s %9.2f %12.2f\n", "ratio", at, ours.rate/floor.rate, "", "", float64(ours.p99)/float64(floor.p99), ratio)
	}
	return nil
}

// round starts one client, drives the flows, and stops it.
func round(name, self, binary, issuer string, n, at int) (result, error) {
	var process *child
	var err error
	if name == "floor" {
		var lines *bufio.Scanner
		if process, lines, err = start(self, nil, "floor", issuer); err == nil {
			lines.Scan()
			process.address = lines.Text()
		}
	} else {
		process, err = startClient(binary, issuer)
	}
	if err != nil {
		return result{}, err
	}
	defer process.stop()
	return drive(process, issuer, n, at)
}

func startClient(binary, issuer string) (*child, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	_, port, _ := net.SplitHostPort(l.Addr().String())
	l.Close()
	base := "http://127.0.0.1:" + port
	process, lines, err := start(binary, []string{"PORT=" + port, "BASE_URL=" + base, "ISSUER=" + issuer, "CLIENT_ID=load", "CLIENT_SECRET=load-secret", "CI=true"}, "-open=false")
	if err != nil {
		return nil, err
	}
	process.address = base
	for lines.Scan() {
		if strings.Contains(lines.Text(), "(found)") {
			return process, nil
		}
	}
	return nil, fmt.Errorf("the client did not start")
}

// result is what a round cost.
type result struct {
	rate          float64 // flows per second
	p50, p90, p99 time.Duration
	cpu           float64 // microseconds of the client's process per flow
	before, after int     // resident kilobytes
}

func (r result) print(name string, at int) {
	fmt.Printf("%-8s %4d %10.0f %9v %9v %9v %12.0f %12d → %d MB\n", name, at, r.rate, r.p50.Round(10*time.Microsecond), r.p90.Round(10*time.Microsecond), r.p99.Round(10*time.Microsecond), r.cpu, r.before/1024, r.after/1024)
}

// median is the round in the middle by CPU, with the middle of the latencies.
func median(list []result) result {
	slices.SortFunc(list, func(a, b result) int { return int(a.p99 - b.p99) })
	p99 := list[len(list)/2].p99
	slices.SortFunc(list, func(a, b result) int { return int(a.cpu - b.cpu) })
	m := list[len(list)/2]
	m.p99 = p99
	return m
}

// medianRatio is the CPU of the client beside that of the floor in the same round, as the machine's
// speed changes from round to round.
func medianRatio(results map[string][]result) float64 {
	var ratios []float64
	for i, r := range results["ours"] {
		ratios = append(ratios, r.cpu/results["floor"][i].cpu)
	}
	slices.Sort(ratios)
	return ratios[len(ratios)/2]
}

// drive runs n flows, at of them at once, after a few to warm up.
func drive(process *child, issuer string, n, at int) (result, error) {
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: at}, Timeout: 30 * time.Second,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	defer client.CloseIdleConnections()
	for range at {
		if err := flow(client, process.address, issuer); err != nil {
			return result{}, err
		}
	}
	pid := process.command.Process.Pid
	r := result{before: resident(pid)}
	cpu := cpuTime(pid)
	times := make([]time.Duration, n)
	var next atomic.Int64
	var failed atomic.Value
	var wg sync.WaitGroup
	began := time.Now()
	for range at {
		wg.Go(func() {
			for i := next.Add(1) - 1; i < int64(n); i = next.Add(1) - 1 {
				start := time.Now()
				if err := flow(client, process.address, issuer); err != nil {
					failed.Store(err)
					return
				}
				times[i] = time.Since(start)
			}
		})
	}
	wg.Wait()
	if err, ok := failed.Load().(error); ok {
		return r, err
	}
	r.rate = float64(n) / time.Since(began).Seconds()
	r.cpu = float64(cpuTime(pid)-cpu) / float64(time.Microsecond) / float64(n)
	r.after = resident(pid)
	slices.Sort(times)
	r.p50, r.p90, r.p99 = times[n/2], times[n*9/10], times[n*99/100]
	return r, nil
}

// flow is one login. The code is the nonce: the stub signs it into the ID token.
func flow(client *http.Client, address, issuer string) error {
	begun, err := client.Get(address + "/login")
	if err != nil {
		return err
	}
	io.Copy(io.Discard, begun.Body)
	begun.Body.Close()
	to, err := begun.Location()
	if err != nil {
		return err
	}
	q := to.Query()
	back := url.Values{"code": {q.Get("nonce")}, "state": {q.Get("state")}, "iss": {issuer}}
	req, err := http.NewRequest(http.MethodGet, q.Get("redirect_uri")+"?"+back.Encode(), nil)
	if err != nil {
		return err
	}
	for _, c := range begun.Cookies() {
		req.AddCookie(c)
	}
	done, err := client.Do(req)
	if err != nil {
		return err
	}
	defer done.Body.Close()
	body, err := io.ReadAll(done.Body)
	if err != nil {
		return err
	}
	if done.StatusCode != http.StatusOK {
		return fmt.Errorf("the callback answered %d %s", done.StatusCode, body)
	}
	return nil
}

// cpuTime is the user and system time of a process so far (proc(5), in hundredths of a second).
func cpuTime(pid int) time.Duration {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0
	}
	fields := strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+1:]))
	var ticks int
	for _, field := range fields[11:13] {
		n, _ := strconv.Atoi(field) // the kernel writes a number
		ticks += n
	}
	return time.Duration(ticks) * 10 * time.Millisecond
}

// resident is the memory of a process in kilobytes.
func resident(pid int) int {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0
	}
	_, rest, _ := strings.Cut(string(status), "VmRSS:")
	n, _ := strconv.Atoi(strings.Fields(rest)[0])
	return n
}
