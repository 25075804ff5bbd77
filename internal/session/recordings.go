package session

import (
	"fmt"
	"slices"
	"time"

	"oauth-test-client/internal/wire"
)

// What was asked before a browser left, and when it came back, is part of the login's flow, and too long for a cookie.
// It is held in this process, for as long as a login may take, and only so much of it, as anybody can begin a login:
// a login whose recordings are gone works, and shows less.
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

// keepBefore holds what was asked for the login with a state, and returns what is held.
func (s *Store) keepBefore(state string, steps []*wire.Exchange) []*wire.Exchange {
	if len(steps) == 0 {
		return nil
	}
	kept := bounded(steps)
	s.begun.set(state, kept)
	return kept
}

// before returns what was asked for the login with a state, as long as this process knows.
func (s *Store) before(state string) []*wire.Exchange {
	steps, _ := s.begun.get(state)
	return steps
}

// bounded returns of exchanges what is held: the newest that fit.
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

// shortened returns an exchange as it is held. Of what is long only its length is kept: a part of it could not be read any
// more, and nobody could tell what is secret in it.
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
