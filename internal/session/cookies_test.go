package session

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"oauth-test-client/internal/oauth"
)

// Every cookie that is set is out of reach for scripts and for other sites, and over https for other hosts
// and for plain http too. Its name has the port: another program of ours at another port has its own.
func TestStore_CookieAttributes(t *testing.T) {
	for base, secure := range map[string]bool{"http://localhost:3000": false, "https://app.example": true} {
		c := &clock{time.Now()}
		s := newStore(t, base, c.now)
		w := httptest.NewRecorder()
		r := httptest.NewRequest(http.MethodGet, base+"/login", nil)
		if err := s.BeginSteps(w, r, newRequest("state-1", c.at)); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Finish(w, r, newRequest("state-1", c.at), func(context.Context) (*Login, error) { return newLogin("state-1", c.at), nil }); err != nil {
			t.Fatal(err)
		}
		if _, err := s.KeepWaiting(w, r, newRequest("state-2", c.at),
			func(context.Context) (*Login, error) {
				return &Login{Request: newRequest("state-2", c.at), Arrived: c.at}, nil
			}); err != nil {
			t.Fatal(err)
		}
		s.BeginLogout(w)
		of := func(kind string) func(*http.Cookie) bool {
			return func(c *http.Cookie) bool {
				return strings.HasPrefix(strings.TrimPrefix(c.Name, "__Host-"), kind+"_"+portOf(base))
			}
		}
		for _, kind := range []string{"login", "browser", "step", "oauth_test_client", "logout"} {
			if !slices.ContainsFunc(w.Result().Cookies(), of(kind)) {
				t.Errorf("at %s: no cookie is of the kind %s and has the port: %v", base, kind, w.Result().Cookies())
			}
		}
		for _, cookie := range w.Result().Cookies() {
			if !cookie.HttpOnly || cookie.SameSite != http.SameSiteLaxMode || cookie.Path != "/" ||
				cookie.Domain != "" || cookie.Secure != secure || strings.HasPrefix(cookie.Name, "__Host-") != secure {
				t.Errorf("at %s: %v", base, cookie)
			}
			if cookie.MaxAge == 0 {
				t.Errorf("at %s: %s lives as long as the browser", base, cookie.Name)
			}
		}
	}
}

// A cookie that is not ours opens nothing: not one that cannot be read, nor one of another name, nor an
// empty one.
func TestPending_Planted(t *testing.T) {
	c := &clock{time.Now()}
	s := newStore(t, "http://localhost:3000", c.now)
	w := httptest.NewRecorder()
	if err := s.Begin(w, httptest.NewRequest(http.MethodGet, "/login", nil), newRequest("mine", c.at)); err != nil {
		t.Fatal(err)
	}
	good := w.Result().Cookies()[0]
	if good.Name != s.pendingName("mine") {
		t.Fatalf("the cookie is %s", good.Name)
	}
	for value, opens := range map[string]bool{
		good.Value:                     true,
		"":                             false,
		"%%%":                          false,
		"AAAA":                         false,
		good.Value[:len(good.Value)-4]: false,
		oauth.Altered(good.Value):      false,
	} {
		r := httptest.NewRequest(http.MethodGet, "/oauth_callback", nil)
		r.AddCookie(&http.Cookie{Name: good.Name, Value: value})
		if got := s.Begun(r, "mine"); (got != nil) != opens {
			t.Errorf("the cookie %.20q opens %+v", value, got)
		}
		if n := len(s.Unfinished(r)); (n == 1) != opens {
			t.Errorf("the cookie %.20q counts as %d unfinished logins", value, n)
		}
	}
	r := httptest.NewRequest(http.MethodGet, "/oauth_callback", nil)
	r.AddCookie(&http.Cookie{Name: s.pendingName("other"), Value: good.Value})
	if got := s.Begun(r, "other"); got != nil {
		t.Errorf("under another name it opens %+v", got)
	}
	if got := s.Begun(r, "mine"); got != nil {
		t.Errorf("a state without a cookie opens %+v", got)
	}
}

// A request that ends in no login is taken back once, and its cookie goes.
func TestMarkUsed_Once(t *testing.T) {
	c := &clock{time.Now()}
	s := newStore(t, "http://localhost:3000", c.now)
	request := newRequest("state-1", c.at)
	w := httptest.NewRecorder()
	if !s.MarkUsed(w, request) || s.MarkUsed(httptest.NewRecorder(), request) {
		t.Error("a state is used once")
	}
	if cookies := w.Result().Cookies(); len(cookies) != 1 || cookies[0].Name != s.pendingName("state-1") || cookies[0].MaxAge >= 0 {
		t.Errorf("the cookies are %v", cookies)
	}
	_, err := s.Finish(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/oauth_callback?state=state-1", nil), request,
		func(context.Context) (*Login, error) { return newLogin("state-1", c.at), nil })
	if !errors.Is(err, ErrUsed) {
		t.Errorf("a used state finishes with %v", err)
	}
}

