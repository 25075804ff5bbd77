package session

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/sessions"

	"oauth-test-client/internal/config"
	"oauth-test-client/internal/oauth"
	"oauth-test-client/internal/wire"
)

// The steps of a login are bounded in number and in bytes; the oldest go first.
func TestStepsBounded(t *testing.T) {
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

// What a run of /misuse tried gives way to what the user did, the oldest first.
func TestTriesGiveWay(t *testing.T) {
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
func TestBounds(t *testing.T) {
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

// What a stranger can make us remember is bounded: states that were used, by number and age.
func TestUsedStatesBounded(t *testing.T) {
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
func TestSealed(t *testing.T) {
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
