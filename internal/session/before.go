package session

import (
	"fmt"

	"oauth-test-client/internal/wire"
)

// What was asked before a browser left is part of its flow, and too long for a cookie: it is held in this
// process, for as long as a login may take, and only so much of it.
const (
	maxBefore     = 200      // logins
	maxBeforeBody = 16 << 10 // bytes of one answer
)

// keepBefore holds what was asked for the login with a state. Of a long answer only its length is kept: a part of
// it could not be read any more, and nobody could tell what is secret in it.
func (s *Store) keepBefore(state string, steps []*wire.Exchange) []*wire.Exchange {
	if len(steps) == 0 {
		return nil
	}
	kept := steps[max(0, len(steps)-maxSteps):]
	for i, e := range kept {
		if len(e.ResponseBody) > maxBeforeBody {
			short := *e
			short.ResponseBody = fmt.Sprintf("[an answer of %d bytes, which is not kept]", len(e.ResponseBody))
			kept[i] = &short
		}
	}
	s.begun.set(state, kept)
	return kept
}

// before returns what was asked for the login with a state, as long as this process knows.
func (s *Store) before(state string) []*wire.Exchange {
	steps, _ := s.begun.get(state)
	return steps
}
