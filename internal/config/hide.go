package config

import (
	"strings"

	"oauth-test-client/internal/redact"
)

// Hide takes the client secret, and what came with it at a registration, out of what a server says: it may repeat
// what it was sent. It is for text from outside, whole: what has been cut short no longer holds the secret as it
// was, and our own sentences may hold a secret that is a common word.
func (c Config) Hide(text string) string {
	t := redact.Read(text)
	c.mark(t)
	return t.String()
}

// HideNamed returns Hide for what is said of an answer: what the answer names as a secret is taken out, too. Of one
// that names more than anybody looks for nothing is said.
func (c Config) HideNamed(answer string) func(text string) string {
	values, all := redact.Secrets(answer)
	return func(text string) string {
		if !all && text != "" {
			return redact.Redacted
		}
		t := redact.Read(text)
		c.mark(t)
		for _, value := range values {
			t.Replace(value, redact.Redacted)
		}
		t.ReplaceNamed(redact.Redacted)
		return t.String()
	}
}

// mark marks what is ours and secret.
func (c Config) mark(t *redact.Text) {
	t.ReplaceClient(c.ClientID, c.ClientSecret, redact.Redacted)
	t.ReplaceClient(c.OtherClientID, c.OtherClientSecret, redact.Redacted)
	for _, value := range c.Issued {
		t.Replace(value, redact.Redacted)
	}
}

// Issued are the secrets in the answer to a registration. It reports false when they are more than is kept of one.
func Issued(answer string) (secrets []string, all bool) {
	const maxBytes = 16 << 10
	secrets, all = redact.Secrets(answer)
	return secrets, all && len(strings.Join(secrets, "")) <= maxBytes
}
