package oauth

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
)

// A panic in shared work is an error for every caller that waits for it, and the next call works again.
func TestSingleflight_Panic(t *testing.T) {
	var s Singleflight[int]
	release := make(chan struct{})
	var waiting sync.WaitGroup
	errs := make([]error, 4)
	for i := range errs {
		waiting.Go(func() {
			_, errs[i] = s.Do(t.Context(), "key", func(context.Context) (int, error) {
				<-release
				panic("a nil map")
			})
		})
	}
	close(release)
	waiting.Wait()
	for _, err := range errs {
		if err == nil || !strings.Contains(err.Error(), "a nil map") {
			t.Errorf("a caller got %v", err)
		}
	}
	if n, err := s.Do(t.Context(), "key", func(context.Context) (int, error) { return 7, nil }); n != 7 || err != nil {
		t.Errorf("the next run brought %d, %v", n, err)
	}
}

// Callers with different keys do not share, and one that gives up does not end the work.
func TestSingleflight_Keys(t *testing.T) {
	var s Singleflight[string]
	for _, key := range []string{"a", "b"} {
		if got, err := s.Do(t.Context(), key, func(context.Context) (string, error) { return key, nil }); got != key || err != nil {
			t.Errorf("for %s came %s, %v", key, got, err)
		}
	}
	gone, cancel := context.WithCancel(t.Context())
	begun, release, ended := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	work := func(ctx context.Context) (string, error) {
		close(begun)
		<-release
		ended <- ctx.Err()
		return "done", nil
	}
	first := make(chan error, 1)
	go func() {
		_, err := s.Do(gone, "key", work)
		first <- err
	}()
	<-begun
	cancel()
	if err := <-first; err != context.Canceled {
		t.Errorf("the caller that gave up got %v", err)
	}
	second := make(chan string, 1)
	go func() {
		got, _ := s.Do(t.Context(), "key", func(context.Context) (string, error) { return "anew", nil })
		second <- got
	}()
	close(release)
	if err := <-ended; err != nil {
		t.Errorf("the work was ended: %v", err)
	}
	if got := <-second; got != "done" && got != "anew" { // whichever came first
		t.Errorf("the second caller got %q", got)
	}
}

// A caller that starts the work with DoHere gets its result even if its own context has ended, and the work does not
// notice. A caller that joins waits no longer than its own context. A panic is an error for both.
func TestSingleflight_Here(t *testing.T) {
	for _, row := range []struct {
		panics bool
		want   string
	}{{false, "done <nil>"}, {true, " a fault of this app: a nil map"}} {
		var s Singleflight[string]
		gone, cancel := context.WithCancel(t.Context())
		begun, release := make(chan struct{}), make(chan struct{})
		work := func(ctx context.Context) (string, error) {
			close(begun)
			<-release
			if row.panics {
				panic("a nil map")
			}
			return "done", ctx.Err()
		}
		first, joined := make(chan string, 1), make(chan string, 1)
		here := func(ctx context.Context, to chan string) {
			got, err := s.DoHere(ctx, "key", work)
			to <- fmt.Sprint(got, " ", err)
		}
		go here(gone, first)
		<-begun
		cancel()
		if _, err := s.DoHere(gone, "key", work); !errors.Is(err, context.Canceled) {
			t.Errorf("who joins and gives up gets %v", err)
		}
		waits := make(chan struct{}, 1)
		go here(waiting{t.Context(), waits}, joined)
		<-waits
		close(release)
		if got := <-first; got != row.want {
			t.Errorf("who began it gets %q; want %q", got, row.want)
		}
		if got := <-joined; got != row.want {
			t.Errorf("who joined gets %q; want %q", got, row.want)
		}
	}
}

// waiting is a context that reports when a caller starts to wait for its end.
type waiting struct {
	context.Context
	begins chan<- struct{}
}

func (w waiting) Done() <-chan struct{} {
	w.begins <- struct{}{}
	return w.Context.Done()
}
