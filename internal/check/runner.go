package check

import (
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"oauth-test-client/internal/causes"
	"oauth-test-client/internal/config"
	"oauth-test-client/internal/oauth"
	"oauth-test-client/internal/resource"
	"oauth-test-client/internal/wire"
)

// Runner makes the checks for every page about the same server: one run at a time. It keeps the last run, and opening a
// page never starts one. Different settings need a different Runner.
type Runner struct {
	all func(ctx context.Context, begin func(name string), each func(causes.Finding)) Report
	few func(ctx context.Context) Report
	now func() time.Time

	wire      *wire.Client
	cfg       config.Effective
	discovery *resource.Discovery

	mu      sync.Mutex             // guards the fields below
	asked   map[question]*foundOut // by a failed login, with these settings
	last    State
	running chan struct{} // closed when the run under way ends; nil when there is none
}

// State holds the results of the current run so far or, if none is running, those of the last run.
type State struct {
	Report
	Running bool
	Few     bool      // only what the program asks when it starts
	Changed bool      // the settings have changed, or the demo server has, and nothing was checked since
	Worked  bool      // a login worked with these settings
	Asking  string    // the check being made
	Ended   time.Time // zero while no run has ended
}

// Passed reports whether a check passed with these settings.
func (s State) Passed(check string) bool {
	return !s.Changed && slices.ContainsFunc(s.Checks, func(f causes.Finding) bool { return f.Check == check && f.Result == causes.OK && !f.NotYet })
}

// Registered returns when a check proved that the redirect URI is registered, or zero. A finding without a control passed
// for a different reason: the server looks at something else first.
func (s State) Registered() time.Time {
	if !s.Passed("redirect_uri") || s.Line("redirect_uri").Control == "" {
		return time.Time{}
	}
	return s.Ended
}

// NewRunner returns a runner that has sent no request yet. The discovery knows which server the client belongs to.
func NewRunner(cfg config.Effective, discovery *resource.Discovery, w *wire.Client, now func() time.Time) *Runner {
	return &Runner{now: now, wire: w, cfg: cfg, discovery: discovery, asked: map[question]*foundOut{}, last: State{Report: Report{Issuer: cfg.Issuer, ClientID: cfg.ClientID, RedirectURI: cfg.RedirectURI()}},
		all: func(ctx context.Context, begin func(string), each func(causes.Finding)) Report {
			return runAll(ctx, newChecker(cfg, discovery, w, now), begin, each)
		},
		few: func(ctx context.Context) Report { return runFew(ctx, newChecker(cfg, discovery, w, now)) },
	}
}

// For returns a runner for the same server and different settings, such as those of a client that was registered since. It
// keeps the results of the last run, except for checks that were left out because there was no client.
func (r *Runner) For(cfg config.Effective, w *wire.Client) *Runner {
	next := NewRunner(cfg, r.discovery, w, r.now)
	last := r.State()
	if last.Running || last.Issuer != cfg.Issuer {
		return next
	}
	next.last = last
	next.last.ClientID = cfg.ClientID
	wantsClient := func(f causes.Finding) bool { return f.NoClient }
	if cfg.ClientID != "" && slices.ContainsFunc(last.Checks, wantsClient) {
		for i, f := range next.last.Checks {
			if wantsClient(f) {
				check := f.Check
				next.last.Checks[i] = notYet()
				next.last.Checks[i].Check = check
			}
		}
		next.last.Few = true // what needs the client was not asked
	}
	return next
}

// AfterChange records that the checks were made with different settings or for a different server, and none since.
func (r *Runner) AfterChange() *Runner {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.last.Changed = true
	return r
}

// LoginWorked records that a login has worked, which proves more than any check.
func (r *Runner) LoginWorked() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.last.Worked = true
}

// Start starts a run of every check, unless one is running. It returns a channel that is closed when the run has ended.
func (r *Runner) Start() <-chan struct{} { return r.start(false) }

// StartFew starts a run of the checks that the program makes at its start, unless a run is running.
func (r *Runner) StartFew() <-chan struct{} { return r.start(true) }

func (r *Runner) start(few bool) <-chan struct{} {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.running != nil {
		return r.running
	}
	done := make(chan struct{})
	r.running = done
	r.last.Running, r.last.Few, r.last.Checks, r.last.Result, r.last.Ended, r.last.Changed = true, few, nil, "", time.Time{}, false
	go r.work(few, done)
	return done
}

// work makes one run. The request that started it may have ended.
func (r *Runner) work(few bool, done chan struct{}) {
	ctx, cancel := context.WithTimeout(context.Background(), Timeout)
	defer cancel()
	var report Report
	if few {
		report = r.few(ctx)
	} else {
		report = r.all(ctx, r.asking, r.found)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.last, r.running = State{Report: report, Few: few, Ended: r.now(), Worked: r.last.Worked}, nil
	close(done)
}

// asking records which check is being made.
func (r *Runner) asking(name string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.last.Asking = name
}

// found records the finding of a check.
func (r *Runner) found(f causes.Finding) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.last.Checks = append(r.last.Checks, f)
}

// Wait returns the state once no run is running, or when the context ends.
func (r *Runner) Wait(ctx context.Context) State {
	r.mu.Lock()
	running := r.running
	r.mu.Unlock()
	if running != nil {
		select {
		case <-running:
		case <-ctx.Done():
		}
	}
	return r.State()
}

// State returns the current state.
func (r *Runner) State() State {
	r.mu.Lock()
	defer r.mu.Unlock()
	state := r.last
	state.Checks = slices.Clone(state.Checks)
	return state
}

// foundOut holds what FindOut found out about a refusal, once.
type foundOut struct {
	sync.Once
	finding causes.Finding
	proved  bool
}

// question identifies a refusal of a login, by all that the finding depends on.
type question struct {
	cause  causes.Name
	scopes string // that the login asked for
}

// FindOut finds out why a login was refused, for a client of the runner's settings and the scopes of the login. It asks
// once for each cause that an answer names, and keeps the result. The server must have been found.
func (r *Runner) FindOut(ctx context.Context, client *oauth.Client, scopes []string, refused *oauth.Error) (causes.Finding, bool) {
	md, _ := client.Known()
	if md == nil || !slices.Contains([]wire.Purpose{wire.TokenRequest, wire.PushedRequest, wire.Response}, refused.Step) {
		return causes.Finding{}, false
	}
	key := question{causes.OfError(r.cfg, client.AuthMethod(md), refused), strings.Join(scopes, " ")}
	r.mu.Lock()
	asked := r.asked[key]
	if asked == nil {
		asked = new(foundOut)
		r.asked[key] = asked
	}
	r.mu.Unlock()
	asked.Do(func() {
		asked.finding, asked.proved = FindOut(wire.ForTry(ctx, wire.WhichSetting), r.cfg, client, md, r.wire, scopes, refused)
	})
	return asked.finding, asked.proved
}
