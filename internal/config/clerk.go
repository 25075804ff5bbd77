package config

import (
	"encoding/base64"
	"errors"
	"net/url"
	"strings"
)

// issuerFromKey decodes a Clerk publishable key: pk_test_ or pk_live_, then base64 (padding
// optional) of the Frontend API host and a "$". The issuer is https:// and that host.
func issuerFromKey(key string) (string, error) {
	if strings.HasPrefix(key, "sk_") {
		return "", errors.New("holds a secret key (sk_…); this app never needs it: copy the publishable key (pk_…) from the dashboard's " +
			"API keys page, and rotate the secret key if it was shared")
	}
	encoded, ok := strings.CutPrefix(key, "pk_test_")
	if !ok {
		encoded, ok = strings.CutPrefix(key, "pk_live_")
	}
	if !ok {
		return "", errors.New("does not begin with pk_test_ or pk_live_; copy the publishable key from the dashboard's API keys page")
	}
	if isPlaceholder(encoded) {
		return "", errors.New("holds a placeholder; copy the publishable key from the dashboard's API keys page, " +
			"or set ISSUER instead for another server than Clerk, or remove the three lines for demo mode")
	}
	decoded, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(encoded, "="))
	host, whole := strings.CutSuffix(string(decoded), "$")
	if err != nil || !whole {
		return "", errors.New("is cut short or mistyped: it does not decode to a host name; copy it again, to its last character")
	}
	if u, err := url.Parse("https://" + host); err != nil || u.Host != host || !hostname.MatchString(u.Hostname()) {
		return "", errors.New("decodes to something that is not a host name; copy it again from the dashboard's API keys page")
	}
	return "https://" + host, nil
}

// isClerkHost recognises the hosts of Clerk's development instances; a production instance has
// its owner's host name and is known by its publishable key alone.
func isClerkHost(host string) bool {
	return strings.HasSuffix(host, ".clerk.accounts.dev") || strings.HasSuffix(host, ".lclclerk.com") || host == "clerk.clerk.dev"
}
