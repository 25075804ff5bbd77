package check

import (
	"context"
	"crypto/rand"
	"net/http"
	"net/url"
	"oauth-test-client/internal/causes"
	"oauth-test-client/internal/config"
	"slices"
	"strings"
	"sync"
)

// checkRedirectURI finds out whether the redirect URI is registered: a made-up one beside it must be
// answered otherwise.
func (c *Checker) checkRedirectURI(ctx context.Context) causes.Finding {
	c.landed, c.unregistered = c.landBoth(ctx)
	real, control := c.landed, c.unregistered
	uri := c.cfg.RedirectURI()
	switch {
	case real.Kind == didNotTell:
		return c.failedAtOnce(real)
	case control.Kind == didNotTell:
		return causes.Warning("could not be asked: for a made-up redirect URI the authorization endpoint %s", c.outOfOrder(control))
	case real.Refuses():
		return c.explainRedirect(ctx)
	case control.Refuses():
		return causes.Proved("registered").By("%s; a made-up one is refused", uri)
	case control.Kind == ComesBack:
		return causes.Warning("the server accepts any redirect URI, a made-up one too: that is a weakness of the server")
	case !control.Same(real) && control.Same(c.Land(ctx, madeUpRedirectURI)):
		return causes.Proved("registered").By("%s; for a made-up one the server shows another page", uri)
	}
	return causes.Warning("only a login can tell: for %s and for a made-up redirect URI the server shows the same page", uri)
}

// failedAtOnce is the finding that the honest request came to nothing. A server that fails may do so
// because of what it was asked.
func (c *Checker) failedAtOnce(real landing) causes.Finding {
	f := causes.Warning("could not be asked: the authorization endpoint %s", c.outOfOrder(real))
	if real.status >= http.StatusInternalServerError {
		f.Name, f.Server = causes.ServerFailed, real.words
		f.Fix = "try again; if it stays, compare CLIENT_ID (" + c.field(causes.ClientID) + "): some servers fail on one that they do not know"
	}
	return f
}

// landBoth asks honestly, and beside it with a redirect URI that nobody has registered.
func (c *Checker) landBoth(ctx context.Context) (real, control landing) {
	var both sync.WaitGroup
	both.Go(func() { real = c.Land(ctx, func(url.Values) {}) })
	both.Go(func() { control = c.Land(ctx, madeUpRedirectURI) })
	both.Wait()
	return real, control
}

func madeUpRedirectURI(q url.Values) {
	q.Set("redirect_uri", "https://"+strings.ToLower(rand.Text())+".invalid/oauth_callback")
}

func madeUpClientID(q url.Values) { q.Set("client_id", MadeUp()) }

// outOfOrder says what an authorization endpoint did that tells nothing.
func (c *Checker) outOfOrder(l landing) string {
	if l.page == nil {
		return l.words
	}
	return "answered " + c.status(l.page)
}

// explainRedirect finds out what a no to the honest request is about: the client ID, the redirect URI,
// or neither. A value that can be replaced by a made-up one without another answer is at fault.
func (c *Checker) explainRedirect(ctx context.Context) causes.Finding {
	real := c.landed
	nobody := c.Land(ctx, madeUpClientID)
	likeNobody := nobody.Kind == didNotTell || real.Same(nobody)
	likeControl := real.Same(c.unregistered)
	about := causes.Suspect("", real.words)
	switch {
	case likeControl && real.Code == "invalid_scope":
		f := causes.Warning("could not be asked: the server looks at the scopes first")
		f.Server = real.words
		return f
	case real.Code == "invalid_scope":
		return causes.Proved("registered").By("%s; a made-up one gets another answer", c.cfg.RedirectURI())
	case likeControl && likeNobody:
		return c.refusesAlike(ctx)
	case likeNobody:
		return c.unknownClient()
	case about == causes.RedirectURI:
		return c.notRegistered(ctx)
	case likeControl && !c.refusesFirst(ctx):
		return c.notRegistered(ctx)
	}
	return causes.Proved("the redirect URI is not what the server refuses")
}

// refusesFirst reports a refusal of something that a server may look at before the redirect URI.
func (c *Checker) refusesFirst(ctx context.Context) bool {
	switch causes.RefusalName(c.landed.Code, c.landed.words) {
	case causes.PKCERefused, causes.PKCERequired, causes.PARRequired, causes.ResourceUnknown, causes.ScopeNotEnabled:
		return true
	case causes.GrantNotEnabled: // servers say unauthorized_client of a redirect URI, too
		return causes.Suspect("", c.landed.words) == causes.Grant || c.clientAnswer(ctx).grantOff
	}
	return false
}

