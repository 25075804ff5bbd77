package session

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"oauth-test-client/internal/config"
	"oauth-test-client/internal/oauth"
)

// A login is found by its own state, for ten minutes, and used once.
func TestPending_OnceWithinTenMinutes(t *testing.T) {
	c := &clock{time.Now().Truncate(time.Millisecond)}
	s := newStore(t, "http://localhost:3000", c.now)
	j := jar{}
	want := newRequest("state-1", c.at)
	want.Given = map[string]string{"login_hint": "<bob>"}
	if err := j.begin(s, want); err != nil {
		t.Fatal(err)
	}
	found := func() bool { return s.Begun(j.ask("/oauth_callback"), "state-1") != nil }
	got := s.Begun(j.ask("/oauth_callback"), "state-1")
	if got == nil || got.Verifier != want.Verifier || got.Nonce != want.Nonce || got.Binding != want.Binding ||
		got.Given["login_hint"] != "<bob>" || !got.Began.Equal(want.Began) {
		t.Errorf("begun is %+v; want %+v", got, want)
	}
	if s.Begun(j.ask("/oauth_callback"), "state-2") != nil || s.Begun(j.ask("/oauth_callback"), "") != nil ||
		s.Begun(jar{}.ask("/oauth_callback"), "state-1") != nil {
		t.Error("a login is found by another state, or in another browser")
	}
	c.at = c.at.Add(10 * time.Minute)
	if !found() {
		t.Error("a login is not found after ten minutes")
	}
	c.at = c.at.Add(time.Second)
	if found() {
		t.Error("a login is found after more than ten minutes")
	}
}

// A state stays used for as long as its cookie opens.
func TestUsed_AsLongAsPending(t *testing.T) {
	c := &clock{time.Now()}
	s := newStore(t, "http://localhost:3000", c.now)
	if !s.used.add("a", struct{}{}) || s.used.add("a", struct{}{}) || !s.used.add("b", struct{}{}) {
		t.Error("each state can be used once")
	}
	c.at = c.at.Add(10 * time.Minute)
	if s.used.add("a", struct{}{}) {
		t.Error("a state can be used again while its cookie may still open")
	}
}

// However many logins stay unfinished, and however much they ask for, the cookies stay small enough for any proxy, and the
// newest logins can be finished.
func TestPending_Bounded(t *testing.T) {
	for _, row := range []struct {
		name      string
		parameter string
		least     int // logins that can be finished
	}{
		{"plain", "", maxPending},
		{"with a long login_hint", strings.Repeat("x", 1000-len("openid profile email")), 1},
		{"with a hint that JSON writes longer", strings.Repeat("<", 900), 1},
	} {
		t.Run(row.name, func(t *testing.T) {
			now := time.Now()
			s := newStore(t, "https://test.example.com", time.Now)
			j := jar{}
			for i := range 22 {
				r := newRequest(fmt.Sprintf("STATE-%020d", i), now.Add(time.Duration(i-30)*time.Second))
				if row.parameter != "" {
					r.Given = map[string]string{"login_hint": row.parameter}
				}
				if err := j.begin(s, r); err != nil {
					t.Fatal(err)
				}
			}
			if n := j.size(); n > maxPendingSize+200 { // the mark, and what stands between
				t.Errorf("the cookies take %d bytes", n)
			}
			open := 0
			for i := range 22 {
				if s.Begun(j.ask("/oauth_callback"), fmt.Sprintf("STATE-%020d", 21-i)) == nil {
					break
				}
				open++
			}
			if open < row.least || open > 5 || open != len(j)-1 {
				t.Errorf("%d of the newest logins can be finished; want at least %d, at most 5, and as many as there are cookies: %d",
					open, row.least, len(j)-1)
			}
		})
	}
}

// Tabs that are all opened at once know nothing of each other's cookies. These still fit into one header
// of 8 KB, the default of nginx.
func TestPending_TabsAtOnce(t *testing.T) {
	s := newStore(t, "https://test.example.com", time.Now)
	j := jar{}
	for i := range 22 {
		tab := jar{}
		if err := tab.begin(s, newRequest(fmt.Sprintf("STATE-%020d", i), time.Now())); err != nil {
			t.Fatal(err)
		}
		maps.Copy(j, tab)
	}
	if n := j.size(); n > 8000 {
		t.Errorf("22 cookies take %d bytes", n)
	}
}

