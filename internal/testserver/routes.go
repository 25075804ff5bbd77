package testserver

import (
	"net/http"
	"slices"
	"strings"
	"sync"
)

// Routes holds the answers that a test can replace while a server runs, and the names of the requests so far.
type Routes struct {
	mu      sync.Mutex // guards the fields below
	answers map[string]http.HandlerFunc
	asked   []string
}

// At replaces the answer of a route, such as that of APIRoute. A nil handler removes the replacement.
func (r *Routes) At(route string, handler http.HandlerFunc) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.answers == nil {
		r.answers = map[string]http.HandlerFunc{}
	}
	r.answers[route] = handler
}

// Answer records a request, and returns the test's handler for it, or nil.
func (r *Routes) Answer(name string) http.HandlerFunc {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.asked = append(r.asked, name)
	return r.answers[name]
}

// Requests returns the names of the requests, in their order.
func (r *Routes) Requests() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.asked)
}

// Asked counts the requests whose name starts with the prefix.
func (r *Routes) Asked(prefix string) int {
	n := 0
	for _, name := range r.Requests() {
		if strings.HasPrefix(name, prefix) {
			n++
		}
	}
	return n
}
