package check

import (
	"strings"
	"testing"
	"time"

	"oauth-test-client/internal/causes"
	"oauth-test-client/internal/config"
	"oauth-test-client/internal/testserver"
	"oauth-test-client/internal/wire"
)

// checksOf makes every check with an environment.
func checksOf(t *testing.T, values map[string]string) Report {
	t.Helper()
	roots, err := config.TrustedRoots(values["SSL_CERT_FILE"])
	if err != nil {
		t.Fatal(err)
	}
	w := wire.New(roots, time.Now)
	t.Cleanup(w.CloseIdleConnections)
	return Run(t.Context(), testserver.ConfigOf(t, values), w, time.Now, func(string) {}, func(causes.Finding) {})
}

// firstFailing is the line that a person reads first.
func (r Report) firstFailing() causes.Finding {
	for _, f := range r.Checks {
		if f.Result == causes.Fail {
			return f
		}
	}
	return causes.Finding{}
}

func (r Report) String() string {
	var lines []string
	for _, f := range r.Checks {
		lines = append(lines, f.String())
	}
	return strings.Join(lines, "\n")
}
