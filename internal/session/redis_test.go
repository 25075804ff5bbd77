package session

import (
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/boj/redistore"
	"github.com/gomodule/redigo/redis"
	"github.com/gorilla/sessions"

	"oauth-test-client/internal/testserver"
)

// A session above the bound is not kept in Redis, and one below it is.
func TestRedisStore_Bounded(t *testing.T) {
	_, err := exec.LookPath("redis-server")
	testserver.Needs(t, os.Getenv, "redis-server", err)
	// No port: redistore is given connections to a socket that only this test knows.
	socket := filepath.Join(t.TempDir(), "redis.sock")
	server := exec.Command("redis-server", "--port", "0", "--unixsocket", socket, "--save", "", "--dir", t.TempDir())
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { server.Process.Kill(); server.Wait() })
	pool := &redis.Pool{Dial: func() (redis.Conn, error) { return redis.Dial("unix", socket) }}
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		if c := pool.Get(); c.Err() == nil {
			c.Close()
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("redis-server does not answer")
		}
	}
	backend, err := redistore.NewRediStoreWithPool(pool, []byte(strings.Repeat("k", 32)))
	if err != nil {
		t.Fatal(err)
	}
	values, err := newAEAD([]byte(strings.Repeat("s", 32)))
	if err != nil {
		t.Fatal(err)
	}
	store := keepIn(backend, sessions.Options{Path: "/", MaxAge: 60}, values)
	save := func(size int) error {
		session := sessions.NewSession(store, "session")
		session.Options = &sessions.Options{Path: "/", MaxAge: 60}
		session.Values[loginsKey] = []*Login{{Callback: strings.Repeat("c", size)}}
		return store.Save(httptest.NewRequest("GET", "/", nil), httptest.NewRecorder(), session)
	}
	if err := save(1 << 20); err != nil {
		t.Errorf("a session of 1 MB: %v; want it kept", err)
	}
	if err := save(maxStored + 1); err == nil {
		t.Error("a session above the bound was kept")
	}
}

// A Redis that cannot be reached is named without its password.
func TestRedisStore_HidesPassword(t *testing.T) {
	_, err := newRedisStore("redis://user:redis-password@127.0.0.1:1/0", nil, sessions.Options{}, nil, aead{})
	if err == nil || strings.Contains(err.Error(), "redis-password") ||
		!strings.Contains(err.Error(), "SESSION_STORE: redis://127.0.0.1:1/0 refused the connection") {
		t.Errorf("the error is %v", err)
	}
}