// Each login that is shown step by step has a handle of its own, and only its browser has it.
func TestHandle_OneForEachLogin(t *testing.T) {
	if Handle("a") == Handle("b") {
		t.Error("two states have one handle")
	}
	c := &clock{time.Now()}
	s := newStore(t, "http://localhost:3000", c.now)
	w := httptest.NewRecorder()
	if err := s.BeginSteps(w, httptest.NewRequest(http.MethodGet, "/login", nil), newRequest("state-1", c.at)); err != nil {
		t.Fatal(err)
	}
	none, has := httptest.NewRequest(http.MethodGet, "/", nil), httptest.NewRequest(http.MethodGet, "/", nil)
	for _, cookie := range w.Result().Cookies() {
		has.AddCookie(cookie)
	}
	if s.InSteps(none, "state-1") || !s.InSteps(has, "state-1") || s.InSteps(has, "state-2") {
		t.Error("InSteps tells another browser, or another login")
	}
}

// What was granted is what the server said, or else what was asked for.
func TestLogin_Granted(t *testing.T) {
	for scope, want := range map[string][]string{"": {"a", "b"}, "c d": {"c", "d"}} {
		l := &Login{Request: &oauth.Request{Scopes: []string{"a", "b"}}, Held: oauth.Tokens{Scope: scope}}
		if got := l.Granted(); !slices.Equal(got, want) {
			t.Errorf("granted by %q is %q", scope, got)
		}
	}
}

// What was granted of what was asked for, and beyond it, is by the server's word alone: a server that says
// nothing granted what was asked for (RFC 6749 section 5.1).
func TestLogin_MissingAndAdded(t *testing.T) {
	for _, row := range []struct {
		name           string
		response       oauth.TokenResponse
		missing, added []string
	}{
		{"as asked for", oauth.TokenResponse{ScopeSent: true, Tokens: oauth.Tokens{Scope: "b a"}}, nil, nil},
		{"less", oauth.TokenResponse{ScopeSent: true, Tokens: oauth.Tokens{Scope: "a"}}, []string{"b"}, nil},
		{"more", oauth.TokenResponse{ScopeSent: true, Tokens: oauth.Tokens{Scope: "a b c"}}, nil, []string{"c"}},
		{"nothing", oauth.TokenResponse{ScopeSent: true}, []string{"a", "b"}, nil},
		{"not said", oauth.TokenResponse{}, nil, nil},
	} {
		l := &Login{Request: &oauth.Request{Scopes: []string{"a", "b"}}, Response: &row.response}
		if missing, added := l.Missing(), l.Added(); !slices.Equal(missing, row.missing) || !slices.Equal(added, row.added) {
			t.Errorf("%s: missing are %q, and added %q", row.name, missing, added)
		}
	}
}

// A browser without a session changes nothing, and one with two session cookies is told to forget the one of
// this path.
func TestChange_NoSession(t *testing.T) {
	c := &clock{time.Now()}
	s := newStore(t, "http://localhost:3000", c.now)
	err := s.Change(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/userinfo", nil), "state-1", func(l Login) Login {
		t.Error("a login of nobody is changed")
		return l
	})
	if err != nil {
		t.Error(err)
	}
	two := httptest.NewRequest(http.MethodGet, "/session", nil)
	two.AddCookie(&http.Cookie{Name: s.sessionName, Value: "a"})
	two.AddCookie(&http.Cookie{Name: s.sessionName, Value: "b"})
	w := httptest.NewRecorder()
	if l, err := s.Login(w, two, "state-1"); l != nil || err != nil {
		t.Errorf("two cookies open %v, %v", l, err)
	}
	if cookies := w.Result().Cookies(); len(cookies) != 1 || cookies[0].Name != s.sessionName || cookies[0].Path != "/session" || cookies[0].MaxAge != -1 {
		t.Errorf("the cookies are %v", cookies)
	}
}

// How long and how much is remembered has its limits.
func TestLimits_OfMemory(t *testing.T) {
	if pendingAge > 10*time.Minute || sessionAge > 12*time.Hour || finishedAge > time.Minute {
		t.Errorf("remembered for %v, %v and %v", pendingAge, sessionAge, finishedAge)
	}
	if maxRecordings > 200 || maxHeld > 8<<20 || maxHeldLogin > 100<<10 || maxUsed > 200_000 || maxFinished > 20_000 || maxPending > 5 {
		t.Errorf("remembered are %d, %d, %d, %d and %d", maxRecordings, maxHeld, maxUsed, maxFinished, maxPending)
	}
	s := newStore(t, "http://localhost:3000", time.Now)
	if session, err := s.store.Get(httptest.NewRequest(http.MethodGet, "/", nil), s.sessionName); err != nil || !session.IsNew {
		t.Errorf("a browser without cookies has the session %v, %v", session, err)
	}
}

// What a strange browser makes us look at, and what a browser has to keep, have limits of their own.
func TestLimits_OfCookies(t *testing.T) {
	t.Parallel()
	if maxLooked > 20 || maxWaitingSize > 4000 || maxPendingSize > 3<<10 || maxLogins > 5 || maxSteps > 64 || maxStepsSize > 4<<20 || maxSessions > 20_000 ||
		maxBytes > 96<<20 || maxStored > 32<<20 || markLength != 26 || onTheWay > 5*time.Second {
		t.Errorf("they are %d, %d, %d, %d, %d, %d, %d, %d, %d, %d and %v", maxLooked, maxWaitingSize, maxPendingSize, maxLogins, maxSteps, maxStepsSize, maxSessions,
			maxBytes, maxStored, markLength, onTheWay)
	}
}
