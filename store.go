package main

import (
	"bytes"
	"container/list"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/gob"
	"errors"
	"fmt"
	"net/http"
	"oauth-test-client/internal/config"
	"oauth-test-client/internal/wire"
	"sync"
	"time"

	"github.com/boj/redistore"
	"github.com/gomodule/redigo/redis"
	"github.com/gorilla/sessions"
)

// What the sessions of this process may cost at most.
const (
	maxSessions = 20_000
	maxBytes    = 96 << 20 // of tokens and recorded exchanges, over all sessions; see limitMemory
)

// The most bytes of a session in Redis: maxLogins logins of maxFlow each, and what is around them.
const maxStored = 32 << 20

// memoryStore is a sessions.Store that keeps the logins of sessions in this process, bounded in
// number, age and bytes. A cookie store would not do: real token responses outgrow the 4096 bytes of a cookie.
type memoryStore struct {
	now     func() time.Time
	options sessions.Options

	mu    sync.Mutex // guards the fields below
	byID  map[string]*list.Element
	order *list.List // of *storedSession, oldest first
	bytes int
}

type storedSession struct {
	id     string
	logins []*login
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
	element, ok := m.byID[cookie.Value]
	if !ok || m.now().After(element.Value.(*storedSession).until) {
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
	m.remove(m.byID[session.ID])
	if session.Options.MaxAge < 0 {
		http.SetCookie(w, sessions.NewCookie(session.Name(), "", session.Options))
		return nil
	}
	if session.ID == "" {
		session.ID = rand.Text() + rand.Text() // 260 bits
	}
	stored := &storedSession{id: session.ID, until: m.now().Add(sessionAge)}
	stored.logins, _ = session.Values[loginsKey].([]*login)
	for _, l := range stored.logins {
		stored.bytes += l.bytes()
	}
	m.byID[stored.id] = m.order.PushBack(stored)
	m.bytes += stored.bytes
	for m.order.Len() > 1 && (m.order.Len() > maxSessions || m.bytes > maxBytes || m.now().After(m.order.Front().Value.(*storedSession).until)) {
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

// newRedisStore is a sessions.Store in Redis, which several processes share. The value of a session is
// encrypted, and expires there. The error is one line that names the variable.
func newRedisStore(address string, roots *x509.CertPool, options sessions.Options, cookieKey, valueKey []byte) (sessions.Store, error) {
	serializer, err := newSealed(valueKey)
	if err != nil {
		return nil, err
	}
	store, err := redistore.NewRediStoreWithPool(redisPool(address, roots), cookieKey)
	if err != nil {
		return nil, fmt.Errorf("SESSION_STORE: %s %s; see that Redis runs there, with TLS for rediss:// and without for redis://, or remove the line to keep sessions in this process", config.WithoutUser(address), storeFault(err))
	}
	store.Options = &options
	store.SetMaxAge(options.MaxAge) // of the session in Redis, too
	store.SetMaxLength(maxStored)
	store.SetKeyPrefix("oauth_test_client:")
	store.SetSerializer(serializer)
	return store, nil
}

// redisPool keeps connections to a Redis, each answer of which has wireTimeout to come.
func redisPool(address string, roots *x509.CertPool) *redis.Pool {
	dial := func() (redis.Conn, error) {
		return redis.DialURL(address, redis.DialConnectTimeout(wire.Timeout), redis.DialReadTimeout(wire.Timeout), redis.DialWriteTimeout(wire.Timeout),
			redis.DialTLSConfig(&tls.Config{RootCAs: roots}))
	}
	alive := func(c redis.Conn, since time.Time) error {
		if time.Since(since) < time.Second {
			return nil
		}
		_, err := c.Do("PING") // it may have been closed while nobody used it
		return err
	}
	return &redis.Pool{MaxIdle: 64, IdleTimeout: 4 * time.Minute, Dial: dial, TestOnBorrow: alive}
}

// errUnreadable is a session in Redis that was not written with this SESSION_SECRET, or was changed.
var errUnreadable = errors.New("holds a session that cannot be decrypted")

// sealed writes a session's logins for Redis: as gob, encrypted. What is sealed for one session opens
// for that session only.
type sealed struct{ aead cipher.AEAD }

func newSealed(key []byte) (sealed, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return sealed{}, err
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	return sealed{aead}, err
}

// Serialize implements redistore.SessionSerializer.
func (s sealed) Serialize(session *sessions.Session) ([]byte, error) {
	var plain bytes.Buffer
	if err := gob.NewEncoder(&plain).Encode(loginsOf(session)); err != nil {
		return nil, err
	}
	return s.aead.Seal(nil, nil, plain.Bytes(), []byte(session.ID)), nil
}

// Deserialize implements redistore.SessionSerializer.
func (s sealed) Deserialize(value []byte, session *sessions.Session) error {
	plain, err := s.aead.Open(nil, nil, value, []byte(session.ID))
	if err != nil {
		return errUnreadable
	}
	var logins []*login
	if err := gob.NewDecoder(bytes.NewReader(plain)).Decode(&logins); err != nil {
		return errUnreadable // it was written by another version
	}
	session.Values[loginsKey] = logins
	return nil
}

// storeFault says in one plain sentence what is wrong with Redis, in its own words where it has some.
func storeFault(err error) string {
	if theirs, ok := errors.AsType[redis.Error](err); ok {
		return fmt.Sprintf("says %q", wire.Clip(theirs.Error(), 200))
	}
	return wire.Fault(err)
}

// storeFailed is the failure of reading or writing a session.
func storeFailed(err error) *failure {
	return &failure{Status: http.StatusServiceUnavailable, Code: "session_store_failed",
		Description: "The session store " + storeFault(err) + ".",
		Hint:        "The sessions are in the Redis that SESSION_STORE names. See that it runs; when it answers again, reload this page."}
}
