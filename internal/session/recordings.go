package session

import (
	"fmt"
	"slices"
	"time"

	"oauth-test-client/internal/wire"
)

// The requests before a browser left, and when it came back, are part of the login's flow, and too long for a cookie. This
// process stores them for as long as a login may take, and only a limited amount, as any visitor can start a login. A login
// whose recordings are gone works, but shows less.
const (
	maxRecordings = 200      // logins
	maxHeld       = 8 << 20  // bytes, of all logins
	maxHeldLogin  = 96 << 10 // bytes, of one
	maxHeldPart   = 16 << 10 // bytes, of one answer's body or header
)

func newRecordings(now func() time.Time) *ttlMap[[]*wire.Exchange] {
	e := newTTLMap[[]*wire.Exchange](now, pendingAge, maxRecordings)
	e.room, e.weigh = maxHeld, sizeOf
	return e
}

// sizeOf estimates what exchanges cost in memory, in bytes.
func sizeOf(steps []*wire.Exchange) int {
	n := 0
	for _, e := range steps {
		n += e.Size()
	}
	return n
}

// keepBefore stores the requests of the login with a state, and returns what it stores.
func (s *Store) keepBefore(state string, steps []*wire.Exchange) []*wire.Exchange {
	if len(steps) == 0 {
		return nil
	}
	kept := bounded(steps)
	s.begun.set(state, kept)
	return kept
}

// before returns the requests of the login with a state, while this process stores them.
func (s *Store) before(state string) []*wire.Exchange {
	steps, _ := s.begun.get(state)
	return steps
}

// bounded returns the newest exchanges that fit.
func bounded(steps []*wire.Exchange) []*wire.Exchange {
	var kept []*wire.Exchange
	size := 0
	for _, e := range slices.Backward(steps[max(0, len(steps)-maxSteps):]) {
		e = shortened(e)
		if size += e.Size(); size > maxHeldLogin {
			break
		}
		kept = append(kept, e)
	}
	slices.Reverse(kept)
	return kept
}

// shortened returns an exchange in the form that is stored. Of a long text it keeps only the length: a part of it could not
// be parsed, so a secret in it could not be found.
func shortened(e *wire.Exchange) *wire.Exchange {
	short := *e
	if n := len(e.ResponseBody); n > maxHeldPart {
		short.ResponseBody = fmt.Sprintf("[an answer of %d bytes, which is not kept]", n)
	}
	if n := len(e.ResponseHeader); n > maxHeldPart {
		short.ResponseHeader, short.Note = "", fmt.Sprintf("The answer's header of %d bytes is not kept.", n)
	}
	return &short
}
