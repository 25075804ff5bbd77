package session

import (
	"bytes"
	"container/list"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/gob"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/boj/redistore"
	"github.com/gomodule/redigo/redis"
	"github.com/gorilla/sessions"

	"oauth-test-client/internal/config"
	"oauth-test-client/internal/wire"
)

// The maximum memory for the sessions of this process.
const (
	maxSessions = 20_000
	maxBytes    = 96 << 20 // of tokens and recorded exchanges, over all sessions; see limitMemory
)

// memoryStore is a sessions.Store that keeps the logins of sessions in this process, limited in number, age and bytes. A
// cookie store is too small: real token responses exceed the 4096 bytes of a cookie.
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

// remove deletes a session. A nil element is ignored. The caller holds the lock.
func (m *memoryStore) remove(element *list.Element) {
	if element == nil {
		return
	}
	stored := m.order.Remove(element).(*storedSession)
	delete(m.byID, stored.id)
	m.bytes -= stored.bytes
}

// sweep deletes expired sessions, at most once a minute. The caller holds the lock.
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

// maxStored is the maximum size of a session in Redis, in bytes: maxLogins logins of maxStepsSize each, and some more.
const maxStored = 32 << 20

// newRedisStore returns a sessions.Store in Redis, which several processes can share. The value of a session is encrypted,
// and expires there. The error is one line that names the variable.
func newRedisStore(address string, roots *x509.CertPool, options sessions.Options, cookieKey []byte, values aead) (sessions.Store, error) {
	store, err := redistore.NewRediStoreWithPool(redisPool(address, roots), cookieKey)
	if err != nil {
		return nil, fmt.Errorf("SESSION_STORE: %s %s; check that Redis runs there, with TLS for rediss:// and without for redis://, or "+
			"remove the line to keep sessions in this process", config.WithoutUser(address), redisFault(err))
	}
	return keepIn(store, options, values), nil
}

// keepIn sets the options of a store in Redis: the lifetime, the size limit, the key prefix and the encryption.
func keepIn(store *redistore.RediStore, options sessions.Options, values aead) *redistore.RediStore {
	store.Options = &options
	store.SetMaxAge(options.MaxAge) // of the session in Redis, too
	store.SetMaxLength(maxStored)
	store.SetKeyPrefix("oauth_test_client:")
	store.SetSerializer(sealed{values})
	return store
}

// redisPool keeps connections to Redis. Each answer must come within wire.Timeout.
func redisPool(address string, roots *x509.CertPool) *redis.Pool {
	dial := func() (redis.Conn, error) {
		return redis.DialURL(address, redis.DialConnectTimeout(wire.Timeout), redis.DialReadTimeout(wire.Timeout), redis.DialWriteTimeout(wire.Timeout),
			redis.DialTLSConfig(&tls.Config{RootCAs: roots}))
	}
	alive := func(c redis.Conn, since time.Time) error {
		if time.Since(since) < time.Second {
			return nil
		}
		_, err := c.Do("PING") // it may have been closed while it was idle
		return err
	}
	return &redis.Pool{MaxIdle: 64, IdleTimeout: 4 * time.Minute, Dial: dial, TestOnBorrow: alive}
}

// errUnreadable is the error of a session in Redis that was not written with this SESSION_SECRET, or was changed.
var errUnreadable = errors.New("holds a session that cannot be decrypted")

// sealed writes a session's logins for Redis: as gob, encrypted. The result can be decrypted only for the same session.
type sealed struct{ aead }

// Serialize implements redistore.SessionSerializer.
func (s sealed) Serialize(session *sessions.Session) ([]byte, error) {
	var plain bytes.Buffer
	if err := gob.NewEncoder(&plain).Encode(session.Values[loginsKey]); err != nil {
		return nil, err
	}
	return s.close(plain.Bytes(), session.ID), nil
}

// Deserialize implements redistore.SessionSerializer.
func (s sealed) Deserialize(value []byte, session *sessions.Session) error {
	plain, err := s.open(value, session.ID)
	if err != nil {
		return errUnreadable
	}
	var logins []*Login
	if err := gob.NewDecoder(bytes.NewReader(plain)).Decode(&logins); err != nil {
		return errUnreadable // it was written by another version
	}
	session.Values[loginsKey] = logins
	return nil
}

