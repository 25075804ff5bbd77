package oauth

import (
	"context"
	"fmt"
	"runtime/debug"
	"sync"
)

// Singleflight lets any number of callers wait for one run of the same work.
type Singleflight[T any] struct {
	mu      sync.Mutex // guards running
	running map[string]*flight[T]
}

// flight is one run, and what came of it.
type flight[T any] struct {
	done  chan struct{} // closed when the fields below are set
	value T
	err   error
}

// Do joins the run under way for the key or begins one. A run goes on when the caller that began it
// is gone; each caller waits no longer than its own context.
func (s *Singleflight[T]) Do(ctx context.Context, key string, work func(context.Context) (T, error)) (T, error) {
	run, begun := s.join(key)
	if begun {
		go s.finish(ctx, key, run, work)
	}
	return run.wait(ctx)
}

// DoHere does what Do does in the goroutine of the caller, which costs none of its own. Whoever begins a run stays to its end, even
// when nobody waits for that caller any more.
func (s *Singleflight[T]) DoHere(ctx context.Context, key string, work func(context.Context) (T, error)) (T, error) {
	run, begun := s.join(key)
	if !begun {
		return run.wait(ctx)
	}
	s.finish(ctx, key, run, work)
	return run.value, run.err
}

// join returns the run of the key, and whether it begins with this caller.
func (s *Singleflight[T]) join(key string) (run *flight[T], begun bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if run = s.running[key]; run != nil {
		return run, false
	}
	if s.running == nil {
		s.running = map[string]*flight[T]{}
	}
	run = &flight[T]{done: make(chan struct{})}
	s.running[key] = run
	return run, true
}

// finish does the work of a run, which does not end with the context of its caller.
func (s *Singleflight[T]) finish(ctx context.Context, key string, run *flight[T], work func(context.Context) (T, error)) {
	defer func() {
		s.mu.Lock()
		delete(s.running, key)
		s.mu.Unlock()
		close(run.done)
	}()
	run.value, run.err = protected(context.WithoutCancel(ctx), work)
}

// wait returns what comes of the run, or the context's error if that ends first.
func (r *flight[T]) wait(ctx context.Context) (T, error) {
	select {
	case <-r.done:
		return r.value, r.err
	case <-ctx.Done():
		var none T
		return none, ctx.Err()
	}
}

// protected turns a panic into an error: everybody who waits for the work gets it, and in a goroutine of its own
// it would end the process.
func protected[T any](ctx context.Context, work func(context.Context) (T, error)) (value T, err error) {
	defer func() {
		if p := recover(); p != nil {
			debug.PrintStack()
			err = fmt.Errorf("a fault of this app: %v", p)
		}
	}()
	return work(ctx)
}
