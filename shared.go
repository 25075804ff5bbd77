package main

import (
	"context"
	"sync"
)

// shared lets any number of callers wait for one run of the same work.
type shared[T any] struct {
	mu      sync.Mutex // guards running
	running *oneRun[T]
}

// oneRun is one run, and what came of it.
type oneRun[T any] struct {
	done  chan struct{} // closed when the fields below are set
	value T
	err   error
}

// do joins the run under way or begins one. A run goes on when the caller that began it is gone;
// each caller waits no longer than its own context.
func (s *shared[T]) do(ctx context.Context, work func(context.Context) (T, error)) (T, error) {
	s.mu.Lock()
	run := s.running
	if run == nil {
		run = &oneRun[T]{done: make(chan struct{})}
		s.running = run
		go func() {
			run.value, run.err = work(context.WithoutCancel(ctx))
			s.mu.Lock()
			s.running = nil
			s.mu.Unlock()
			close(run.done)
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
