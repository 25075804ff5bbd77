package session

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"
)

// A login is finished once. Its cookie is gone then, and the session leads to it.
func TestFinish_Once(t *testing.T) {
	s := newStore(t, "http://localhost:3000", time.Now)
	j := jar{}
	j.begin(s, newRequest("state-1", time.Now()))
	before := maps.Clone(j)
	runs := 0
	finish := func(j jar) error {
		w := httptest.NewRecorder()
		_, err := s.Finish(w, j.ask("/oauth_callback?state=state-1"), newRequest("state-1", time.Now()), func(context.Context) (*Login, error) {
			runs++
			return newLogin("state-1", time.Now()), nil
		})
		j.take(w)
		return err
	}
	if err := finish(j); err != nil || len(j.states(t, s)) != 1 {
		t.Errorf("the login was not kept: %v", err)
	}
	if len(j) != 2 || j[s.pendingName("state-1")] != "" { // the mark and the session
		t.Errorf("the cookies were %v and are %v", before, j)
	}
	if err := finish(before); !errors.Is(err, ErrUsed) || runs != 1 || len(before.states(t, s)) != 0 {
		t.Errorf("the second time: %v, after %d runs", err, runs)
	}
}

// watched is a context that reports when a caller waits for its end.
type watched struct {
	context.Context
	waited chan bool
}

func (w watched) Done() <-chan struct{} {
	select {
	case w.waited <- true:
	default:
	}
	return w.Context.Done()
}

// A reload while the code is being exchanged gets what the first request would have: the browser reads the
// answer to the reload only.
func TestFinish_ReloadJoins(t *testing.T) {
	s := newStore(t, "http://localhost:3000", time.Now)
	j := jar{}
	j.begin(s, newRequest("state-1", time.Now()))
	started, release := make(chan bool), make(chan bool)
	runs := 0
	finish := func(w http.ResponseWriter, r *http.Request) error {
		l, err := s.Finish(w, r, newRequest("state-1", time.Now()), func(context.Context) (*Login, error) {
			runs++
			close(started)
			<-release
			return newLogin("state-1", time.Now()), nil
		})
		if err == nil && l.Request.State != "state-1" {
			t.Errorf("finished %+v", l)
		}
		return err
	}
	const address = "/oauth_callback?code=c&state=state-1"
	ctx, stop := context.WithCancel(t.Context())
	first := make(chan error)
	go func() { first <- finish(httptest.NewRecorder(), j.ask(address).WithContext(ctx)) }()
	<-started
	stop() // the browser hangs up, and asks again
	ctx, stop = context.WithTimeout(t.Context(), 10*time.Second)
	defer stop()
	if err := finish(httptest.NewRecorder(), j.ask("/oauth_callback?code=another&state=state-1").WithContext(ctx)); !errors.Is(err, ErrUsed) {
		t.Errorf("another response to the same login: %v", err)
	}
	w, second := httptest.NewRecorder(), make(chan error)
	reload := watched{t.Context(), make(chan bool, 1)}
	go func() { second <- finish(w, j.ask(address).WithContext(reload)) }()
	<-reload.waited
	close(release)
	if err := <-second; err != nil || runs != 1 {
		t.Errorf("the reload ended with %v after %d runs", err, runs)
	}
	if err := <-first; err != nil {
		t.Errorf("the first request, whose browser is gone, ended with %v", err)
	}
	if j.take(w); len(j.states(t, s)) != 1 {
		t.Error("the answer to the reload does not lead to the login")
	}
}

// A login that is planted in another browser, and comes back in both at the same time, does not tell either the
// session of the other.
func TestFinish_PlantedLogin(t *testing.T) {
	s := newStore(t, "http://localhost:3000", time.Now)
	attacker, victim := jar{}, jar{}
	victim.begin(s, newRequest("own", time.Now()))
	victim.finish(t, s, newLogin("own", time.Now()))
	attacker.begin(s, newRequest("planted", time.Now()))
	victim[s.pendingName("planted")] = attacker[s.pendingName("planted")]

	const address = "/oauth_callback?code=c&state=planted"
	started, release := make(chan bool), make(chan bool)
	finish := func(w http.ResponseWriter, r *http.Request) error {
		_, err := s.Finish(w, r, newRequest("planted", time.Now()), func(context.Context) (*Login, error) {
			close(started)
			<-release
			return newLogin("planted", time.Now()), nil
		})
		return err
	}
	first, w := make(chan error), httptest.NewRecorder()
	go func() { first <- finish(w, victim.ask(address)) }()
	<-started
	second, told := make(chan error), httptest.NewRecorder()
	waits := watched{t.Context(), make(chan bool, 1)}
	go func() { second <- finish(told, attacker.ask(address).WithContext(waits)) }()
	select {
	case <-waits.waited: // for the work of the first
		close(release)
		<-second
	case err := <-second:
		if !errors.Is(err, ErrUsed) {
			t.Errorf("the second ended with %v", err)
		}
		close(release)
	}
	if err := <-first; err != nil {
		t.Fatal(err)
	}
	attacker.take(told)
	if states := attacker.states(t, s); len(states) > 0 {
		t.Errorf("the other browser has the logins %v", states)
	}
}
