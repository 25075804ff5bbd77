package config

import "oauth-test-client/internal/redact"

// Hide takes the client secret, and nothing else, out of what a server says: it may repeat what it was
// sent. It is for text from outside, whole: what has been cut short no longer holds the secret as it
// was, and our own sentences may hold a secret that is a common word.
func (c Config) Hide(text string) string {
	t := redact.Read(text)
	t.ReplaceClient(c.ClientID, c.ClientSecret, redact.Redacted)
	t.ReplaceClient(c.OtherClientID, c.OtherClientSecret, redact.Redacted)
	return t.String()
}