// What does not fit into a cookie begins no login. Whatever config.Parameters.Check accepts does fit.
func TestBegin_TooLong(t *testing.T) {
	s := newStore(t, "http://localhost:3000", time.Now)
	short := config.Parameters{}
	for i := range 30 {
		short[fmt.Sprintf("p%d", i)] = strings.Repeat("é", 15)
	}
	for _, row := range []struct {
		name   string
		scopes []string
		extra  config.Parameters
		fits   bool
	}{
		{"none", nil, nil, true},
		{"as long as may be", nil, config.Parameters{"login_hint": strings.Repeat("x", 1014)}, true},
		{"quotes", nil, config.Parameters{"claims": strings.Repeat(`"`, 509)}, true},
		{"many", nil, short, true},
		{"many scopes", strings.Fields(strings.Repeat("a ", 256)), nil, true},
		{"far longer when written as JSON", nil, config.Parameters{"login_hint": strings.Repeat("\x01", 1000)}, false},
	} {
		r := newRequest("state", time.Now())
		r.Settings, r.Scopes, r.Pushed = row.extra, row.scopes, strings.Repeat("u", 512)
		if err := row.extra.Check(row.scopes); row.fits && err != nil {
			t.Errorf("%s: %v", row.name, err)
		}
		j := jar{}
		if err := j.begin(s, r); (err == nil) != row.fits || err != nil && (!errors.Is(err, ErrTooLong) || len(j) > 0) {
			t.Errorf("%s: %v, cookies %v", row.name, err, j)
		}
	}
}

// A cookie tells what was given for a login from what the settings added.
func TestPending_Given(t *testing.T) {
	s := newStore(t, "http://localhost:3000", time.Now)
	j, want := jar{}, newRequest("state-1", time.Now())
	want.Given, want.Scoped = config.Parameters{"organization": "org_1", "id_token_hint": "session"}, true
	want.Settings, want.Hint = config.Parameters{"access_type": "offline"}, "eyJhbGci…01234567"
	if err := j.begin(s, want); err != nil {
		t.Fatal(err)
	}
	got := s.Begun(j.ask("/oauth_callback"), "state-1")
	if got == nil || !maps.Equal(got.Given, want.Given) || !maps.Equal(got.Settings, want.Settings) || !got.Scoped || got.Hint != want.Hint {
		t.Errorf("begun is %+v; want %+v", got, want)
	}
}

// The cookie brings back all of a request but what is marked so: a field that is added to it waits, too.
func TestPending_EveryField(t *testing.T) {
	t.Parallel()
	s := newStore(t, "http://localhost:3000", time.Now)
	values := map[reflect.Type]any{reflect.TypeFor[string](): "x", reflect.TypeFor[bool](): true, reflect.TypeFor[int](): 1,
		reflect.TypeFor[[]string](): []string{"x"}, reflect.TypeFor[config.Parameters](): config.Parameters{"x": "y"}, reflect.TypeFor[time.Time](): time.Now().UTC().Round(0)}
	want, waits := new(oauth.Request), 0
	for _, field := range reflect.VisibleFields(reflect.TypeFor[oauth.Request]()) {
		if field.IsExported() && (field.Tag.Get("json") != "-" || field.Name == "State") {
			reflect.ValueOf(want).Elem().FieldByIndex(field.Index).Set(reflect.ValueOf(values[field.Type]))
			waits++
		}
	}
	j := jar{}
	if err := j.begin(s, want); err != nil {
		t.Fatal(err)
	}
	if got := s.Begun(j.ask("/oauth_callback"), "x"); !reflect.DeepEqual(got, want) || waits < 15 {
		t.Errorf("of %d fields the cookie brings back %+v; want %+v", waits, got, want)
	}
}

