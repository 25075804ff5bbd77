package session

import (
	"fmt"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"oauth-test-client/internal/wire"
)

// The requests before a login left are stored for that login, for as long as it may take, and only a limited amount.
func TestBefore_HeldForItsLogin(t *testing.T) {
	c := &clock{time.Now()}
	s := newStore(t, "http://localhost:3000", c.now)
	steps := func(n, size int) []*wire.Exchange {
		var list []*wire.Exchange
		for i := range n {
			list = append(list, &wire.Exchange{URL: fmt.Sprint(i), ResponseBody: strings.Repeat("x", size)})
		}
		return list
	}
	long := steps(1, maxHeldPart+1)
	for state, row := range map[string]struct {
		asked []*wire.Exchange
		held  int
		body  string
	}{
		"nothing":             {nil, 0, ""},
		"one":                 {steps(1, 10), 1, "xxxxxxxxxx"},
		"as long as may be":   {steps(1, maxHeldPart), 1, strings.Repeat("x", maxHeldPart)},
		"longer":              {long, 1, fmt.Sprintf("[an answer of %d bytes, which is not kept]", maxHeldPart+1)},
		"more than a login's": {steps(maxSteps+5, 1), maxSteps, "x"},
	} {
		s.keepBefore(state, row.asked)
		kept := s.before(state)
		if len(kept) != row.held || row.held > 0 && (kept[row.held-1].ResponseBody != row.body || kept[row.held-1].URL != fmt.Sprint(len(row.asked)-1)) {
			t.Errorf("%s: kept are %d exchanges", state, len(kept))
		}
	}
	if s.before("another") != nil {
		t.Error("another login has them, too")
	}
	c.at = c.at.Add(pendingAge + time.Second)
	if s.before("one") != nil {
		t.Error("they are held for longer than a login may take")
	}
	for i := range maxRecordings + 10 {
		s.keepBefore(fmt.Sprint(i), steps(1, 1))
	}
	if n := len(s.begun.values); n != maxRecordings || s.before("0") != nil || s.before(fmt.Sprint(maxRecordings+9)) == nil {
		t.Errorf("held are those of %d logins", n)
	}
}

// What a hostile API makes us hold is bounded in bytes, wherever it puts them: in bodies, in headers, or in the
// addresses of redirects. The newest login's is there.
func TestBefore_Bytes(t *testing.T) {
	big := strings.Repeat("x", 60<<10)
	for what, e := range map[string]*wire.Exchange{
		"bodies":    {ResponseBody: big[:maxHeldPart]},
		"headers":   {ResponseHeader: wire.Header("A: " + big + "\r\n")},
		"small":     {ResponseHeader: wire.Header("A: " + big[:maxHeldPart-10] + "\r\n")},
		"addresses": {URL: "https://api.example/" + big},
	} {
		s := newStore(t, "http://localhost:3000", time.Now)
		ours := &wire.Exchange{URL: "https://api.example/newest"}
		asked := append(slices.Repeat([]*wire.Exchange{e}, 40), ours)
		for i := range 300 {
			s.keepBefore(fmt.Sprint(i), asked)
			if kept := s.before(fmt.Sprint(i)); len(kept) < 2 && what != "addresses" || kept[len(kept)-1].URL != ours.URL || sizeOf(kept) > maxHeldLogin {
				t.Fatalf("%s: of the newest login %d exchanges are held, %d bytes", what, len(kept), sizeOf(kept))
			}
		}
		total := 0
		for _, held := range s.begun.values {
			total += sizeOf(held.value)
		}
		if total > maxHeld || total != s.begun.weight {
			t.Errorf("%s: %d bytes are held; counted are %d", what, total, s.begun.weight)
		}
		s.keepBefore("299", []*wire.Exchange{ours})
		if total -= sizeOf(asked[len(asked)-1:]); len(s.before("299")) != 1 || s.begun.weight >= total {
			t.Errorf("%s: what was replaced still counts: %d bytes", what, s.begun.weight)
		}
	}
}

// A header that is too long is left out, with a word about it.
func TestShortened_Header(t *testing.T) {
	long := wire.Header("A: " + strings.Repeat("x", maxHeldPart) + "\r\n")
	if e := shortened(&wire.Exchange{ResponseHeader: long}); e.ResponseHeader != "" || e.Note != fmt.Sprintf("The answer's header of %d bytes is not kept.", len(long)) {
		t.Errorf("it is %+v", e)
	}
	if e := shortened(&wire.Exchange{ResponseHeader: long[:maxHeldPart], Note: "a note"}); e.ResponseHeader != long[:maxHeldPart] || e.Note != "a note" {
		t.Errorf("a short one is %+v", e)
	}
}

// What was asked before a browser is sent away is there when it comes back, and an old login is none any more.
func TestBegin_Remembers(t *testing.T) {
	t.Parallel()
	c := &clock{time.Now()}
	s := newStore(t, "http://localhost:3000", c.now)
	ctx, _ := wire.Record(t.Context())
	wire.Keep(ctx, []*wire.Exchange{{URL: "https://api.example"}})
	w := httptest.NewRecorder()
	begun := newRequest("mine", c.at)
	if err := s.Begin(w, jar{}.ask("/login").WithContext(ctx), begun); err != nil {
		t.Fatal(err)
	}
	r := nextRequest(jar{}.ask("/"), w)
	if back := s.Begun(r, "mine"); back == nil || len(back.Before) != 1 || len(begun.Before) != 1 || back.Before[0].URL != "https://api.example" {
		t.Errorf("what came back is %+v", back)
	}
	c.at = c.at.Add(pendingAge)
	if len(s.Unfinished(r)) != 1 || s.Begun(r, "mine") == nil {
		t.Error("after ten minutes the login is gone")
	}
	c.at = c.at.Add(time.Second)
	if len(s.Unfinished(r)) != 0 || s.Begun(r, "mine") != nil {
		t.Error("after more than ten minutes the login is still there")
	}
}