// refusesAlike is for a server that says the same to a made-up client ID, to a made-up redirect URI and
// to ours. What it says elsewhere decides: of other redirect URIs, or at its token endpoint.
func (c *Checker) refusesAlike(ctx context.Context) causes.Finding {
	real := c.landed
	if accepted := c.acceptedVariant(ctx); accepted != "" {
		return c.registeredIs(accepted)
	}
	answer, about := c.clientAnswer(ctx), causes.Suspect(real.Code, real.words)
	switch {
	case real.Code == "" && slices.Contains(firewall, real.status):
		f := causes.Warning("could not be asked: the server refuses whatever this program asks (%s); a browser may get another answer", c.status(real.page))
		f.Server = real.words
		return f
	case answer.yes != "" && c.refusesFirst(ctx):
		return causes.Proved("the redirect URI is not what the server refuses")
	case answer.yes != "", answer.no == "" && about == causes.RedirectURI:
		return c.notRegistered(ctx)
	case answer.no != "", about == causes.ClientID, about == causes.ClientSecret:
		return c.unknownClient()
	}
	f := causes.Failing("CLIENT_ID", "compare CLIENT_ID ("+c.field(causes.ClientID)+") and the redirect URI "+c.cfg.RedirectURI()+" ("+c.field(causes.RedirectURI)+")", real.said(),
		"the client ID or the redirect URI is wrong: the server says the same of made-up ones")
	return f.As(causes.ClientIDUnknown)
}

// firewall are statuses that say nothing of OAuth when no OAuth error comes with them.
var firewall = []int{http.StatusUnauthorized, http.StatusForbidden, http.StatusMethodNotAllowed, http.StatusNotAcceptable}

// unknownClient is the finding that the server does not know the client ID.
func (c *Checker) unknownClient() causes.Finding {
	c.stranger = true
	return causes.Failing("CLIENT_ID", "compare CLIENT_ID with the OAuth application ("+c.field(causes.ClientID)+")", c.landed.said(),
		"the server does not know the client ID %s: it says the same of a made-up one", c.cfg.ClientID).As(causes.ClientIDUnknown)
}

// notRegistered is the finding that the redirect URI is not registered, with the one that is, if it can
// be found.
func (c *Checker) notRegistered(ctx context.Context) causes.Finding {
	if accepted := c.acceptedVariant(ctx); accepted != "" {
		return c.registeredIs(accepted)
	}
	uri := c.cfg.RedirectURI()
	f := causes.Failing(c.cfg.RedirectVariable(), c.at(causes.RedirectURI)+", add "+uri, c.landed.said(), "%s is not registered", uri)
	return f.As(redirectName(uri, c.landed.words))
}

// registeredIs is the finding that another redirect URI is registered.
func (c *Checker) registeredIs(accepted string) causes.Finding {
	uri := c.cfg.RedirectURI()
	f := causes.Failing(c.cfg.RedirectVariable(), c.at(causes.RedirectURI)+", add "+uri, c.landed.said(), "%s is not registered", uri)
	f.Accepts = accepted
	if c.cfg.IsPasted() {
		f.Line = "REDIRECT_URI=" + accepted
	} else if base, ok := strings.CutSuffix(accepted, config.CallbackPath); ok {
		f.Line = "BASE_URL=" + base
	}
	if f.Line != "" {
		f.Fix = "write " + f.Line + ", or " + f.Fix
	}
	return f.As(redirectName(uri, c.landed.words))
}

// redirectName is the cause by the server's words: it may refuse every http address, or every IP address.
func redirectName(uri, words string) causes.Name {
	words = strings.ToLower(words)
	switch {
	case strings.HasPrefix(uri, "http://") && strings.Contains(words, "https"):
		return causes.RedirectURINotHTTPS
	case strings.Contains(words, "ip address"):
		return causes.RedirectURIIPAddress
	}
	return causes.RedirectURINotRegistered
}

// acceptedVariant is the redirect URI that the server accepts instead of ours, "" when none was found.
func (c *Checker) acceptedVariant(ctx context.Context) string {
	list := variants(c.cfg.RedirectURI())
	begins := make([]bool, len(list))
	var all sync.WaitGroup
	for i, variant := range list {
		all.Go(func() { begins[i] = c.Land(ctx, func(q url.Values) { q.Set("redirect_uri", variant) }).Begins() })
	}
	all.Wait()
	for i, variant := range list {
		if begins[i] {
			return variant
		}
	}
	return ""
}

// variants are the redirect URIs that people register when they mean this one.
func variants(uri string) []string {
	list := []string{uri + "/"}
	swap := func(from, to string) {
		if strings.Contains(uri, from) {
			list = append(list, strings.Replace(uri, from, to, 1), strings.Replace(uri, from, to, 1)+"/")
		}
	}
	swap("//localhost", "//127.0.0.1")
	swap("//127.0.0.1", "//localhost")
	swap("//[::1]", "//localhost")
	swap("http://", "https://")
	swap("https://", "http://")
	return list
}