// Over https no sibling host can put its own login into the browser: it cannot set a cookie whose name
// begins with __Host-, and what is sealed under another name does not open.
func TestPending_SiblingHost(t *testing.T) {
	s := newStore(t, "https://test.example.com", time.Now)
	attacker := jar{}
	attacker.begin(s, newRequest("state-1", time.Now()))
	for name, row := range map[string]struct {
		rename func(string) string
		open   bool
	}{
		"its own cookie":                {func(name string) string { return name }, true},
		"set by a sibling":              {func(name string) string { return strings.TrimPrefix(name, "__Host-") }, false},
		"set by a sibling, with Secure": {func(name string) string { return strings.Replace(name, "__Host-", "__Secure-", 1) }, false},
	} {
		victim := jar{}
		for cookie, value := range attacker {
			victim[row.rename(cookie)] = value
		}
		if open := s.Begun(victim.ask("/oauth_callback"), "state-1") != nil; open != row.open {
			t.Errorf("%s: begun is %t", name, open)
		}
	}
}

// A cookie of the same name at a longer path, which comes first, does not keep a login from being found.
func TestPending_BesidePlanted(t *testing.T) {
	s := newStore(t, "http://localhost:3000", time.Now)
	j := jar{}
	j.begin(s, newRequest("state-1", time.Now()))
	r := jar{}.ask("/oauth_callback")
	r.AddCookie(&http.Cookie{Name: s.pendingName("state-1"), Value: "planted"})
	if s.Begun(r, "state-1") != nil {
		t.Error("the planted cookie opens")
	}
	r.AddCookie(&http.Cookie{Name: s.pendingName("state-1"), Value: j[s.pendingName("state-1")]})
	if s.Begun(r, "state-1") == nil {
		t.Error("the login is not found beside a planted cookie")
	}
}

// What is sealed for one use opens for no other.
func TestNewKeys_Differ(t *testing.T) {
	one, again, other := newKeys("0123456789abcdef"), newKeys("0123456789abcdef"), newKeys("fedcba9876543210")
	if !slices.EqualFunc(one.all(), again.all(), bytes.Equal) {
		t.Error("one secret gives other keys the second time")
	}
	seen := map[string]bool{}
	for _, key := range append(one.all(), other.all()...) {
		seen[string(key)] = true
		if len(key) != 32 {
			t.Errorf("a key has %d bytes", len(key))
		}
	}
	if len(seen) != 8 {
		t.Errorf("of eight keys for four uses and two secrets, %d differ", len(seen))
	}
	s, j := newStore(t, "http://localhost:3000", time.Now), jar{}
	j.begin(s, newRequest("state-1", time.Now()))
	closed, err := base64.RawURLEncoding.DecodeString(j[s.pendingName("state-1")])
	if err != nil {
		t.Fatal(err)
	}
	for i, key := range one.all() {
		seal, err := newAEAD(key)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := seal.open(closed, s.pendingName("state-1")); (err == nil) != (i == 0) {
			t.Errorf("the key %d of the secret opens the cookie of a login: %v", i, err)
		}
	}
}

func (k keys) all() [][]byte { return [][]byte{k.pending, k.waiting, k.cookie, k.values} }

// What cannot be written is no cookie.
func TestCloseJSON_Unwritable(t *testing.T) {
	t.Parallel()
	s := newStore(t, "http://localhost:3000", time.Now)
	if value, err := s.cookies.closeJSON("a", make(chan int)); err == nil || value != "" {
		t.Errorf("it is %q", value)
	}
}

// A cookie opens whole, and with nothing behind it.
func TestOpenJSON_Whole(t *testing.T) {
	t.Parallel()
	s := newStore(t, "http://localhost:3000", time.Now)
	value, err := s.cookies.closeJSON("a", "bb")
	if err != nil || len(value)%4 != 0 { // what stands behind it would be cut off
		t.Fatalf("%d characters, %v", len(value), err)
	}
	for cookie, want := range map[string]bool{value: true, value + "*": false, value[1:]: false, "": false} {
		var got string
		if s.cookies.openJSON("a", cookie, &got) != want || (got == "bb") != want {
			t.Errorf("%s opens: %t", cookie, !want)
		}
	}
}
