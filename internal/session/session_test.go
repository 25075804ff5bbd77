package session

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gomodule/redigo/redis"
	"github.com/gorilla/securecookie"
	"github.com/gorilla/sessions"

	"oauth-test-client/internal/config"
	"oauth-test-client/internal/oauth"
	"oauth-test-client/internal/wire"
)

// The steps of a login are bounded in number and in bytes; the oldest go first.
func TestRecord_Bounded(t *testing.T) {
	step := func(size int) *wire.Exchange { return &wire.Exchange{ResponseBody: strings.Repeat("x", size)} }
	var small, big Login
	for range maxSteps + 3 {
		small.Record([]*wire.Exchange{step(1)})
		big.Record([]*wire.Exchange{step(maxStepsSize / 4)})
	}
	if len(small.Steps) != maxSteps || len(big.Steps) != 3 {
		t.Errorf("%d small and %d big steps are kept; want %d and 3", len(small.Steps), len(big.Steps), maxSteps)
	}
	newest := step(2)
	if small.Record([]*wire.Exchange{newest}); small.Steps[len(small.Steps)-1] != newest {
		t.Error("the newest step is not kept")
	}
}

// The attempts of a /misuse run are dropped before what the user did, the oldest first.
func TestRecord_TriesGiveWay(t *testing.T) {
	var l Login
	mine := &wire.Exchange{Purpose: wire.TokenRequest}
	l.Record([]*wire.Exchange{mine})
	for range maxSteps {
		l.Record([]*wire.Exchange{{Try: "a wrong code verifier"}})
	}
	newest := &wire.Exchange{Try: "no code verifier"}
	l.Record([]*wire.Exchange{newest})
	if len(l.Steps) != maxSteps || l.Steps[0] != mine || l.Steps[maxSteps-1] != newest {
		t.Errorf("%d steps are kept; the first is %+v, the last %+v", len(l.Steps), l.Steps[0], l.Steps[len(l.Steps)-1])
	}
}

// The memory of used states and of sessions is bounded, whatever strangers do.
func TestStore_Bounded(t *testing.T) {
	now := time.Now()
	clock := func() time.Time { return now }
	sessions, err := New(config.Config{BaseURL: "http://localhost:3000"}, nil, clock)
	if err != nil {
		t.Fatal(err)
	}
	if !sessions.used.add("a", struct{}{}) || sessions.used.add("a", struct{}{}) {
		t.Error("a state can be used once")
	}
	now = now.Add(pendingAge + 2*time.Minute)
	if sessions.used.add("b", struct{}{}); len(sessions.used.values) != 1 {
		t.Errorf("%d states are remembered after their cookies have expired; want 1", len(sessions.used.values))
	}
	store := sessions.store.(*memoryStore)
	keep := func(size int) {
		l := &Login{
			Request:  &oauth.Request{State: "s"},
			Arrived:  now,
			Response: new(oauth.TokenResponse),
			Steps:    []*wire.Exchange{{ResponseBody: strings.Repeat("x", size)}},
		}
		r, _ := http.NewRequest(http.MethodGet, "http://localhost:3000", nil)
		if err := sessions.keep(NoCookies{}, r, l, time.Now()); err != nil {
			t.Fatal(err)
		}
	}
	for range maxSessions + 10 {
		keep(10)
	}
	if n := store.order.Len(); n != maxSessions || len(store.byID) != maxSessions {
		t.Errorf("%d sessions; want %d", n, maxSessions)
	}
	for range 110 { // more than maxBytes
		keep(1 << 20)
	}
	if store.bytes > maxBytes {
		t.Errorf("the sessions have %d bytes; want at most %d", store.bytes, maxBytes)
	}
	now = now.Add(sessionAge + time.Second)
	keep(10)
	if n := store.order.Len(); n != 1 {
		t.Errorf("%d sessions after all but one have expired", n)
	}
}

