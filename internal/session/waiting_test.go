package session

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"oauth-test-client/internal/config"
	"oauth-test-client/internal/oauth"
	"oauth-test-client/internal/wire"
)

// arriveAt brings the response of a login, and returns the request that the browser would send next.
func arriveAt(t *testing.T, s *Store, r *http.Request, state, query string, steps ...*wire.Exchange) *http.Request {
	t.Helper()
	w := httptest.NewRecorder()
	request := &oauth.Request{State: state, Verifier: "verifier-of-" + state, Scopes: []string{"openid"}, Began: s.now(), Steps: true}
	back := httptest.NewRequest(http.MethodGet, "/oauth_callback?state="+state+query, nil)
	back.Header = r.Header.Clone()
	if _, err := s.KeepWaiting(w, back, request, func(context.Context) (*Login, error) {
		return &Login{Request: request, Callback: back.URL.RequestURI(), Arrived: s.now(), Steps: steps}, nil
	}); err != nil {
		t.Fatal(err)
	}
	return nextRequest(back, w)
}

// However many strangers come back with step-by-step logins, and whatever their servers sent, no other login is lost: it
// waits in the browser's own cookie. Only its recordings may be gone, after many.
func TestKeepWaiting_StrangersEvictNothing(t *testing.T) {
	s := newStore(t, "http://localhost:3000", time.Now)
	recorded := &wire.Exchange{Purpose: wire.Metadata, ResponseBody: strings.Repeat("x", maxHeldPart)}
	mine := arriveAt(t, s, httptest.NewRequest(http.MethodGet, "/", nil), "mine", "&code=a%2Bcode&iss=x", recorded)
	if p := s.Waiting(mine, Handle("mine")); p == nil || len(p.Steps) != 1 {
		t.Fatalf("what waits is %+v", p)
	}
	for i := range 1001 {
		arriveAt(t, s, httptest.NewRequest(http.MethodGet, "/", nil), fmt.Sprint("state-", i), "&code=a", recorded)
	}
	p := s.Waiting(mine, Handle("mine"))
	if p == nil || p.Code != "a+code" || p.Callback != "/oauth_callback?state=mine&code=a%2Bcode&iss=x" || p.Request.Verifier != "verifier-of-mine" ||
		!p.Request.Steps || p.Request.State != "mine" {
		t.Fatalf("after 1001 others it is %+v", p)
	}
	if n, bytes := len(s.arrivals.values), s.arrivals.weight; len(p.Steps) != 0 || n > maxRecordings || bytes > maxHeld {
		t.Errorf("recordings of %d logins are held, %d bytes, and of the first %d", n, bytes, len(p.Steps))
	}
	if _, err := s.Exchange(httptest.NewRecorder(), mine, p, func(context.Context) (*Login, error) {
		return newLogin("mine", s.now()), nil
	}); err != nil {
		t.Error(err)
	}
}

