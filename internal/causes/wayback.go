package causes

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"oauth-test-client/internal/config"
	"oauth-test-client/internal/wire"
)

// Unfinished is one reason why a login never came back, and what the user saw.
type Unfinished struct {
	Name      Name   `json:"name"`
	Heading   string `json:"heading"`
	LooksLike string `json:"looks_like"`
	Fix       string `json:"fix"`
}

// NeverCameBack lists the usual causes of a login that was started and did not come back, the most likely first. The
// user is still on the server's page, so only that page tells them apart. It leaves out what a check has ruled out:
// registered is when a check proved that the server accepts the client ID and the redirect URI, or zero. If a check
// found why logins fail on the way, that cause comes first.
func NeverCameBack(cfg config.Effective, began, registered time.Time, found Finding) []Unfinished {
	where := ProviderOf(cfg).At(RedirectURI)
	causes := []Unfinished{
		{RedirectURINotRegistered, "The redirect URI is not registered",
			"The server shows its own error page.",
			"Register " + cfg.RedirectURI() + " (" + where + "). If it is registered, CLIENT_ID may be wrong. The checks usually tell which one it is."},
		{FormActionBlocksReturn, "The server's page blocks the way back",
			"You press Allow or Sign in, and nothing happens. The browser's console says form-action.",
			"On the server, add " + returnOrigin(cfg) + " to form-action in its Content-Security-Policy. Firefox does not block."},
		{HostChangedOnTheWayBack, "The browser came back on a different host name",
			"The browser shows an error, or this app says “No sign-in in progress”. The address bar has, for example, 127.0.0.1 instead of localhost.",
			"Register " + cfg.RedirectURI() + ", or set BASE_URL to the host that is registered."},
		{LoginNeverCameBack, "You closed the tab, or are still signing in",
			"Nothing is wrong.",
			"Sign in again, or finish in the other tab."},
	}
	if cfg.Registered() { // with exactly our redirect URI
		causes[0] = Unfinished{LoginNeverCameBack, "The server lost this client's registration",
			"The server shows its own error page. It may have restarted.", "Restart this app. The next sign-in registers a new client."}
	}
	if !registered.IsZero() {
		causes[2].Fix = "Set BASE_URL to the host name that the address bar shows, or remove the redirect URI with that host name on the server."
	}
	if cfg.CallbackIsPasted() {
		causes = slices.Delete(causes, 2, 3) // no host of ours to come back to
	}
	switch {
	case registered.IsZero(), cfg.Registered(): // the server may have lost the registration since
	case registered.Before(began):
		causes[0] = causes[len(causes)-1]
		causes = causes[:len(causes)-1]
	default: // it may have been registered after the login began
		causes = append(causes[1:], causes[0])
	}
	if found.Name == "" {
		return causes
	}
	first := Unfinished{found.Name, found.Name.Title(), "The server shows its own error page, or nothing.", "The checks found this."}
	switch i := slices.IndexFunc(causes, func(c Unfinished) bool { return c.Name == found.Name }); {
	case found.Name == RedirectURINotRegistered:
		first.Fix += " Register " + cfg.RedirectURI() + " (" + where + ")."
		causes = slices.DeleteFunc(causes, func(c Unfinished) bool { return c.Name == found.Name })
	case i >= 0:
		first = causes[i]
		causes = slices.Delete(causes, i, i+1)
	case found.Check == "redirect_uri": // the redirect URI was compared, and is not what is refused
		causes = slices.DeleteFunc(causes, func(c Unfinished) bool { return c.Name == RedirectURINotRegistered })
	}
	return slices.Insert(causes, 0, first)
}

// UnknownState says why a response belongs to no login of the browser that brought it, and what to do. The response arrived
// at host; cookie says whether the browser sent any cookie. An empty response is an address that was opened by hand.
func UnknownState(cfg config.Effective, host string, response url.Values, cookie bool) (cause Name, description, hint string) {
	base, err := url.Parse(cfg.BaseURL)
	local := err == nil && config.IsLoopback(base.Hostname()) // a proxy may send us another of our names
	description = "This login was not started in this browser, was finished already, or is older than ten minutes."
	switch {
	case response.Get("state") == "" && len(response) > 0:
		return LoginNotKnown, "The authorization response has no state, so this app can't tell which login it belongs to.",
			"Start a new login. If your server just sent you here, it left out state (RFC 6749 section 4.1.2): fix that on the server."
	case len(response) == 0:
		return LoginNotKnown, "Your server sends the browser to this page after sign-in. If it did just now, its response is missing, or comes after a #.",
			"Start a new login. If the response is missing again, read the server's log."
	case local && cfg.CallbackIsPasted() && !strings.EqualFold(host, base.Host):
		return HostChangedOnTheWayBack, fmt.Sprintf("The login started on %s, and the address was pasted on %s, where the cookie of the login is not sent.",
			base.Host, wire.Clip(host, 80)), "Open " + cfg.BaseURL + " and paste it there."
	case local && !strings.EqualFold(host, base.Host):
		return HostChangedOnTheWayBack, fmt.Sprintf("The login started on %s and came back on %s, where the cookie of the "+
				"login is not sent.", base.Host, wire.Clip(host, 80)),
			"Register the redirect URI " + cfg.RedirectURI() + " exactly, or set BASE_URL to the host that is registered."
	case !cookie:
		return LoginNotKnown, description, "The browser sent no cookie at all: if cookies are blocked for this site, allow them. Then start a new login."
	}
	return LoginNotKnown, description, "Start a new login."
}

// FormPosted explains a form that a different site sent to the callback, and what to do. The sender is unknown, so the
// description says what is known and what is likely.
func FormPosted(cfg config.Effective) (advice Advice, description string) {
	row := Of(FormPostRequired)
	fix := row.fix(Facts{Cfg: cfg})
	return Advice{Name: FormPostRequired, Heading: row.Title, Setting: row.Setting, Remedy: fix, Hint: fix.Text, Server: ProviderOf(cfg).The()},
		"A form from another site came to this page. If you come from your server's page, it sent its response with response_mode=form_post. " +
			"This app read nothing of the form. A login that you started is still waiting, for ten minutes at most."
}

// InFragment says what to do about a response in the fragment, which no server sees (RFC 3986 section 3.5).
func InFragment(cfg config.Effective) *Unfinished {
	row := Of(ResponseInFragment)
	return &Unfinished{Name: row.Name, Heading: row.Title, Fix: row.fix(Facts{Cfg: cfg}).Text}
}
