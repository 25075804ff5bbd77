package session

import (
	"net/http/httptest"
	"testing"
	"time"
)

// A login is remembered for twelve hours, however often it is used, and its session no longer.
func TestStore_SessionAge(t *testing.T) {
	began := time.Now()
	c := &clock{began}
	s := newStore(t, "http://localhost:3000", c.now)
	j := jar{}
	j.begin(s, newRequest("state-1", c.at))
	j.finish(t, s, newLogin("state-1", c.at))
	use := func() (maxAge int) {
		w := httptest.NewRecorder()
		if err := s.Change(w, j.ask("/userinfo"), "state-1", func(l Login) Login { return l }); err != nil {
			t.Fatal(err)
		}
		for _, cookie := range w.Result().Cookies() {
			maxAge = cookie.MaxAge
		}
		return maxAge
	}
	for c.at = began; c.at.Before(began.Add(12*time.Hour - time.Hour)); c.at = c.at.Add(time.Hour) {
		use()
	}
	c.at = began.Add(12*time.Hour - time.Minute)
	if n := len(j.states(t, s)); n != 1 {
		t.Errorf("a minute before its end %d logins are remembered", n)
	}
	if maxAge := use(); maxAge != 60 {
		t.Errorf("a minute before its end the cookie is good for %d s", maxAge)
	}
	c.at = began.Add(12*time.Hour + time.Second)
	if n := len(j.states(t, s)); n != 0 {
		t.Errorf("a second after its end %d logins are remembered", n)
	}

	// A later login does not take the earlier one with it.
	c.at = began
	j.finish(t, s, newLogin("state-2", began))
	c.at = began.Add(12 * time.Hour / 2)
	j.finish(t, s, newLogin("state-3", c.at))
	c.at = began.Add(12*time.Hour + time.Second)
	if states := j.states(t, s); len(states) != 1 || states[0] != "state-3" {
		t.Errorf("the logins are %v; want state-3", states)
	}
}

// A session whose browser never returns does not stay in memory.
func TestMemoryStore_Sweep(t *testing.T) {
	c := &clock{time.Now()}
	s := newStore(t, "http://localhost:3000", c.now)
	store := s.store.(*memoryStore)
	first, second := jar{}, jar{}
	first.finish(t, s, newLogin("state-1", c.at))
	c.at = c.at.Add(time.Hour)
	second.finish(t, s, newLogin("state-2", c.at))
	c.at = c.at.Add(12*time.Hour - time.Minute)
	if states := second.states(t, s); len(states) != 1 {
		t.Errorf("the logins of the second are %v", states)
	}
	if n := store.order.Len(); n != 1 || len(store.byID) != 1 {
		t.Errorf("%d sessions are in memory; want 1", n)
	}
	c.at = c.at.Add(2 * time.Minute)
	second.states(t, s)
	if n := store.order.Len(); n != 0 || store.bytes != 0 {
		t.Errorf("%d sessions of %d bytes are in memory; want none", n, store.bytes)
	}
}
