package oauth

import (
	"context"
	"fmt"
	"runtime/debug"
	"sync"
)

// Singleflight lets any number of callers share one run of the same work.
type Singleflight[T any] struct {
	mu      sync.Mutex // guards running
	running map[string]*flight[T]
}

// flight is one run, and its result.
type flight[T any] struct {
	done  chan struct{} // closed when the fields below are set
	value T
	err   error
}

// Do joins the run for the key, or starts one. A run continues after the caller that started it has gone. Each caller waits
// no longer than its own context.
func (s *Singleflight[T]) Do(ctx context.Context, key string, work func(context.Context) (T, error)) (T, error) {
	run, begun := s.join(key)
	if begun {
		go s.finish(ctx, key, run, work)
	}
	return run.wait(ctx)
}

// DoHere is Do, but runs the work in the goroutine of the caller, without one of its own. A caller that starts a run stays
// until it ends, even if its context ends first.
func (s *Singleflight[T]) DoHere(ctx context.Context, key string, work func(context.Context) (T, error)) (T, error) {
	run, begun := s.join(key)
	if !begun {
		return run.wait(ctx)
	}
	s.finish(ctx, key, run, work)
	return run.value, run.err
}

// join returns the run of the key, and whether this caller starts it.
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

// finish does the work of a run. The end of the caller's context does not stop it.
func (s *Singleflight[T]) finish(ctx context.Context, key string, run *flight[T], work func(context.Context) (T, error)) {
	defer func() {
		s.mu.Lock()
		delete(s.running, key)
		s.mu.Unlock()
		close(run.done)
	}()
	run.value, run.err = protected(context.WithoutCancel(ctx), work)
}

// wait returns the result of the run, or the context's error if that ends first.
func (r *flight[T]) wait(ctx context.Context) (T, error) {
	select {
	case <-r.done:
		return r.value, r.err
	case <-ctx.Done():
		var none T
		return none, ctx.Err()
	}
}

// protected turns a panic into an error, for every caller that waits for the work. In a goroutine of its own, a panic would
// end the process.
func protected[T any](ctx context.Context, work func(context.Context) (T, error)) (value T, err error) {
	defer func() {
		if p := recover(); p != nil {
			debug.PrintStack()
			err = fmt.Errorf("a fault of this app: %v", p)
		}
	}()
	return work(ctx)
}
