package demo

import (
	"cmp"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"slices"
)

// SetUp is this server with one mistake in it, to be found by whoever tries to sign in. The zero value
// is the sound one.
type SetUp struct {
	Fault   Fault  // also its stable name
	With    Fault  // what else is on, where the fault does not show without it
	Sound   bool   // no mistake: a server may be like this, too
	Mistake string // what is wrong
	Looks   string // what is seen of it
	Fix     string // what has to be changed
}

// Broken reports a mistake.
func (o SetUp) Broken() bool { return o.Fault != "" && !o.Sound }

// SetUps are the riddles of the demo's page, in its order. They are numbered from one.
func SetUps() []SetUp {
	return []SetUp{
		{Fault: RedirectURISlash, Mistake: "The redirect URI is registered with a slash at its end.",
			Looks: "The server shows an error page and never comes back.",
			Fix:   "Register the redirect URI exactly as the client sends it."},
		{Fault: RedirectURIHost, Mistake: "The redirect URI is registered with another name of this machine, such as 127.0.0.1 for localhost.",
			Looks: "The server shows an error page and never comes back.", Fix: "Register the redirect URI exactly as the client sends it, or set BASE_URL."},
		{Fault: SecretWrong, Mistake: "The server has another client secret.",
			Looks: "Sign-in and consent work. Then the token endpoint answers 401 invalid_client.",
			Fix:   "Copy CLIENT_SECRET again."},
		{Fault: AuthMethodWrong, Mistake: "The client is registered for the other authentication method. The metadata does not say so.",
			Looks: "Sign-in and consent work. Then the token endpoint answers 401 invalid_client.", Fix: "Set TOKEN_ENDPOINT_AUTH_METHOD to the other method."},
		{Fault: ClientUnknown, Mistake: "The server has no client with this client ID.",
			Looks: "The server shows an error page, and the token endpoint answers 401 invalid_client.",
			Fix:   "Copy CLIENT_ID again."},
		{Fault: ScopeNotEnabled, Mistake: "The scope email is not enabled for the client.",
			Looks: "The browser comes back with invalid_scope, before anybody has signed in.",
			Fix:   "Enable the scope at the server, or take email out of SCOPES."},
		{Fault: IssuerSlash, Mistake: "The server's issuer has a slash at its end. The client's does not.",
			Looks: "The client finds the metadata and refuses it.",
			Fix:   "Write ISSUER exactly as the metadata has it."},
		{Fault: IDTokenSignature, Mistake: "The ID token is signed with another key than the published one.",
			Looks: "The client gets an ID token and refuses its signature.",
			Fix:   "Nothing at the client: the server has to publish the key that it signs with."},
		{Fault: AccessTokenAudience, Mistake: "The access token is for another API.",
			Looks: "The login works. The API answers 401 invalid_token.",
			Fix:   "Ask for a token for this API: its audience (aud) has to name it."},
		{Fault: ConsentNoWayBack,
			Mistake: "The consent page has the Content-Security-Policy form-action 'self'. The server is on 127.0.0.1, the client on localhost.",
			Looks:   "After Allow nothing happens. Chromium and Safari block the redirect that follows the form.",
			Fix:     "Nothing at the client: the server has to add its clients' origins to form-action, or leave it out."},
	}
}

// SetUp returns the set-up that is on: the zero value when the server is sound.
func (s *Server) SetUp() SetUp { return *s.setUp.Load() }

// Issuer is what a client has to be configured with at present. One set-up moves the server to another
// name of this machine.
func (s *Server) Issuer() string { return s.root() }

// Break turns the set-up of a fault on, and no fault mends the server. Everything that users have done is
// forgotten, and Config.OnSetUp is told. The choice is the whole process's.
func (s *Server) Break(f Fault) error {
	var chosen SetUp
	if f != "" {
		offered := s.offered()
		for _, g := range s.Groups() {
			offered = append(offered, g.SetUps...)
		}
		i := slices.IndexFunc(offered, func(o SetUp) bool { return o.Fault == f })
		if i < 0 {
			return fmt.Errorf("there is no set-up %q here", f)
		}
		chosen = offered[i]
	}
	s.choosing.Lock() // what OnSetUp is told last is what is on
	defer s.choosing.Unlock()
	s.setUp.Store(&chosen)
	s.forget()
	if s.onSetUp != nil {
		s.onSetUp(chosen, s.Issuer())
	}
	return nil
}

// offered are the riddles that are possible here: one needs a second name of this machine for the server, another
// for the client's redirect URI, which may be anywhere.
func (s *Server) offered() []SetUp {
	return slices.DeleteFunc(SetUps(), func(o SetUp) bool {
		return o.Fault == RedirectURIHost && !s.local || o.Fault == ConsentNoWayBack && otherLoopback(s.mount) == s.mount
	})
}

// handleSetUp takes the forms that break the server and mend it.
func (s *Server) handleSetUp(w http.ResponseWriter, r *http.Request) {
	if err := s.Break(Fault(r.PostFormValue("setup"))); err != nil {
		s.showError(w, r, "invalid_request", "there is no such set-up")
		return
	}
	http.Redirect(w, r, s.base+"/#broken", http.StatusSeeOther)
}

// misregister returns a client as a set-up has registered it.
func (s *Server) misregister(registered *Client) *Client {
	c := *registered
	switch {
	case s.breaks(RedirectURISlash):
		c.RedirectURIs = mapped(c.RedirectURIs, func(uri string) string { return uri + "/" })
	case s.breaks(RedirectURIHost):
		c.RedirectURIs = mapped(c.RedirectURIs, otherLoopback)
	case s.breaks(SecretWrong) && c.Secret != "":
		c.Secret += "-rotated"
	case s.breaks(AuthMethodWrong) && c.Secret != "":
		c.AuthMethod = otherMethod(cmp.Or(c.AuthMethod, "client_secret_basic"))
	case s.breaks(ScopeNotEnabled):
		c.Scopes = slices.DeleteFunc(slices.Clone(c.scopes()), func(scope string) bool { return scope == "email" })
	}
	return &c
}

func mapped(list []string, f func(string) string) []string {
	out := make([]string, len(list))
	for i, s := range list {
		out[i] = f(s)
	}
	return out
}

func otherMethod(method string) string {
	if method == "client_secret_basic" {
		return "client_secret_post"
	}
	return "client_secret_basic"
}

// otherLoopback writes an address of this machine with another of its names. Any other address stays.
func otherLoopback(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return address
	}
	name := "localhost"
	if u.Hostname() == name {
		name = "127.0.0.1"
	} else if ip := net.ParseIP(u.Hostname()); ip == nil || !ip.IsLoopback() {
		return address
	}
	if port := u.Port(); port != "" {
		name = net.JoinHostPort(name, port)
	}
	u.Host = name
	return u.String()
}
