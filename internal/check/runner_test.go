package check

import (
	"context"
	"testing"
	"time"

	"oauth-test-client/internal/causes"
	"oauth-test-client/internal/config"
	"oauth-test-client/internal/oauth"
	"oauth-test-client/internal/resource"
	"oauth-test-client/internal/wire"
)

// held returns a runner whose runs wait at their second check until they are released, and the number of runs that were
// started.
func held(t *testing.T) (r *Runner, letGo chan struct{}, runs *int) {
	t.Helper()
	now := func() time.Time { return time.Unix(1_800_000_000, 0) }
	r = NewRunner(config.Config{ClientID: "c"}.Effective(), nil, wire.New(nil, now), now)
	letGo, runs = make(chan struct{}), new(int)
	r.all = func(_ context.Context, begin func(string), each func(causes.Finding)) Report {
		*runs++
		begin("first")
		each(causes.Finding{Check: "first", Result: causes.OK})
		begin("second")
		<-letGo
		return Report{Result: causes.Fail, Checks: []causes.Finding{{Check: "first", Result: causes.OK}, {Check: "second", Result: causes.Fail}}}
	}
	t.Cleanup(func() { close(letGo) })
	return r, letGo, runs
}

// Any number of users who ask at the same time start one run. A later request starts another.
func TestRunner_OneRunAtOnce(t *testing.T) {
	r, letGo, runs := held(t)
	if s := r.State(); s.Running || !s.Ended.IsZero() || len(s.Checks) > 0 || s.ClientID != "c" {
		t.Errorf("before any run: %+v", s)
	}
	first := r.Start()
	for range 50 {
		if r.Start() != first {
			t.Fatal("another run was begun while one was under way")
		}
	}
	letGo <- struct{}{}
	<-first
	if s := r.State(); s.Running || s.Ended.IsZero() || len(s.Checks) != 2 || s.Result != causes.Fail || *runs != 1 {
		t.Errorf("after %d runs: %+v", *runs, s)
	}
	second := r.Start()
	letGo <- struct{}{}
	<-second
	r.few = func(context.Context) Report { return Report{Result: causes.OK} }
	<-r.StartFew()
	if s := r.State(); !s.Few || s.Result != causes.OK || s.Ended.IsZero() {
		t.Errorf("after the run of the start: %+v", s)
	}
	if *runs != 2 {
		t.Errorf("%d runs; want 2, as the second was asked for after the first had ended", *runs)
	}
}

// After a change nothing is known until a run begins.
func TestRunner_AfterChange(t *testing.T) {
	r, letGo, _ := held(t)
	r.AfterChange()
	if s := r.State(); !s.Changed || s.Running || len(s.Checks) > 0 {
		t.Errorf("before the run: %+v", s)
	}
	done := r.Start()
	letGo <- struct{}{}
	<-done
	if s := r.State(); s.Changed {
		t.Errorf("after the run: %+v", s)
	}
}

// For a client that was registered since, a check that was skipped because there was no client counts as not tested yet.
func TestRunner_ForRegisteredClient(t *testing.T) {
	skipped := noClientYet()
	for _, row := range []struct {
		client string
		checks int
		few    bool
	}{
		{"", 2, false},
		{"registered", 2, true},
	} {
		r := NewRunner(config.Config{}.Effective(), nil, nil, time.Now)
		r.last.Checks, r.last.Ended = []causes.Finding{{Check: "keys", Result: causes.OK}, skipped}, time.Now()
		s := r.For(config.Config{ClientID: row.client}.Effective(), nil).State()
		if len(s.Checks) != row.checks || s.Few != row.few || s.ClientID != row.client {
			t.Errorf("with the client %q: %+v", row.client, s)
		}
	}
}

// During a run, its results so far are shown, and nothing of the run before.
func TestRunner_StateWhileRunning(t *testing.T) {
	r, letGo, _ := held(t)
	done := r.Start()
	letGo <- struct{}{}
	<-done
	done = r.Start()
	var s State
	for s.Asking != "second" {
		s = r.State()
	}
	if !s.Running || len(s.Checks) != 1 || !s.Ended.IsZero() || s.Result != "" {
		t.Errorf("during the second run: %+v", s)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if s := r.Wait(ended); !s.Running {
		t.Error("Wait waited longer than its context")
	}
	letGo <- struct{}{}
	if s := r.Wait(t.Context()); s.Running || len(s.Checks) != 2 {
		t.Errorf("Wait returned before the run had ended: %+v", s)
	}
	<-done
}

// A login that was refused for its scopes is examined once, with few questions, and with none if the words name the scope.
func TestRunnerFindOut_AsksOnceForScopes(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name, words string
		named       bool
		asked       int
	}{
		{"no word", "", true, 4}, // all of them, and each
		{"the scope", "unknown scope 'reports.read'", false, 0},
	} {
		p := (&played{scopes: []string{"openid", "email"}, badScope: func(r q, _ string) reply { return r.back("invalid_scope", row.words) }}).start(t)
		cfg, w := p.client(t, p.env(map[string]string{"SCOPES": "openid email reports.read"}))
		client := oauth.New(cfg, w, time.Now)
		runner := NewRunner(cfg, resource.NewDiscovery(cfg), w, time.Now)
		if _, err := client.Metadata(t.Context()); err != nil {
			t.Fatal(err)
		}
		before := len(p.requests)
		refused := &oauth.Error{Step: wire.Response, Kind: oauth.Refused, Theirs: true, Code: "invalid_scope", Description: row.words}
		for range 2 {
			f, ok := runner.FindOut(t.Context(), client, cfg.Scopes, refused)
			if ok != row.named || ok && f.Line != "SCOPES='openid email'" {
				t.Errorf("%s: %v, %s", row.name, ok, f)
			}
		}
		if asked := len(p.requests) - before; asked != row.asked {
			t.Errorf("%s: asked %d times, want %d", row.name, asked, row.asked)
		}
	}
}
