package check

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"sync"

	"oauth-test-client/internal/wire"
)

// atOnce is the number of requests that may run at the same time, so that a check doesn't run into a rate limit: as many as
// a browser sends to one host over HTTP/1.1.
const atOnce = 6

// errStopped is the error of a request that was not sent, because its host had returned 429.
var errStopped = errors.New("was not asked: the server returned 429 (too many requests)")

// limiter is a RoundTripper that lets a few requests through at the same time, and none to a host that has answered 429.
type limiter struct {
	next  http.RoundTripper
	slots chan struct{}

	mu   sync.Mutex // guards full
	full map[string]bool
}

func newLimiter(next http.RoundTripper) *limiter {
	return &limiter{next: next, slots: make(chan struct{}, atOnce), full: map[string]bool{}}
}

// RoundTrip waits for its turn, asks, and remembers a 429.
func (l *limiter) RoundTrip(req *http.Request) (*http.Response, error) {
	select {
	case l.slots <- struct{}{}:
		defer func() { <-l.slots }()
	case <-req.Context().Done():
		return nil, req.Context().Err()
	}
	seen := limitOf(req.Context())
	if l.isFull(req.URL.Host) {
		seen.note(false, "")
		return nil, errStopped
	}
	resp, err := l.next.RoundTrip(req)
	if err == nil && resp.StatusCode == http.StatusTooManyRequests {
		l.mu.Lock()
		l.full[req.URL.Host] = true
		l.mu.Unlock()
		seen.note(true, wire.ExchangeOf(resp).Words())
	}
	return resp, err
}

func (l *limiter) isFull(host string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.full[host]
}

// limit records a rate limit that a check ran into: the answers to its questions mean nothing then.
type limit struct {
	mu    sync.Mutex // guards the fields below
	met   bool       // a question was answered with 429, or was not sent
	got   bool       // it was this check that got the 429
	words string     // what the server said with it
}

type limitKey struct{}

// watched returns a context for a check, and the limit in which that context records a 429.
func watched(ctx context.Context) (context.Context, *limit) {
	l := new(limit)
	return context.WithValue(ctx, limitKey{}, l), l
}

// limitOf returns the limit of a check's context, or nil.
func limitOf(ctx context.Context) *limit {
	seen, _ := ctx.Value(limitKey{}).(*limit)
	return seen
}

func (l *limit) note(got bool, words string) {
	if l == nil {
		return // the request belongs to no check
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.met, l.got = true, l.got || got
	l.words = cmp.Or(l.words, words)
}

// seen returns what was recorded.
func (l *limit) seen() (met, got bool, words string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.met, l.got, l.words
}
