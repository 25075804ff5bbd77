package testserver

import (
	"bytes"
	"crypto/x509"
	"encoding/json"
	"slices"
	"strings"
	"sync"
	"testing"

	"oauth-test-client/internal/config"
)

// App is an app that a browser talks to, in this process or in another.
type App struct {
	Address string
	Cfg     config.Config
	Roots   *x509.CertPool // besides the system's
	Log     *Logbook
}

// Logbook is a log that can be read while it is written. At the end of the test it must hold none
// of the secrets that the test came across.
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

// Secret notes values that must never be logged.
func (l *Logbook) Secret(values ...string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, v := range values {
		if v != "" {
			l.secrets = append(l.secrets, v)
		}
	}
}

// Secrets are the values noted so far.
func (l *Logbook) Secrets() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.secrets)
}

// Check fails the test when the log holds a secret.
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

// NoteTokens notes the tokens of a JSON document as secrets.
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
