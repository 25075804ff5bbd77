package demo

import "time"

// expiring is a map whose entries all live equally long, with a limit on their number: the oldest
// go first. It has no lock of its own.
type expiring[V any] struct {
	life    time.Duration
	most    int
	entries map[string]entry[V]
	queue   []queued // oldest first; may name entries that are gone or were replaced
}

type entry[V any] struct {
	value V
	until time.Time // zero for ever
}

type queued struct {
	key   string
	until time.Time
}

func newExpiring[V any](life time.Duration, most int) *expiring[V] {
	return &expiring[V]{life: life, most: most, entries: map[string]entry[V]{}}
}

// put stores a value, in place of an older one under the same key.
func (e *expiring[V]) put(now time.Time, key string, value V) {
	for len(e.queue) > 0 && (len(e.queue) >= e.most || now.After(e.queue[0].until)) {
		if old, ok := e.entries[e.queue[0].key]; ok && old.until.Equal(e.queue[0].until) {
			delete(e.entries, e.queue[0].key)
		}
		e.queue = e.queue[1:]
	}
	until := now.Add(e.life)
	e.entries[key] = entry[V]{value, until}
	e.queue = append(e.queue, queued{key, until})
}

// putForever stores a value that neither ages nor counts.
func (e *expiring[V]) putForever(key string, value V) {
	e.entries[key] = entry[V]{value: value}
}

// get returns the value under a key, and whether it is there and has not expired.
func (e *expiring[V]) get(now time.Time, key string) (V, bool) {
	found, ok := e.entries[key]
	if !ok || !found.until.IsZero() && now.After(found.until) {
		var none V
		return none, false
	}
	return found.value, true
}

// remove forgets a key.
func (e *expiring[V]) remove(key string) { delete(e.entries, key) }