// A process that has the same SESSION_SECRET goes on with a login that waits, and one with another does not. A cookie is
// good under its own name, and as long as a login may take.
func TestWaiting_Sealed(t *testing.T) {
	c := &clock{time.Now()}
	cfg := config.Config{BaseURL: "http://localhost:3000", SessionSecret: "a secret of two processes"}
	open := func(cfg config.Config) *Store {
		s, err := New(cfg, nil, c.now)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	s := open(cfg)
	r := arriveAt(t, s, httptest.NewRequest(http.MethodGet, "/", nil), "mine", "&code=a")
	handle := Handle("mine")
	if p := open(cfg).Waiting(r, handle); p == nil || p.Code != "a" {
		t.Errorf("in another process what waits is %+v", p)
	}
	cfg.SessionSecret = "another secret of them"
	if open(cfg).Waiting(r, handle) != nil {
		t.Error("another secret opens it")
	}
	value := only(r, s.waitingPrefix+handle)
	for name, cookie := range map[string]string{s.waitingPrefix + "AAAAAAAA": value, s.waitingPrefix + handle: value[:len(value)-4], s.waitingPrefix + Handle("b"): ""} {
		renamed := httptest.NewRequest(http.MethodGet, "/step", nil)
		renamed.AddCookie(&http.Cookie{Name: name, Value: cookie})
		if s.Waiting(renamed, strings.TrimPrefix(name, s.waitingPrefix)) != nil {
			t.Errorf("what waits is found as %s=%s", name, cookie)
		}
	}
	j := jar{}
	j.begin(s, newRequest("mine", c.at))
	planted := httptest.NewRequest(http.MethodGet, "/step", nil)
	planted.AddCookie(&http.Cookie{Name: s.waitingPrefix + handle, Value: j[s.pendingName("mine")]})
	if s.Waiting(planted, handle) != nil {
		t.Error("the cookie of a login that has not come back is taken for one that waits")
	}
	c.at = c.at.Add(pendingAge + time.Second)
	if s.Waiting(r, handle) != nil {
		t.Error("it waits for longer than a login may take")
	}
}

// A response that does not fit into a cookie uses no state, so that the login can continue without the wait. Of those that
// wait in one browser the newest stay, and what has come back is no longer a request.
func TestKeepWaiting_Size(t *testing.T) {
	s := newStore(t, "http://localhost:3000", time.Now)
	request := newRequest("long", s.now())
	back := httptest.NewRequest(http.MethodGet, "/oauth_callback?code="+strings.Repeat("a", maxWaitingSize), nil)
	w := httptest.NewRecorder()
	if _, err := s.KeepWaiting(w, back, request, func(context.Context) (*Login, error) { t.Fatal("work was done"); return nil, nil }); !errors.Is(err, ErrTooLong) {
		t.Errorf("a long response: %v", err)
	}
	if len(w.Result().Cookies()) != 0 {
		t.Errorf("it sets %v", w.Result().Cookies())
	}
	if _, err := s.Finish(w, back, request, func(context.Context) (*Login, error) { return newLogin("long", s.now()), nil }); err != nil {
		t.Errorf("without the wait: %v", err)
	}
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	for i := range 6 {
		r = arriveAt(t, s, r, fmt.Sprint("state-", i), "&code="+strings.Repeat("a", 600))
		size := 0
		for _, cookie := range r.Cookies() {
			if strings.HasPrefix(cookie.Name, s.waitingPrefix) {
				size += len(cookie.Name) + len(cookie.Value)
			}
		}
		if size > maxWaitingSize || s.Waiting(r, Handle(fmt.Sprint("state-", i))) == nil || s.Waiting(r, Handle(fmt.Sprint("state-", max(0, i-1)))) == nil {
			t.Fatalf("after %d logins the cookies take %d bytes", i+1, size)
		}
	}
}

// A browser that reloads the first step gathers no cookies, and a login step by step touches no cookie of another kind.
func TestBeginSteps_Cookies(t *testing.T) {
	s := newStore(t, "http://localhost:3000", time.Now)
	r := httptest.NewRequest(http.MethodGet, "/login?step=1", nil)
	others := map[string]string{s.sessionName: "a session", s.logoutName: "a state", "of_another_program": "1", "step": "2", "login": "3", "another": "4", "one_more": "5"}
	for name, value := range others {
		r.AddCookie(&http.Cookie{Name: name, Value: value})
	}
	for i := range 30 {
		w := httptest.NewRecorder()
		if err := s.BeginSteps(w, r, &oauth.Request{State: fmt.Sprint("state-", i), Began: time.Now()}); err != nil {
			t.Fatal(err)
		}
		r = nextRequest(r, w)
	}
	if n := strings.Count(r.Header.Get("Cookie"), s.waitingPrefix); n > maxPending {
		t.Errorf("the browser has %d cookies of steps; want at most %d", n, maxPending)
	}
	for name := range others {
		if len(r.CookiesNamed(name)) != 1 {
			t.Errorf("the cookie %s is gone", name)
		}
	}
}

// nextRequest is a request with the cookies that a browser has after an answer.
func nextRequest(r *http.Request, w *httptest.ResponseRecorder) *http.Request {
	next := httptest.NewRequest(http.MethodGet, "/login?step=1", nil)
	set, changed := w.Result().Cookies(), map[string]*http.Cookie{}
	for _, c := range set {
		changed[c.Name] = c
	}
	for _, c := range r.Cookies() { // the older ones first (RFC 6265 section 5.4)
		if now, ok := changed[c.Name]; !ok {
			next.AddCookie(c)
		} else if delete(changed, c.Name); now.MaxAge > 0 {
			next.AddCookie(now)
		}
	}
	for _, c := range set {
		if changed[c.Name] == c && c.MaxAge > 0 {
			next.AddCookie(c)
		}
	}
	return next
}

// A state is used when its response arrives, and a waiting login when its code is exchanged.
func TestExchange_Once(t *testing.T) {
	s, err := New(config.Config{BaseURL: "http://localhost:3000"}, nil, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	request, pendingGone := &oauth.Request{State: "the-state", Began: time.Now()}, false
	receive := func(n int) (*http.Request, *Login, error) {
		r := httptest.NewRequest(http.MethodGet, fmt.Sprintf("/oauth_callback?n=%d", n), nil)
		w := httptest.NewRecorder()
		p, err := s.KeepWaiting(w, r, request, func(context.Context) (*Login, error) {
			return &Login{Request: request, Callback: "/oauth_callback?code=c", Arrived: time.Now()}, nil
		})
		for _, c := range w.Result().Cookies() {
			if c.Name == s.pendingName("the-state") && c.MaxAge < 0 {
				pendingGone = true
			}
			r.AddCookie(c)
		}
		return r, p, err
	}
	r, p, err := receive(1)
	if err != nil {
		t.Fatal(err)
	}
	if !pendingGone {
		t.Error("the cookie of the request that was answered stays")
	}
	if _, _, err := receive(2); !errors.Is(err, ErrUsed) {
		t.Errorf("a second response with the state: %v; want ErrUsed", err)
	}
	worked := 0
	exchange := func() error {
		_, err := s.Exchange(httptest.NewRecorder(), r, p, func(context.Context) (*Login, error) {
			worked++
			return &Login{Request: request, Response: new(oauth.TokenResponse), Arrived: p.Arrived}, nil
		})
		return err
	}
	if found := s.Waiting(r, Handle("the-state")); found == nil || found.Code != "c" {
		t.Errorf("what waits is %+v", found)
	}
	if err := exchange(); err != nil {
		t.Fatal(err)
	}
	if err := exchange(); !errors.Is(err, ErrUsed) || worked != 1 {
		t.Errorf("exchanged again: %v after %d runs; want ErrUsed after one", err, worked)
	}
	if s.Waiting(r, Handle("the-state")) != nil {
		t.Error("what has been exchanged still waits")
	}
}

// A login step by step is this browser's until its code is used: begun, sent away, come back. Of a login that is not shown so,
// and of one that was used, there is none.
func TestStepLogin_UntilUsed(t *testing.T) {
	t.Parallel()
	s := newStore(t, "http://localhost:3000", time.Now)
	begun, plain := newRequest("mine", time.Now()), newRequest("plain", time.Now())
	w := httptest.NewRecorder()
	if err := s.BeginSteps(w, jar{}.ask("/login?step=1"), begun); err != nil {
		t.Fatal(err)
	}
	if err := s.Begin(w, jar{}.ask("/login"), plain); err != nil {
		t.Fatal(err)
	}
	r := nextRequest(jar{}.ask("/"), w)
	handle := Handle("mine")
	if found := s.StepLogin(r, handle); found == nil || found.Request.State != "mine" || found.Waits != nil || found.Left || !s.InSteps(r, "mine") {
		t.Errorf("begun, it is %+v", found)
	}
	if s.StepLogin(r, Handle("plain")) != nil || s.StepLogin(r, Handle("another")) != nil || s.StepLogin(jar{}.ask("/"), handle) != nil || s.InSteps(r, "plain") {
		t.Error("a login that is not shown step by step is found, or one of another browser")
	}
	if away := s.Unfinished(r); len(away) != 1 {
		t.Errorf("sent away for are %v", away)
	}
	w = httptest.NewRecorder()
	s.Leave(w, begun)
	r = nextRequest(r, w)
	if found := s.StepLogin(r, handle); found == nil || !found.Left || found.Waits != nil || len(s.StepLogins(r)) != 1 || len(s.Unfinished(r)) != 2 {
		t.Errorf("sent away, it is %+v", found)
	}
	if !s.MarkUsed(httptest.NewRecorder(), begun) || s.StepLogin(r, handle) != nil {
		t.Error("a state that was used is still a login")
	}
	back := arriveAt(t, s, r, "later", "&code=a")
	if found := s.StepLogin(back, Handle("later")); found == nil || found.Waits == nil || found.Waits.Code != "a" || !found.Left {
		t.Errorf("come back, it is %+v", found)
	}
}

// The cookie of a login that waits holds its code no longer than until the exchange.
func TestExchange_ForgetsTheCode(t *testing.T) {
	t.Parallel()
	s := newStore(t, "http://localhost:3000", time.Now)
	r := arriveAt(t, s, jar{}.ask("/"), "mine", "&code=a")
	p := s.Waiting(r, Handle("mine"))
	w, broken := httptest.NewRecorder(), errors.New("no")
	if _, err := s.Exchange(w, r, p, func(context.Context) (*Login, error) { return nil, broken }); !errors.Is(err, broken) {
		t.Fatalf("the error of the exchange is %v", err)
	}
	if got := only(nextRequest(r, w), s.waitingName("mine")); got != "begun" {
		t.Errorf("after an exchange that failed, the cookie holds %q", got)
	}
}

// An attack is made once, and its answer is there while the login waits; of one that failed there is none.
func TestAttempt_Once(t *testing.T) {
	t.Parallel()
	s := newStore(t, "http://localhost:3000", time.Now)
	of, broken := newRequest("a", time.Now()), errors.New("no")
	answer := &wire.Exchange{Status: 400}
	if got, made := s.Attempted(of, "x"); got != nil || made {
		t.Errorf("before, it is %v, %t", got, made)
	}
	for i, want := range []error{nil, ErrUsed} {
		if err := s.Attempt(t.Context(), of, "x", func(context.Context) (*wire.Exchange, error) { return answer, nil }); !errors.Is(err, want) {
			t.Errorf("attempt %d: %v; want %v", i, err, want)
		}
	}
	if err := s.Attempt(t.Context(), of, "y", func(context.Context) (*wire.Exchange, error) { return answer, broken }); !errors.Is(err, broken) {
		t.Errorf("one that fails: %v", err)
	}
	if got, made := s.Attempted(of, "x"); got == nil || got.Status != 400 || !made {
		t.Errorf("after, it is %v, %t", got, made)
	}
	if got, made := s.Attempted(of, "y"); got != nil || !made {
		t.Errorf("after one that fails it is %v, %t", got, made)
	}
	if got, made := s.Attempted(newRequest("b", time.Now()), "x"); got != nil || made {
		t.Errorf("of another login it is %v, %t", got, made)
	}
}

// A button proves that its page was shown to this browser, with these parameters and no others.
func TestWasShown_SameBrowserAndParameters(t *testing.T) {
	t.Parallel()
	s := newStore(t, "http://localhost:3000", time.Now)
	w := httptest.NewRecorder()
	ticket := s.Show(w, "a=b")
	r := nextRequest(jar{}.ask("/login"), w)
	if !s.WasShown(r, "a=b", ticket) {
		t.Error("what was shown is not known")
	}
	w = httptest.NewRecorder()
	another := s.Show(w, "a=b")
	for name, shown := range map[string]bool{
		"other parameters":    s.WasShown(r, "a=c", ticket),
		"another ticket":      s.WasShown(r, "a=b", another),
		"no ticket":           s.WasShown(r, "a=b", ""),
		"no cookie":           s.WasShown(jar{}.ask("/login"), "a=b", ticket),
		"an empty cookie":     s.WasShown(jar{s.shownName: ""}.ask("/login"), "a=b", ""),
		"a cookie of nothing": s.WasShown(jar{s.shownName: shown("", "a=b")}.ask("/login"), "a=b", ""),
	} {
		if shown {
			t.Errorf("with %s it is taken for shown", name)
		}
	}
}

// Browsers wait for a few others at most: each mark has a lock, and the same one again.
func TestLock_OneForEachMark(t *testing.T) {
	t.Parallel()
	s := newStore(t, "http://localhost:3000", time.Now)
	locks := map[*sync.Mutex]bool{}
	for i := range 256 {
		r := jar{s.markName: fmt.Sprintf("%026d", i)}.ask("/")
		lock := s.lock(r)
		if locks[lock] = true; lock != s.lock(r) {
			t.Fatal("a browser has two locks")
		}
	}
	if len(locks) < 100 {
		t.Errorf("256 browsers have %d locks", len(locks))
	}
}

// Of any number of cookies of steps only the newest are looked at: each costs a look at all others.
func TestStepLogins_ManyCookies(t *testing.T) {
	t.Parallel()
	c := &clock{time.Now()}
	s := newStore(t, "http://localhost:3000", c.now)
	w := httptest.NewRecorder()
	if err := s.BeginSteps(w, httptest.NewRequest(http.MethodGet, "/login", nil), newRequest("state-1", c.at)); err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct{ before, after, want int }{{2000, 0, 1}, {0, maxLooked - 1, 1}, {0, maxLooked, 0}, {0, 2000, 0}} {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		forge := func(n int) {
			for i := range n {
				r.AddCookie(&http.Cookie{Name: fmt.Sprint(s.waitingPrefix, i), Value: "forged"})
			}
		}
		forge(row.before)
		for _, cookie := range w.Result().Cookies() {
			r.AddCookie(cookie)
		}
		forge(row.after)
		if got := len(s.StepLogins(r)); got != row.want {
			t.Errorf("with %d forged cookies before ours and %d behind them there are %d logins; want %d", row.before, row.after, got, row.want)
		}
	}
}

// A login step by step that is changed takes its own place, and no other one's.
func TestChangeSteps_OwnPlaceOnly(t *testing.T) {
	t.Parallel()
	s := newStore(t, "http://localhost:3000", time.Now)
	w := httptest.NewRecorder()
	for _, state := range []string{"mine", "other"} {
		if err := s.BeginSteps(w, jar{}.ask("/login?step=1"), newRequest(state, time.Now())); err != nil {
			t.Fatal(err)
		}
	}
	r := nextRequest(jar{}.ask("/"), w)
	changed := newRequest("mine", time.Now())
	changed.Scopes = []string{"changed"}
	w = httptest.NewRecorder()
	if err := s.ChangeSteps(w, r, changed); err != nil {
		t.Fatal(err)
	}
	r = nextRequest(r, w)
	for state, want := range map[string]string{"mine": "changed", "other": "openid profile email"} {
		if found := s.StepLogin(r, Handle(state)); found == nil || strings.Join(found.Request.Scopes, " ") != want {
			t.Errorf("%s is %+v; want the scopes %s", state, found, want)
		}
	}
	if n := len(s.StepLogins(r)); n != 2 {
		t.Errorf("there are %d", n)
	}
}