// A stranger can make us store only a limited number of used states, for a limited time.
func TestUsed_Bounded(t *testing.T) {
	s, err := New(config.Config{BaseURL: "http://localhost:3000"}, nil, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 3 * maxUsed {
		s.used.add(fmt.Sprint(i), struct{}{})
	}
	if len(s.used.values) != maxUsed || len(s.used.queue) != maxUsed {
		t.Errorf("%d states are remembered; want %d", len(s.used.values), maxUsed)
	}
}

// What Redis holds of a session opens with its own key, and for its own session ID.
func TestSealed_OwnKeyAndSession(t *testing.T) {
	key, other := bytes.Repeat([]byte{1}, 32), bytes.Repeat([]byte{2}, 32)
	kept := &sessions.Session{ID: "a", Values: map[any]any{loginsKey: []*Login{{Request: &oauth.Request{State: "the-state"}}}}}
	value := func() []byte {
		s, _ := newAEAD(key)
		value, err := sealed{s}.Serialize(kept)
		if err != nil {
			t.Fatal(err)
		}
		return value
	}()
	if bytes.Contains(value, []byte("the-state")) {
		t.Error("the value can be read without the key")
	}
	changed := bytes.Clone(value)
	changed[len(changed)-1] ^= 1
	for _, row := range []struct {
		name, id   string
		key, value []byte
		opens      bool
	}{
		{"its own key and ID", "a", key, value, true},
		{"another key", "a", other, value, false},
		{"another session", "b", key, value, false},
		{"changed", "a", key, changed, false},
		{"cut", "a", key, value[:20], false},
	} {
		s, err := newAEAD(row.key)
		if err != nil {
			t.Fatal(err)
		}
		found := &sessions.Session{ID: row.id, Values: map[any]any{}}
		err = sealed{s}.Deserialize(row.value, found)
		logins, _ := found.Values[loginsKey].([]*Login)
		if row.opens != (err == nil) || row.opens != (len(logins) == 1) || !row.opens && !errors.Is(err, errUnreadable) {
			t.Errorf("%s: %v, %d logins", row.name, err, len(logins))
		}
	}
}

// brokenStore is a store that cannot be read, or not be written.
type brokenStore struct{ read, save error }

func (s brokenStore) Get(*http.Request, string) (*sessions.Session, error) { return nil, s.read }

func (s brokenStore) New(_ *http.Request, name string) (*sessions.Session, error) {
	return sessions.NewSession(s, name), s.read
}

func (s brokenStore) Save(*http.Request, http.ResponseWriter, *sessions.Session) error { return s.save }

// A foreign cookie, and a session that can't be decrypted, count as no session. A failing store is reported in its words.
func TestStore_Unavailable(t *testing.T) {
	t.Parallel()
	var nothing string
	forged := securecookie.DecodeMulti("a", "forged", &nothing, securecookie.New([]byte("0123456789abcdef0123456789abcdef"), nil))
	if _, ok := forged.(securecookie.Error); !ok {
		t.Fatalf("the error of a forged cookie is %v", forged)
	}
	const name = "oauth_test_client_3000"
	for _, row := range []struct {
		read error
		want string // of the error; none when the session is none
	}{
		{forged, ""}, {errUnreadable, ""}, {fmt.Errorf("it %w", errUnreadable), ""}, {redis.Error("LOADING now"), `the session store says "LOADING now"`},
	} {
		s := newStore(t, "http://localhost:3000", time.Now)
		s.store = brokenStore{read: row.read}
		logins, err := s.Logins(NoCookies{}, jar{name: "a"}.ask("/session"))
		if (err == nil) != (row.want == "") || err != nil && (!errors.Is(err, ErrUnavailable) || err.Error() != row.want) || logins != nil {
			t.Errorf("%v: %v, %v; want %q", row.read, logins, err, row.want)
		}
	}
	s := newStore(t, "http://localhost:3000", time.Now)
	s.store = brokenStore{save: redis.Error("READONLY now")}
	for what, err := range map[string]error{
		"keeping":  s.keep(httptest.NewRecorder(), jar{}.ask("/oauth_callback"), newLogin("a", time.Now()), time.Now()),
		"deleting": s.delete(NoCookies{}, jar{}.ask("/"), &sessions.Session{Options: new(sessions.Options)}),
	} {
		if !errors.Is(err, ErrUnavailable) || err.Error() != `the session store says "READONLY now"` {
			t.Errorf("%s: %v", what, err)
		}
	}
}

// What a login says of itself holds with an ID token and without, and with scopes that the server named or not.
func TestLogin_WithAndWithoutIDToken(t *testing.T) {
	t.Parallel()
	plain := newLogin("a", time.Now())
	plain.Response.Warnings = []string{"w"}
	if plain.Who() != "" || plain.Subject() != "" || !slices.Equal(plain.Warnings(), []string{"w"}) || plain.Missing() != nil ||
		!slices.Equal(plain.Granted(), plain.Request.Scopes) || len(plain.Added()) != 0 {
		t.Errorf("without an ID token: %q, %q, %q, %q, %q, %q", plain.Who(), plain.Subject(), plain.Warnings(), plain.Missing(), plain.Granted(), plain.Added())
	}
	named := newLogin("a", time.Now())
	named.Response.Warnings, named.Response.Scope, named.Response.ScopeSent = []string{"w"}, "openid more", true
	named.Held.Scope = "openid held"
	named.IDToken = &oauth.IDToken{Name: strings.Repeat("n", 200), Subject: "s", Warnings: []string{"x"}}
	if n := len(named.Who()); n < 100 || n > 110 || named.Subject() != "s" || !slices.Equal(named.Warnings(), []string{"w", "x"}) ||
		!slices.Equal(named.Missing(), []string{"profile", "email"}) || !slices.Equal(named.Added(), []string{"more"}) || !slices.Equal(named.Granted(), []string{"openid", "held"}) {
		t.Errorf("with one: %q, %q, %q, %q, %q, %q", named.Who(), named.Subject(), named.Warnings(), named.Missing(), named.Granted(), named.Added())
	}
}

// A login remembers so many steps and bytes: beyond that the oldest try of /misuse goes first, then what is oldest.
func TestLogin_RecordIsBounded(t *testing.T) {
	t.Parallel()
	l := newLogin("a", time.Now())
	l.Record([]*wire.Exchange{{Purpose: "0"}, {Purpose: "1", Try: "x"}})
	for range maxSteps - 1 {
		l.Record([]*wire.Exchange{{Purpose: "2"}})
	}
	if len(l.Steps) != 64 || l.Steps[0].Purpose != "0" || l.Steps[1].Purpose != "2" {
		t.Errorf("of %d steps the first are %s and %s", len(l.Steps), l.Steps[0].Purpose, l.Steps[1].Purpose)
	}
	l.Record([]*wire.Exchange{{Purpose: "3"}})
	if len(l.Steps) != 64 || l.Steps[0].Purpose != "2" || l.Steps[63].Purpose != "3" {
		t.Errorf("of %d steps the first is %s", len(l.Steps), l.Steps[0].Purpose)
	}
	l.Steps = nil
	mega := strings.Repeat("x", 1<<20)
	for range 6 {
		l.Record([]*wire.Exchange{{ResponseBody: mega}})
	}
	if len(l.Steps) != 3 {
		t.Errorf("of 6 MB %d are kept; want less than 4", len(l.Steps))
	}
}

// A login weighs what it holds: the token response once, whether a step has it or not.
func TestLogin_Size(t *testing.T) {
	t.Parallel()
	l := newLogin("a", time.Now())
	empty := l.size()
	l.Response.JSON = strings.Repeat("x", 10_000)
	if got := l.size() - empty; got != 10_000 {
		t.Errorf("the token response weighs %d", got)
	}
	step := &wire.Exchange{ResponseBody: l.Response.JSON}
	l.Steps = []*wire.Exchange{step}
	if got := l.size() - empty; got != step.Size() {
		t.Errorf("as a step it weighs %d; want %d", got, step.Size())
	}
	l.Request.Before = []*wire.Exchange{step}
	if got := l.size() - empty; got != 2*step.Size() {
		t.Errorf("with what came before it weighs %d", got)
	}
	l.Callback = "/oauth_callback"
	if got := l.size() - empty - 2*step.Size(); got != len(l.Callback) {
		t.Errorf("the address weighs %d", got)
	}
}
