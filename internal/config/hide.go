package config

import (
	"encoding/base64"
	"encoding/json"
	"net/url"
	"strings"
)

// Redacted stands where a secret was.
const Redacted = "[redacted]"

// shortestHidden is the shortest secret that is taken out of text: taking every "a" out would say more
// than it hides.
const shortestHidden = 6

// Hide takes the client secret, and nothing else, out of what a server says: it may repeat what it was
// sent. It is for text from outside, whole: what has been cut short no longer holds the secret as it
// was, and our own sentences may hold a secret that is a common word.
func (c Config) Hide(text string) string {
	if len(c.ClientSecret) < shortestHidden {
		return text
	}
	for _, form := range c.secretForms() {
		text = strings.ReplaceAll(text, form, Redacted)
	}
	return text
}

// secretForms lists the client secret as it may stand in text: alone, and with the client ID as HTTP
// Basic sends them (RFC 6749 section 2.3.1).
func (c Config) secretForms() []string {
	secret := c.ClientSecret
	basic := func(id, secret string) string { return base64.StdEncoding.EncodeToString([]byte(id + ":" + secret)) }
	forms := []string{secret, url.QueryEscape(secret), url.PathEscape(secret),
		basic(c.ClientID, secret), basic(url.QueryEscape(c.ClientID), url.QueryEscape(secret))}
	if quoted, err := json.Marshal(secret); err == nil {
		forms = append(forms, string(quoted[1:len(quoted)-1]))
	}
	return forms
}
