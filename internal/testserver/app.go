package testserver

import (
	"bytes"
	"crypto/x509"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"

	"oauth-test-client/internal/config"
)

// App is an app under test, in this process or in another.
type App struct {
	Address string
	Cfg     config.Config
	Roots   *x509.CertPool // besides the system's
	Log     *Logbook
}

// NewApp returns an app on a port, and its complete environment: BASE_URL is http://127.0.0.1:PORT unless env sets it
// ("PORT" in a value stands for the port). At the end of the test, the log must contain no secret.
func NewApp(t *testing.T, port string, env map[string]string) (App, map[string]string) {
	t.Helper()
	full := map[string]string{"PORT": port, "BASE_URL": "http://127.0.0.1:" + port}
	maps.Copy(full, env)
	for name, value := range full {
		full[name] = strings.ReplaceAll(value, "PORT", port)
	}
	cfg, err := config.Load(func(name string) string { return full[name] }, "does-not-exist.env", false)
	if err != nil {
		t.Fatalf("configuration: %v", err)
	}
	roots, err := config.TrustedRoots(full["SSL_CERT_FILE"])
	if err != nil {
		t.Fatal(err)
	}
	a := App{Address: "http://127.0.0.1:" + full["PORT"], Cfg: cfg, Roots: roots, Log: new(Logbook)}
	a.Log.Secret(cfg.ClientSecret, cfg.SessionSecret, "fake-access-token", "fake-refresh-token")
	t.Cleanup(func() { a.Log.Check(t) })
	return a, full
}

// NoteTokens records the tokens of a JSON document as secrets.
func (a *App) NoteTokens(body string) {
	var tokens map[string]any
	if json.Unmarshal([]byte(body), &tokens) != nil {
		return
	}
	for _, name := range []string{"access_token", "refresh_token", "id_token"} {
		if token, ok := tokens[name].(string); ok {
			a.Log.Secret(token)
		}
	}
}

// Logbook is a log that can be read while it is written. At the end of the test, it must not contain any secret that the
// test recorded.
type Logbook struct {
	mu      sync.Mutex // guards the fields below
	text    bytes.Buffer
	secrets []string
}

func (l *Logbook) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *Logbook) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// Secret records values that must never be logged.
func (l *Logbook) Secret(values ...string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, v := range values {
		if v != "" {
			l.secrets = append(l.secrets, v)
		}
	}
}

// Secrets returns the values recorded so far.
func (l *Logbook) Secrets() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.secrets)
}

// Check fails the test if the log contains a secret.
func (l *Logbook) Check(t *testing.T) {
	t.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, secret := range l.secrets {
		if strings.Contains(l.text.String(), secret) {
			t.Errorf("the log holds the secret %q:\n%s", secret, l.text.String())
		}
	}
}
