package config

import (
	"encoding/base64"
	"fmt"
	"strings"
	"testing"

	"oauth-test-client/internal/redact"
)

// The client secret is hidden as it should be sent, and as some servers repeat it; nothing else is.
func TestRedact_ClientSecret(t *testing.T) {
	cfg := Config{ClientID: "a-client", ClientSecret: "s/ecret's"}.Effective()
	for _, credentials := range []string{"a-client:s%2Fecret%27s", "a-client:s/ecret's"} {
		header := "Basic " + base64.StdEncoding.EncodeToString([]byte(credentials))
		if got := cfg.Redact(header); got != "Basic "+redact.Redacted {
			t.Errorf("%q is left of %q", got, header)
		}
	}
	for text, want := range map[string]string{
		"you sent s/ecret's.":            "you sent [redacted].",
		"client_secret=s%2Fecret%27s&a":  "client_secret=[redacted]&a",
		"a secret":                       "a secret",
		`{"you":"sent s\/ecret\u0027s"}`: `{"you":"sent [redacted]"}`,
		"<p>s&#47;ecret&#39;s</p>":       "<p>[redacted]</p>",
		"?client_secret=s%2fecret%27s":   "?client_secret=[redacted]",
	} {
		if got := cfg.Redact(text); got != want {
			t.Errorf("Redact(%q) = %q; want %q", text, got, want)
		}
	}
	if got := (Config{ClientSecret: "a"}).Effective().Redact("a plain answer"); got != "a plain answer" {
		t.Errorf("a short secret leaves %q", got)
	}
}

// The other client's secret is hidden as well, and no other pairing of the two is looked for.
func TestRedact_Other(t *testing.T) {
	cfg := Config{ClientID: "a", ClientSecret: "first-secret", OtherClientID: "b", OtherClientSecret: "other-secret"}.Effective()
	basic := func(id, secret string) string { return base64.StdEncoding.EncodeToString([]byte(id + ":" + secret)) }
	got := cfg.Redact("first-secret other-secret " + basic("a", "first-secret") + " " + basic("b", "other-secret"))
	if want := "[redacted] [redacted] [redacted] [redacted]"; got != want {
		t.Errorf("hidden is %q; want %q", got, want)
	}
}

// What came with a registration is hidden like the client secret.
func TestRedact_Issued(t *testing.T) {
	cfg := Config{}.Effective().With(Found{Client: &RegisteredClient{"a-client", "a-secret-1", MethodBasic, []string{"a-token/2"}}})
	if got, want := cfg.Redact(`a-secret-1 and a-token\/2 of a-client`), "[redacted] and [redacted] of a-client"; got != want {
		t.Errorf("hidden is %q; want %q", got, want)
	}
}

// A text about an answer loses the secrets that the answer names, and ours. If the answer names more than are looked for,
// the whole text is removed.
func TestRedactNamed(t *testing.T) {
	cfg := Config{ClientID: "a-client", ClientSecret: "a-secret-1"}.Effective()
	for _, row := range []struct{ answer, text, want string }{
		{`{"client_secret":"theirs-1"}`, "theirs-1 is not a-secret-1", "[redacted] is not [redacted]"},
		{`{"client_secret":"a-secret-1-and-more"}`, "it is a-secret-1-and-more", "it is [redacted]"},
		{`{"client_secret":"theirs-1"`, `{"client_secret":"ab1"}`, `{"client_secret":"[redacted]"}`},
		{`{"client_id":"theirs-1"}`, "theirs-1 is taken", "theirs-1 is taken"},
		{"token=" + strings.Join(numbered(100), "&token="), "whatever it says", "[redacted]"},
		{"token=" + strings.Join(numbered(100), "&token="), "", ""},
	} {
		if got := cfg.RedactNamed(row.answer)(row.text); got != row.want {
			t.Errorf("of %.60s is said %q; want %q", row.answer, got, row.want)
		}
	}
}

// What is kept of a registration is bounded.
func TestIssued_Bounded(t *testing.T) {
	for answer, want := range map[string]bool{
		`{"client_secret":"` + strings.Repeat("x", 16<<10) + `"}`:   true,
		`{"client_secret":"` + strings.Repeat("x", 16<<10+1) + `"}`: false,
		"token=" + strings.Join(numbered(100), "&token="):           false,
	} {
		if _, all := Issued(answer); all != want {
			t.Errorf("of %.60s all is kept: %t", answer, all)
		}
	}
}

func numbered(n int) []string {
	var values []string
	for i := range n {
		values = append(values, fmt.Sprintf("value-%d", i))
	}
	return values
}
