package config

import (
	"encoding/base64"
	"testing"

	"oauth-test-client/internal/redact"
)

// The client secret is hidden as it should be sent, and as some servers repeat it; nothing else is.
func TestHide(t *testing.T) {
	cfg := Config{ClientID: "a-client", ClientSecret: "s/ecret's"}
	for _, credentials := range []string{"a-client:s%2Fecret%27s", "a-client:s/ecret's"} {
		header := "Basic " + base64.StdEncoding.EncodeToString([]byte(credentials))
		if got := cfg.Hide(header); got != "Basic "+redact.Redacted {
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
		if got := cfg.Hide(text); got != want {
			t.Errorf("Hide(%q) = %q; want %q", text, got, want)
		}
	}
	if got := (Config{ClientSecret: "a"}).Hide("a plain answer"); got != "a plain answer" {
		t.Errorf("a short secret leaves %q", got)
	}
}

// The other client's secret is hidden as well, and no other pairing of the two is looked for.
func TestHideOther(t *testing.T) {
	cfg := Config{ClientID: "a", ClientSecret: "first-secret", OtherClientID: "b", OtherClientSecret: "other-secret"}
	basic := func(id, secret string) string { return base64.StdEncoding.EncodeToString([]byte(id + ":" + secret)) }
	got := cfg.Hide("first-secret other-secret " + basic("a", "first-secret") + " " + basic("b", "other-secret"))
	if want := "[redacted] [redacted] [redacted] [redacted]"; got != want {
		t.Errorf("hidden is %q; want %q", got, want)
	}
}