// redisFault says in one plain sentence what is wrong with Redis, in Redis's own words if there are any.
func redisFault(err error) string {
	if theirs, ok := errors.AsType[redis.Error](err); ok {
		return fmt.Sprintf("says %q", wire.Clip(theirs.Error(), 200))
	}
	return wire.Fault(err)
}

// unavailable returns the error of reading or writing a session.
func unavailable(err error) error {
	return fmt.Errorf("%w %s", ErrUnavailable, redisFault(err))
}

// keys holds the keys derived from the session secret, one for each use (RFC 5869 section 3.2).
type keys struct{ pending, waiting, cookie, values []byte }

func newKeys(secret string) keys {
	derive := func(use string) []byte {
		key, _ := hkdf.Key(sha256.New, []byte(secret), nil, use, 32) // fails for far longer keys only
		return key
	}
	return keys{pending: derive("pending login"), waiting: derive("waiting login"), cookie: derive("session cookie"), values: derive("session store")}
}

// aead encrypts and authenticates (AEAD). What it encrypts for a name can be decrypted only for the same name.
type aead struct{ gcm cipher.AEAD }

func newAEAD(key []byte) (aead, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return aead{}, err
	}
	gcm, err := cipher.NewGCMWithRandomNonce(block)
	return aead{gcm}, err
}

func (s aead) close(plain []byte, name string) []byte {
	return s.gcm.Seal(nil, nil, plain, []byte(name))
}

func (s aead) open(closed []byte, name string) ([]byte, error) {
	return s.gcm.Open(nil, nil, closed, []byte(name))
}

// ttlMap stores a limited number of values by key, for a while. Beyond the limit, it drops the oldest.
type ttlMap[V any] struct {
	now  func() time.Time
	age  time.Duration
	most int

	weigh func(V) int // how much of the room a value takes; nil for none
	room  int

	mu     sync.Mutex // guards the fields below
	values map[string]ttlValue[V]
	queue  []ttlKey // oldest first
	weight int      // of all values
}

type ttlValue[V any] struct {
	value V
	until time.Time
}

type ttlKey struct {
	key   string
	until time.Time
}

func newTTLMap[V any](now func() time.Time, age time.Duration, most int) *ttlMap[V] {
	return &ttlMap[V]{now: now, age: age, most: most, values: map[string]ttlValue[V]{}}
}

// add stores a value. If the key has one already, it changes nothing and returns false.
func (e *ttlMap[V]) add(key string, value V) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.sweep()
	if _, ok := e.values[key]; ok {
		return false
	}
	e.put(key, value)
	return true
}

// set stores a value, and replaces the key's old one.
func (e *ttlMap[V]) set(key string, value V) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.sweep()
	e.put(key, value)
}

// get returns the value of a key while it is stored.
func (e *ttlMap[V]) get(key string) (value V, ok bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.sweep()
	found, ok := e.values[key]
	return found.value, ok
}

func (e *ttlMap[V]) put(key string, value V) {
	until := e.now().Add(e.age)
	e.forget(key)
	e.values[key] = ttlValue[V]{value, until}
	e.weight += e.weightOf(value)
	e.queue = append(e.queue, ttlKey{key, until})
	for len(e.queue) > e.most || e.weight > e.room && len(e.queue) > 0 {
		e.dropOldest()
	}
}

// forget deletes a value. The caller holds the lock.
func (e *ttlMap[V]) forget(key string) {
	if old, ok := e.values[key]; ok {
		e.weight -= e.weightOf(old.value)
		delete(e.values, key)
	}
}

func (e *ttlMap[V]) weightOf(value V) int {
	if e.weigh == nil {
		return 0
	}
	return e.weigh(value)
}

// sweep deletes the values that are too old. The caller holds the lock, as for put and dropOldest.
func (e *ttlMap[V]) sweep() {
	now := e.now()
	for len(e.queue) > 0 && now.After(e.queue[0].until) {
		e.dropOldest()
	}
}

func (e *ttlMap[V]) dropOldest() {
	oldest := e.queue[0]
	e.queue = e.queue[1:]
	if e.values[oldest.key].until.Equal(oldest.until) { // it was not set anew since
		e.forget(oldest.key)
	}
}
