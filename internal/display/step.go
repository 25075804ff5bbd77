package display

import (
	"net/url"
	"time"

	"oauth-test-client/internal/flow"
	"oauth-test-client/internal/oauth"
	"oauth-test-client/internal/wire"
)

// AfterToken are the steps of a login that follow the token request.
func AfterToken(request *oauth.Request) []wire.Purpose {
	if request.Nonce == "" {
		return []wire.Purpose{wire.API}
	}
	return []wire.Purpose{wire.Keys, wire.IDTokenCheck, wire.API}
}

// Waited is how long a code has been waiting, in words.
func Waited(d time.Duration) string {
	if d < time.Second {
		return "less than a second"
	}
	return flow.Duration(d.Truncate(time.Second))
}

// HostOf is the host of an address, or "" when it has none.
func HostOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return u.Host
}
