package session

import (
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"time"

	"oauth-test-client/internal/oauth"
)

// The logins of several tabs that end at the same time are all kept, and one cookie leads to all of them,
// whichever answer reaches the browser last.
func TestFinish_TabsAtOnce(t *testing.T) {
	for _, before := range []string{"nobody signed in", "signed in before"} {
		t.Run(before, func(t *testing.T) {
			s := newStore(t, "http://localhost:3000", time.Now)
			s.store = slowStore{Store: s.store, read: func() { time.Sleep(5 * time.Millisecond) }} // for the others to read the same
			j := jar{}
			j.begin(s, newRequest("state-0", time.Now()))
			want := 3
			if before == "signed in before" {
				j.finish(t, s, newLogin("state-0", time.Now()))
				want = 4
			}
			for i := range 3 {
				j.begin(s, newRequest(fmt.Sprintf("state-%d", i+1), time.Now()))
			}
			var answers []*httptest.ResponseRecorder
			var tabs sync.WaitGroup
			for i := range 3 {
				w := httptest.NewRecorder()
				answers = append(answers, w)
				r := j.ask("/oauth_callback")
				tabs.Go(func() {
					if err := s.keep(w, r, newLogin(fmt.Sprintf("state-%d", i+1), time.Now()), time.Now()); err != nil {
						t.Error(err)
					}
				})
			}
			tabs.Wait()
			for _, last := range answers {
				after := maps.Clone(j)
				after.take(last)
				if states := after.states(t, s); len(states) != want {
					t.Errorf("a tab's answer leads to the logins %v; want %d", states, want)
				}
			}
		})
	}
}

