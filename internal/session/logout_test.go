package session

import (
	"net/http/httptest"
	"testing"
	"time"
)

// The state of a sign-out is compared with that of the browser that began it, and with no other.
func TestEndLogout_State(t *testing.T) {
	s := newStore(t, "http://localhost:3000", time.Now)
	browser, other := jar{}, jar{}
	begin := func(j jar) string {
		w := httptest.NewRecorder()
		state := s.BeginLogout(w)
		j.take(w)
		return state
	}
	state, theirs := begin(browser), begin(other)
	twice := browser.ask("/")
	twice.Header.Add("Cookie", s.logoutName+"="+theirs)
	for _, row := range []struct {
		name         string
		known, right bool
		got          func() (bool, bool)
	}{
		{"its own", true, true, func() (bool, bool) { return s.EndLogout(browser.ask("/"), state) }},
		{"a reload", true, true, func() (bool, bool) { return s.EndLogout(browser.ask("/"), state) }},
		{"another browser's", true, false, func() (bool, bool) { return s.EndLogout(browser.ask("/"), theirs) }},
		{"none", true, false, func() (bool, bool) { return s.EndLogout(browser.ask("/"), "") }},
		{"a browser that began none", false, false, func() (bool, bool) { return s.EndLogout(jar{}.ask("/"), state) }},
		{"a browser that began none, without a state", false, false, func() (bool, bool) { return s.EndLogout(jar{}.ask("/"), "") }},
		{"a cookie that was planted beside it", false, false, func() (bool, bool) { return s.EndLogout(twice, theirs) }},
	} {
		if known, right := row.got(); known != row.known || right != row.right {
			t.Errorf("%s: known %t, right %t; want %t, %t", row.name, known, right, row.known, row.right)
		}
	}
	if len(state) < 26 {
		t.Errorf("the state %q has fewer than 128 bits", state)
	}
}
