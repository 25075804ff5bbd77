package demo

import (
	"testing"
	"time"
)

// What the server holds is bounded in number and age.
func TestTTLMap_Bounded(t *testing.T) {
	now := time.Now()
	e := newTTLMap[int](time.Minute, 3)
	for i, key := range []string{"a", "b", "c", "d"} {
		e.put(now, key, i)
	}
	if _, ok := e.get(now, "a"); ok || len(e.entries) != 3 {
		t.Errorf("the oldest of four is there, or %d entries instead of 3", len(e.entries))
	}
	if _, ok := e.get(now.Add(time.Minute+time.Second), "d"); ok {
		t.Error("an entry outlives its time")
	}
	e.put(now.Add(time.Second), "d", 9)
	e.put(now.Add(2*time.Second), "e", 10)
	e.put(now.Add(3*time.Second), "f", 11)
	if v, ok := e.get(now, "d"); !ok || v != 9 {
		t.Errorf("a value put again is %v %t; want the new one, with its new time", v, ok)
	}
	e.put(now.Add(time.Hour), "g", 12)
	if len(e.entries) != 1 || len(e.queue) != 1 {
		t.Errorf("%d entries and %d queued after all but one have expired", len(e.entries), len(e.queue))
	}
}
