package check

import (
	"errors"
	"net/url"
	"strings"
	"testing"
	"time"

	"oauth-test-client/internal/causes"
	"oauth-test-client/internal/config"
	"oauth-test-client/internal/oauth"
	"oauth-test-client/internal/testserver"
	"oauth-test-client/internal/wire"
)

// A file with the authority's certificate helps where the authority is not known, and nowhere else: not against a
// certificate that has ended or ends soon, nor against one for another host.
func TestRun_CertificateLine(t *testing.T) {
	const day = 24 * time.Hour
	elsewhere := func(env map[string]string) map[string]string {
		cfg := testserver.ConfigOf(t, env)
		u, err := url.Parse(cfg.Issuer)
		if err != nil {
			t.Fatal(err)
		}
		return changed(env, "CLERK_PUBLISHABLE_KEY", "", "ISSUER", "https://other.localhost:"+u.Port())
	}
	for _, row := range []struct {
		name  string
		env   map[string]string
		words string
		helps bool
	}{
		{"an unknown authority", changed(startWithCertificate(t, 60*day), "SSL_CERT_FILE", ""), "does not know", true},
		{"it has ended", startWithCertificate(t, -time.Hour), "is valid from", false},
		{"it ends tomorrow", startWithCertificate(t, day), "valid for", false},
		{"it is for another host", elsewhere(startWithCertificate(t, 60*day)), `for other names than "other.localhost"`, false},
	} {
		t.Run(row.name, func(t *testing.T) {
			f := checksOf(t, row.env).Line("connection")
			if f.Name != causes.CertificateNotTrusted || !strings.Contains(f.Found, row.words) || strings.Contains(f.Remedy.Line, "SSL_CERT_FILE") != row.helps {
				t.Errorf("check: %s %q, %q", f, f.Name, f.Remedy.Line)
			}
			roots, err := config.TrustedRoots(row.env["SSL_CERT_FILE"])
			if err != nil {
				t.Fatal(err)
			}
			cfg := testserver.ConfigOf(t, row.env)
			_, err = oauth.New(cfg, wire.New(roots, time.Now), time.Now).Metadata(t.Context())
			e, failed := errors.AsType[*oauth.Error](err)
			if !failed {
				return // it is still good
			}
			if a := causes.Explain(cfg, "", nil, e); a.Name != causes.CertificateNotTrusted || strings.Contains(a.Remedy.Line, "SSL_CERT_FILE") != row.helps || !row.helps && a.Remedy.Line != "" {
				t.Errorf("login: %q, %q", a.Name, a.Remedy.Line)
			}
		})
	}
}
