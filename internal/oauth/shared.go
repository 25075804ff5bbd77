package oauth

import (
	"context"
	"fmt"
	"runtime/debug"
	"sync"
)

// Shared lets any number of callers wait for one run of the same work.
type Shared[T any] struct {
	mu      sync.Mutex // guards running
	running map[string]*oneRun[T]
}

// oneRun is one run, and what came of it.
type oneRun[T any] struct {
	done  chan struct{} // closed when the fields below are set
	value T
	err   error
}

// Do joins the run under way for the key or begins one. A run goes on when the caller that began it
// is gone; each caller waits no longer than its own context.
func (s *Shared[T]) Do(ctx context.Context, key string, work func(context.Context) (T, error)) (T, error) {
	s.mu.Lock()
	run := s.running[key]
	if run == nil {
		run = &oneRun[T]{done: make(chan struct{})}
		if s.running == nil {
			s.running = map[string]*oneRun[T]{}
		}
		s.running[key] = run
		go func() {
			defer func() {
				s.mu.Lock()
				delete(s.running, key)
				s.mu.Unlock()
				close(run.done)
			}()
			run.value, run.err = protected(context.WithoutCancel(ctx), work)
		}()
	}
	s.mu.Unlock()

	select {
	case <-run.done:
		return run.value, run.err
	case <-ctx.Done():
		var none T
		return none, ctx.Err()
	}
}

// protected turns a panic into an error: it is in a goroutine of its own, where it would end the process.
func protected[T any](ctx context.Context, work func(context.Context) (T, error)) (value T, err error) {
	defer func() {
		if p := recover(); p != nil {
			debug.PrintStack()
			err = fmt.Errorf("a fault of this program: %v", p)
		}
	}()
	return work(ctx)
}
