package testserver

import (
	"net/http"
	"sync"
)

// layers is a handler that a test may put others before while it serves.
type layers struct {
	mu      sync.Mutex // guards the field below
	handler http.Handler
}

// Around puts a handler before those that are there.
func (l *layers) Around(wrap func(next http.Handler) http.Handler) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.handler = wrap(l.handler)
}

// ServeHTTP answers with the first.
func (l *layers) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	l.mu.Lock()
	first := l.handler
	l.mu.Unlock()
	first.ServeHTTP(w, r)
}
