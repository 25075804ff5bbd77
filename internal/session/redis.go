package session

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/gob"
	"errors"
	"fmt"
	"time"

	"github.com/boj/redistore"
	"github.com/gomodule/redigo/redis"
	"github.com/gorilla/sessions"

	"oauth-test-client/internal/config"
	"oauth-test-client/internal/wire"
)

// The most bytes of a session in Redis: maxLogins logins of maxStepsSize each, and what is around them.
const maxStored = 32 << 20

// newRedisStore is a sessions.Store in Redis, which several processes share. The value of a session is
// encrypted, and expires there. The error is one line that names the variable.
func newRedisStore(address string, roots *x509.CertPool, options sessions.Options, cookieKey []byte, values seal) (sessions.Store, error) {
	store, err := redistore.NewRediStoreWithPool(redisPool(address, roots), cookieKey)
	if err != nil {
		return nil, fmt.Errorf("SESSION_STORE: %s %s; see that Redis runs there, with TLS for rediss:// and without for redis://, or "+
			"remove the line to keep sessions in this process", config.WithoutUser(address), redisFault(err))
	}
	return keepIn(store, options, values), nil
}

// keepIn sets what is ours about a store in Redis: how long, how much, under which keys, and sealed.
func keepIn(store *redistore.RediStore, options sessions.Options, values seal) *redistore.RediStore {
	store.Options = &options
	store.SetMaxAge(options.MaxAge) // of the session in Redis, too
	store.SetMaxLength(maxStored)
	store.SetKeyPrefix("oauth_test_client:")
	store.SetSerializer(sealed{values})
	return store
}

// redisPool keeps connections to a Redis, each answer of which has wire.Timeout to come.
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
type sealed struct{ seal }

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

// redisFault says in one plain sentence what is wrong with Redis, in its own words where it has some.
func redisFault(err error) string {
	if theirs, ok := errors.AsType[redis.Error](err); ok {
		return fmt.Sprintf("says %q", wire.Clip(theirs.Error(), 200))
	}
	return wire.Fault(err)
}

// unavailable is the error of reading or writing a session.
func unavailable(err error) error {
	return fmt.Errorf("%w %s", ErrUnavailable, redisFault(err))
}
