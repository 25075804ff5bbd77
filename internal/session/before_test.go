package session

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"oauth-test-client/internal/wire"
)

// What was asked before a login left is held for that login, for as long as it may take, and only so much of it.
func TestBefore(t *testing.T) {
	c := &clock{time.Now()}
	s := newStore(t, "http://localhost:3000", c.now)
	steps := func(n, size int) []*wire.Exchange {
		var list []*wire.Exchange
		for i := range n {
			list = append(list, &wire.Exchange{URL: fmt.Sprint(i), ResponseBody: strings.Repeat("x", size)})
		}
		return list
	}
	long := steps(1, maxBeforeBody+1)
	for state, row := range map[string]struct {
		asked []*wire.Exchange
		kept  int
		body  string
	}{
		"nothing":             {nil, 0, ""},
		"one":                 {steps(1, 10), 1, "xxxxxxxxxx"},
		"as long as may be":   {steps(1, maxBeforeBody), 1, strings.Repeat("x", maxBeforeBody)},
		"longer":              {long, 1, fmt.Sprintf("[an answer of %d bytes, which is not kept]", maxBeforeBody+1)},
		"more than a login's": {steps(maxSteps+5, 1), maxSteps, "x"},
	} {
		s.keepBefore(state, row.asked)
		kept := s.before(state)
		if len(kept) != row.kept || row.kept > 0 && (kept[row.kept-1].ResponseBody != row.body || kept[row.kept-1].URL != fmt.Sprint(len(row.asked)-1)) {
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
	for i := range maxBefore + 10 {
		s.keepBefore(fmt.Sprint(i), steps(1, 1))
	}
	if n := len(s.begun.values); n != maxBefore || maxBefore > 200 || maxBeforeBody > 16<<10 || s.before("0") != nil || s.before(fmt.Sprint(maxBefore+9)) == nil {
		t.Errorf("held are those of %d logins", n)
	}
}