// A request that was running while another tab signed in does not lose its changes: a refresh token that the server has
// rotated would be gone for good.
func TestChange_AcrossLogin(t *testing.T) {
	s := newStore(t, "http://localhost:3000", time.Now)
	j := jar{}
	j.begin(s, newRequest("state-1", time.Now()))
	j.finish(t, s, newLogin("state-1", time.Now()))
	refresh := j.ask("/refresh") // is sent, and waits for the server
	j.finish(t, s, newLogin("state-2", time.Now()))
	w := httptest.NewRecorder()
	err := s.Change(w, refresh, "state-1", func(l Login) Login {
		l.Held.Refresh = "rotated"
		return l
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(w.Result().Cookies()) > 0 {
		t.Errorf("whoever has the old cookie only gets %v", w.Result().Cookies())
	}
	l, err := s.Login(NoCookies{}, j.ask("/session"), "state-1")
	if err != nil || l == nil || l.Held.Refresh != "rotated" {
		t.Errorf("the login is %+v (%v); want the rotated refresh token", l, err)
	}
	if states := j.states(t, s); !slices.Equal(states, []string{"state-2", "state-1"}) {
		t.Errorf("the logins are %v", states)
	}
}

// A sign-out that was under way when another tab signed in signs that out too.
func TestForget_AcrossLogin(t *testing.T) {
	s := newStore(t, "http://localhost:3000", time.Now)
	j := jar{}
	j.begin(s, newRequest("state-1", time.Now()))
	j.finish(t, s, newLogin("state-1", time.Now()))
	out := j.ask("/logout")
	j.finish(t, s, newLogin("state-2", time.Now()))
	if err := s.Forget(NoCookies{}, out); err != nil {
		t.Fatal(err)
	}
	if states := j.states(t, s); len(states) > 0 {
		t.Errorf("the logins are %v after the sign-out", states)
	}
}

// A sign-out waits for a change under way, which would otherwise bring the session back.
func TestForget_WaitsForChange(t *testing.T) {
	s := newStore(t, "http://localhost:3000", time.Now)
	j := jar{}
	j.begin(s, newRequest("state-1", time.Now()))
	j.finish(t, s, newLogin("state-1", time.Now()))
	r, deletes := j.ask("/logout"), 0
	s.store = slowStore{Store: s.store, save: func() {
		if deletes++; s.lock(r).TryLock() {
			t.Error("a change of the same browser could be under way")
		}
	}}
	if err := s.Forget(NoCookies{}, r); err != nil || deletes != 1 || len(j.states(t, s)) != 0 {
		t.Errorf("signed out with %v, deleting %d times", err, deletes)
	}
}

// A replaced session opens for no browser. Two logins end in the same session only if one browser started both before
// either came back, and they come back together.
func TestKeep_Together(t *testing.T) {
	for _, row := range []struct {
		name    string
		signed  bool                              // the browser of the first has a session
		prepare func(s *Store, first, second jar) // begins the logins "first" and "second"
		after   time.Duration                     // from the first to the second
		joins   bool
	}{
		{"two tabs", false, func(s *Store, first, second jar) {
			first.begin(s, newRequest("second", s.now()))
			maps.Copy(second, first)
		}, onTheWay, true},
		{"two tabs with a session", true, func(s *Store, first, second jar) {
			first.begin(s, newRequest("second", s.now()))
			maps.Copy(second, first)
		}, 0, true},
		{"two tabs, the second step by step", false, func(s *Store, first, second jar) {
			first.begin(s, newRequest("second", s.now()))
			first.receive(s, newRequest("second", s.now()))
			maps.Copy(second, first)
		}, 0, true},
		{"two tabs, the second later", true, func(s *Store, first, second jar) {
			first.begin(s, newRequest("second", s.now()))
			maps.Copy(second, first)
		}, onTheWay + time.Second, false},
		{"a planted mark", false, func(s *Store, first, second jar) {
			second[s.markName] = first[s.markName]
			second.begin(s, newRequest("second", s.now()))
		}, 0, false},
		{"a planted session", true, func(s *Store, first, second jar) {
			second[s.sessionName] = first[s.sessionName]
			second.begin(s, newRequest("second", s.now()))
		}, 0, false},
		{"a planted session and mark", true, func(s *Store, first, second jar) {
			second[s.markName], second[s.sessionName] = first[s.markName], first[s.sessionName]
			second.begin(s, newRequest("second", s.now()))
		}, 0, false},
		{"every cookie planted", true, func(s *Store, first, second jar) {
			maps.Copy(second, first)
			second.begin(s, newRequest("second", s.now()))
		}, 0, false},
		{"the second login planted at the first browser", true, func(s *Store, first, second jar) {
			second.begin(s, newRequest("second", s.now()))
			maps.Copy(first, second)
		}, 0, false},
	} {
		t.Run(row.name, func(t *testing.T) {
			c := &clock{time.Now()}
			s := newStore(t, "http://localhost:3000", c.now)
			first, second := jar{}, jar{}
			if row.signed {
				first.finish(t, s, newLogin("earlier", c.at))
			}
			first.begin(s, newRequest("first", c.at))
			row.prepare(s, first, second)
			old := maps.Clone(first)
			first.finish(t, s, newLogin("first", c.at))
			if states := old.states(t, s); len(states) > 0 {
				t.Errorf("the old cookies show the logins %v", states)
			}
			c.at = c.at.Add(row.after)
			second.finish(t, s, newLogin("second", c.at))
			if joins := slices.Contains(second.states(t, s), "first"); joins != row.joins {
				t.Errorf("the second has the logins %v", second.states(t, s))
			}
			if joins := slices.Contains(first.states(t, s), "second"); joins != row.joins {
				t.Errorf("the first has the logins %v", first.states(t, s))
			}
		})
	}
}

// Browsers without a session don't wait for each other, not even for each other's store.
func TestFinish_FirstLoginsDoNotWait(t *testing.T) {
	s := newStore(t, "http://localhost:3000", time.Now)
	reached, release := make(chan bool), make(chan bool)
	s.store = slowStore{Store: s.store, save: func() { reached <- true; <-release }}
	var logins sync.WaitGroup
	for i := range 3 {
		logins.Go(func() {
			if err := s.keep(NoCookies{}, jar{}.ask("/oauth_callback"), newLogin(fmt.Sprint(i), time.Now()), time.Now()); err != nil {
				t.Error(err)
			}
		})
	}
	for range 3 { // all are saving, none is done
		select {
		case <-reached:
		case <-time.After(10 * time.Second):
			t.Fatal("a login waits for another browser's")
		}
	}
	close(release)
	logins.Wait()
}

// Changes of one browser that overlap are all kept.
func TestChange_AtOnce(t *testing.T) {
	s := newStore(t, "http://localhost:3000", time.Now)
	s.store = slowStore{Store: s.store, read: func() { time.Sleep(5 * time.Millisecond) }}
	j := jar{}
	j.begin(s, newRequest("state-1", time.Now()))
	j.finish(t, s, newLogin("state-1", time.Now()))
	var tabs sync.WaitGroup
	for _, change := range []func(*oauth.Tokens){
		func(held *oauth.Tokens) { held.Access = "" },
		func(held *oauth.Tokens) { held.Refresh = "new" },
		func(held *oauth.Tokens) { held.Scope = "email" },
	} {
		r := j.ask("/x")
		tabs.Go(func() {
			s.Change(NoCookies{}, r, "state-1", func(l Login) Login {
				change(&l.Held)
				return l
			})
		})
	}
	tabs.Wait()
	l, _ := s.Login(NoCookies{}, j.ask("/session"), "state-1")
	if want := (oauth.Tokens{Refresh: "new", Scope: "email"}); l == nil || l.Held != want {
		t.Errorf("held is %+v; want %+v", l, want)
	}
}

// Of two session cookies, neither is trusted: an attacker set the one at the longer path, which comes first.
func TestSession_PlantedAtLongerPath(t *testing.T) {
	s := newStore(t, "http://localhost:3000", time.Now)
	attacker, victim := jar{}, jar{}
	attacker.finish(t, s, newLogin("attacker", time.Now()))
	victim.begin(s, newRequest("state-1", time.Now()))
	victim.finish(t, s, newLogin("victim", time.Now()))
	r := victim.ask("/session")
	if s.Ambiguous(r) {
		t.Error("one cookie is ambiguous")
	}
	both := jar{}.ask("/session")
	both.AddCookie(&http.Cookie{Name: s.sessionName, Value: attacker[s.sessionName]})
	both.AddCookie(&http.Cookie{Name: s.sessionName, Value: victim[s.sessionName]})
	w := httptest.NewRecorder()
	logins, err := s.Logins(w, both)
	if err != nil || len(logins) > 0 || !s.Ambiguous(both) {
		t.Errorf("with two cookies the logins are %v (%v)", logins, err)
	}
	gone := w.Result().Cookies()
	if len(gone) != 1 || gone[0].Name != s.sessionName || gone[0].Path != "/session" || gone[0].MaxAge >= 0 {
		t.Errorf("the answer sets %v; want the cookie of the path gone", gone)
	}
	if states := victim.states(t, s); len(states) != 1 {
		t.Errorf("afterwards the logins are %v", states)
	}
}
