package session

import (
	"sync"
	"time"
)

// expiring remembers values by a key for a while, and only so many: beyond that the oldest go first.
type expiring[V any] struct {
	now  func() time.Time
	age  time.Duration
	most int

	mu     sync.Mutex // guards the fields below
	values map[string]expiringValue[V]
	queue  []expiringKey // oldest first
}

type expiringValue[V any] struct {
	value V
	until time.Time
}

type expiringKey struct {
	key   string
	until time.Time
}

func newExpiring[V any](now func() time.Time, age time.Duration, most int) *expiring[V] {
	return &expiring[V]{now: now, age: age, most: most, values: map[string]expiringValue[V]{}}
}

// add remembers a value. It returns false, and changes nothing, if there is one for the key already.
func (e *expiring[V]) add(key string, value V) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.sweep()
	if _, ok := e.values[key]; ok {
		return false
	}
	e.put(key, value)
	return true
}

// set remembers a value in place of the key's old one.
func (e *expiring[V]) set(key string, value V) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.sweep()
	e.put(key, value)
}

// get returns the value of a key while it is remembered.
func (e *expiring[V]) get(key string) (value V, ok bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.sweep()
	found, ok := e.values[key]
	return found.value, ok
}

func (e *expiring[V]) put(key string, value V) {
	until := e.now().Add(e.age)
	e.values[key] = expiringValue[V]{value, until}
	e.queue = append(e.queue, expiringKey{key, until})
	for len(e.queue) > e.most {
		e.dropOldest()
	}
}

// sweep forgets what is too old. The caller holds the lock, as for put and dropOldest.
func (e *expiring[V]) sweep() {
	now := e.now()
	for len(e.queue) > 0 && now.After(e.queue[0].until) {
		e.dropOldest()
	}
}

func (e *expiring[V]) dropOldest() {
	oldest := e.queue[0]
	e.queue = e.queue[1:]
	if e.values[oldest.key].until.Equal(oldest.until) { // it was not set anew since
		delete(e.values, oldest.key)
	}
}
