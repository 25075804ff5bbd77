package check

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"sync"

	"oauth-test-client/internal/wire"
)

// atOnce is how many requests may be under way together, so that a check provokes no rate limit.
const atOnce = 4

// errStopped is the error of a request that was not sent, because its host had enough of them.
var errStopped = errors.New("was not asked: it answered 429 (too many requests) before")

// gate stands before the way out. It lets a few requests through at once, and none to a host that has
// answered 429.
type gate struct {
	next  http.RoundTripper
	slots chan struct{}

	mu   sync.Mutex // guards full
	full map[string]bool
}

func newGate(next http.RoundTripper) *gate {
	return &gate{next: next, slots: make(chan struct{}, atOnce), full: map[string]bool{}}
}

// RoundTrip waits for its turn, asks, and remembers a 429.
func (g *gate) RoundTrip(req *http.Request) (*http.Response, error) {
	select {
	case g.slots <- struct{}{}:
		defer func() { <-g.slots }()
	case <-req.Context().Done():
		return nil, req.Context().Err()
	}
	limit, _ := req.Context().Value(limitKey{}).(*limit)
	if g.isFull(req.URL.Host) {
		limit.note(false, "")
		return nil, errStopped
	}
	resp, err := g.next.RoundTrip(req)
	if err == nil && resp.StatusCode == http.StatusTooManyRequests {
		g.mu.Lock()
		g.full[req.URL.Host] = true
		g.mu.Unlock()
		limit.note(true, wire.ExchangeOf(resp).Words())
	}
	return resp, err
}

func (g *gate) isFull(host string) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.full[host]
}

// limit is what a check notices of a rate limit: the answers to its questions mean nothing then.
type limit struct {
	mu    sync.Mutex // guards the fields below
	met   bool       // a question was answered with 429, or was not sent
	got   bool       // it was this check that got the 429
	words string     // what the server said with it
}

type limitKey struct{}

// watched is the context of a check, which notices a rate limit.
func watched(ctx context.Context) (context.Context, *limit) {
	l := new(limit)
	return context.WithValue(ctx, limitKey{}, l), l
}

func (l *limit) note(got bool, words string) {
	if l == nil {
		return // a question of no check
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.met, l.got = true, l.got || got
	l.words = cmp.Or(l.words, words)
}

// seen returns what was noticed.
func (l *limit) seen() (met, got bool, words string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.met, l.got, l.words
}
