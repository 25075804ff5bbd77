package session

import (
	"container/list"
	"crypto/rand"
	"net/http"
	"sync"
	"time"

	"github.com/gorilla/sessions"
)

// What the sessions of this process may cost at most.
const (
	maxSessions = 20_000
	maxBytes    = 96 << 20 // of tokens and recorded exchanges, over all sessions; see limitMemory
)

// memoryStore is a sessions.Store that keeps the logins of sessions in this process, bounded in
// number, age and bytes. A cookie store would not do: real token responses outgrow the 4096 bytes of a cookie.
type memoryStore struct {
	now     func() time.Time
	options sessions.Options

	mu    sync.Mutex // guards the fields below
	byID  map[string]*list.Element
	order *list.List // of *storedSession, the one that was saved longest ago first
	bytes int
	swept time.Time // when the expired ones were last looked for
}

type storedSession struct {
	id     string
	logins []*Login
	until  time.Time
	bytes  int
}

func newMemoryStore(now func() time.Time, options sessions.Options) *memoryStore {
	return &memoryStore{now: now, options: options, byID: map[string]*list.Element{}, order: list.New()}
}

// Get implements sessions.Store.
func (m *memoryStore) Get(r *http.Request, name string) (*sessions.Session, error) {
	return sessions.GetRegistry(r).Get(m, name)
}

// New implements sessions.Store: it returns the session of the request's cookie, or a new one.
func (m *memoryStore) New(r *http.Request, name string) (*sessions.Session, error) {
	session := sessions.NewSession(m, name)
	options := m.options
	session.Options = &options
	session.IsNew = true
	cookie, err := r.Cookie(name)
	if err != nil {
		return session, nil
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.sweep()
	element, ok := m.byID[cookie.Value]
	if !ok {
		return session, nil
	}
	stored := element.Value.(*storedSession)
	session.ID, session.IsNew = stored.id, false
	session.Values[loginsKey] = stored.logins
	return session, nil
}

// Save implements sessions.Store. A negative MaxAge deletes the session.
func (m *memoryStore) Save(_ *http.Request, w http.ResponseWriter, session *sessions.Session) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.sweep()
	m.remove(m.byID[session.ID])
	if session.Options.MaxAge < 0 {
		http.SetCookie(w, sessions.NewCookie(session.Name(), "", session.Options))
		return nil
	}
	if session.ID == "" {
		session.ID = rand.Text() + rand.Text() // 260 bits
	}
	stored := &storedSession{id: session.ID, until: m.now().Add(time.Duration(session.Options.MaxAge) * time.Second)}
	stored.logins, _ = session.Values[loginsKey].([]*Login)
	for _, l := range stored.logins {
		stored.bytes += l.size()
	}
	m.byID[stored.id] = m.order.PushBack(stored)
	m.bytes += stored.bytes
	for m.order.Len() > 1 && (m.order.Len() > maxSessions || m.bytes > maxBytes) {
		m.remove(m.order.Front())
	}
	http.SetCookie(w, sessions.NewCookie(session.Name(), session.ID, session.Options))
	return nil
}

// remove forgets a session; a nil element is none. The caller holds the lock.
func (m *memoryStore) remove(element *list.Element) {
	if element == nil {
		return
	}
	stored := m.order.Remove(element).(*storedSession)
	delete(m.byID, stored.id)
	m.bytes -= stored.bytes
}

// sweep forgets the sessions that have expired, once a minute at most. The caller holds the lock.
func (m *memoryStore) sweep() {
	now := m.now()
	if now.Sub(m.swept) < time.Minute {
		return
	}
	m.swept = now
	for element := m.order.Front(); element != nil; {
		next := element.Next()
		if now.After(element.Value.(*storedSession).until) {
			m.remove(element)
		}
		element = next
	}
}
