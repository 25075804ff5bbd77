package diagnose

import "oauth-test-client/internal/config"

// Cause is one reason why a login never came back, and what the user saw.
type Cause struct {
	Name      Name   `json:"name"`
	Heading   string `json:"heading"`
	LooksLike string `json:"looks_like"`
	Fix       string `json:"fix"`
}

// NeverCameBack lists the usual causes of a login that was begun and did not come back, the most likely
// first. The server keeps such a user, so what it shows is all there is to tell them apart by.
func NeverCameBack(cfg config.Config) []Cause {
	field := dashboardOf(cfg).Fields[RedirectURI]
	return []Cause{
		{RedirectURINotRegistered, "The redirect URI is not registered",
			"The server shows an error page of its own.",
			"Register " + cfg.RedirectURI() + " (" + field + "). Check tells, with many servers."},
		{FormActionBlocksReturn, "The server's page blocks the way back",
			"You press Allow or Sign in, and nothing happens. The browser's console says form-action.",
			"At the server, add " + cfg.BaseURL + " to form-action in its Content-Security-Policy. Firefox does not block."},
		{HostChangedOnTheWayBack, "The browser came back to another host name",
			"You land on a page that cannot be reached, or that does not know the login: 127.0.0.1 instead of localhost, say.",
			"Register " + cfg.RedirectURI() + ", or set BASE_URL to the host that is registered."},
		{LoginNeverCameBack, "You closed the tab, or are still signing in",
			"Nothing is wrong.",
			"Sign in again, or finish in the other tab."},
	}
}
