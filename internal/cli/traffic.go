package cli

import (
	"context"
	"sync/atomic"
	"time"
)

// Traffic counts the requests that are running. Once the program stops, it admits only requests to the demo server, while
// one of our handlers may need it.
type Traffic struct {
	Ours, Demo atomic.Int64
	Stopping   atomic.Bool
}

// Enter counts a request and returns the counter, which the caller decrements at the end. It returns nil if the program is
// stopping.
func (t *Traffic) Enter(demo bool) *atomic.Int64 {
	at := &t.Ours
	if demo {
		at = &t.Demo
	}
	late := func() bool { return t.Stopping.Load() && !(demo && t.Ours.Load() > 0) }
	if late() {
		return nil
	}
	at.Add(1)
	if late() { // the program began to stop meanwhile
		at.Add(-1)
		return nil
	}
	return at
}

// Drain waits until no request is running. Unlike http.Server.Shutdown it leaves the listener open, as a callback may still
// need the demo server behind it.
func (t *Traffic) Drain(ctx context.Context) {
	t.Stopping.Store(true)
	for t.Ours.Load()+t.Demo.Load() > 0 && ctx.Err() == nil {
		time.Sleep(10 * time.Millisecond)
	}
}
