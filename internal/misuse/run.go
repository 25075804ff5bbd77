package misuse

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"oauth-test-client/internal/causes"
	"oauth-test-client/internal/check"
	"oauth-test-client/internal/config"
	"oauth-test-client/internal/oauth"
	"oauth-test-client/internal/wire"
)

// A run of attacks, and its requests: to the token endpoint, and to the endpoints that accept an access token.

// Run attacks a server with codes and tokens from logins of its own. It stops at each login, and continues with its
// findings so far.
type Run struct {
	cfg    config.Effective
	wire   *wire.Client
	now    func() time.Time
	client *oauth.Client
	found  []Finding
	within time.Duration // for one attempt with all its requests
}

// attemptTime is the time limit of an attempt. Even with two more attempts that need no login, the page answers in
// time.
const attemptTime = 15 * time.Second

// New continues the run of a report, or starts a new one if report is nil.
func New(cfg config.Effective, w *wire.Client, client *oauth.Client, now func() time.Time, report []byte) *Run {
	return &Run{cfg: cfg, wire: w, now: now, client: client, found: Read(report), within: attemptTime}
}

// Report returns the findings so far.
func (m *Run) Report() []byte {
	report, err := json.Marshal(m.found)
	if err != nil {
		return nil // strings and numbers always can be written
	}
	return report
}

// add records the findings of an attempt.
func (m *Run) add(attempt Attempt, findings ...Finding) {
	rule := attempt.rule()
	for _, f := range findings {
		f.Check, f.Section = string(attempt), rule.Section
		if f.Result == causes.Fail || f.Result == causes.Warn && !f.Undecided {
			f.Fix = rule.Fix
		}
		m.found = append(m.found, f)
	}
}

// controlled reports whether a correct exchange was accepted in this run.
func (m *Run) controlled() bool {
	return slices.ContainsFunc(m.found, func(f Finding) bool {
		return f.Check == string(CodeTwice) && (!f.Undecided || f.Control != "")
	})
}

// tokenResult holds the parts of a token endpoint's answer that an attempt reads.
type tokenResult struct {
	causes.Answer
	Access  string `json:"access_token"`
	Refresh string `json:"refresh_token"`
	shown   string // the error code as it may be shown
}

func (r tokenResult) accepted() bool { return r.Status/100 == 2 && !r.Refused && r.Access != "" }

// outOfOrder reports whether the server has not judged the request: no answer, a server error, or too many requests.
func (r tokenResult) outOfOrder() bool {
	return r.Status == 0 || r.Status >= 500 || r.Cause() == causes.RateLimited
}

// unclear reports whether an answer isn't about the attempt: the server is out of order, asks for something that this
// app doesn't support, or doesn't accept the client. unauthorized_client doesn't count, as some servers use it for the
// authorization code too.
func (r tokenResult) unclear() bool {
	cause := r.Cause()
	return r.outOfOrder() || causes.IsNotSpoken(cause) || causes.IsAboutClient(cause) && !strings.EqualFold(r.Refusal.Code, "unauthorized_client")
}

// everything lists sentences that name every possible reason, and so tell nothing: RFC 6749 section 5.2, LinkedIn.
var everything = []string{"invalid, expired, revoked", "or authorization code expired"}

// names reports whether a refusal names the attempt's mistake, whatever its error code.
func (r tokenResult) names(what Attempt) bool {
	if !r.Refused || r.outOfOrder() || r.Says(everything...) {
		return false
	}
	switch what {
	case WrongVerifier, NoVerifier:
		return r.Says("code_verifier", "code verifier", "pkce", "code_challenge", "code challenge", "code verification")
	case OtherRedirectURI:
		return r.Says("redirect_uri", "redirect uri", "redirection uri", "callback url")
	case OtherClient:
		return r.Says("issued to another client", "different client", "another client", "client mismatch", "client_id mismatch", "client id mismatch")
	}
	return false
}

func (r tokenResult) String() string {
	switch {
	case r.Status == 0:
		return "no answer"
	case r.shown == "":
		return fmt.Sprint(r.Status)
	}
	return fmt.Sprintf("%d %s", r.Status, r.shown)
}

// redeem sends a token request as a client.
func (m *Run) redeem(ctx context.Context, as oauth.Credentials, form url.Values) tokenResult {
	if m.cfg.Found.Resource != "" { // RFC 8707 section 2.2
		form.Set("resource", m.cfg.Found.Resource)
	}
	md, err := m.client.Metadata(ctx)
	if err != nil {
		return tokenResult{}
	}
	e, err := m.client.PostAs(wire.For(ctx, purposeOf(form)), as, md.Token, form)
	if err != nil {
		return tokenResult{}
	}
	r := tokenResult{Answer: causes.Read(purposeOf(form), as.Method, e, as.ID, as.Secret, form.Get("code"), form.Get("redirect_uri"))}
	if !r.Refused {
		json.Unmarshal([]byte(e.ResponseBody), &r) // what is not there is not accepted
	}
	r.shown = wire.Clip(m.cfg.Redact(r.Refusal.Code), 60)
	return r
}

// purposeOf returns the purpose of a token request.
func purposeOf(form url.Values) wire.Purpose {
	if form.Get("grant_type") == "refresh_token" {
		return wire.Refresh
	}
	return wire.TokenRequest
}

// credentials returns our credentials.
func (m *Run) credentials(ctx context.Context) oauth.Credentials {
	md, err := m.client.Metadata(ctx)
	if err != nil {
		return oauth.Credentials{}
	}
	return m.client.Credentials(md)
}

// honest returns the correct token request (RFC 6749 section 4.1.3, RFC 7636 section 4.5).
func (m *Run) honest(r *oauth.Request, code string) url.Values {
	return url.Values{"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {m.cfg.RedirectURI()}, "code_verifier": {r.Verifier}}
}

// endpoint is an endpoint that accepts access tokens.
type endpoint struct {
	name string
	ask  func(ctx context.Context, access string) (open, told bool)
}

// theAPI is the endpoint that may accept a JWT without asking the server.
const theAPI = "the API"

// endpoints lists the endpoints that can be tried.
func (m *Run) endpoints(ctx context.Context) []endpoint {
	md, err := m.client.Metadata(ctx)
	if err != nil {
		return nil
	}
	var list []endpoint
	if md.Userinfo != "" {
		list = append(list, endpoint{"userinfo", func(ctx context.Context, access string) (open, told bool) {
			e, err := m.client.Userinfo(ctx, access, nil)
			return opensTo(e, err)
		}})
	}
	if md.Introspection != "" && m.cfg.ClientSecret != "" {
		list = append(list, endpoint{"introspection", func(ctx context.Context, access string) (open, told bool) {
			e, err := m.client.Introspect(ctx, "access_token", access)
			var state struct{ Active *bool }
			if err != nil || e.Status != http.StatusOK || json.Unmarshal([]byte(e.ResponseBody), &state) != nil || state.Active == nil {
				return false, false
			}
			return *state.Active, true
		}})
	}
	if m.cfg.ResourceURL != "" {
		list = append(list, endpoint{theAPI, func(ctx context.Context, access string) (open, told bool) {
			e, err := m.client.CallAPI(ctx, access)
			return opensTo(e, err)
		}})
	}
	return list
}

// opensTo reads the answer of an endpoint to an access token. An endpoint that is out of order tells nothing.
func opensTo(e *wire.Exchange, err error) (open, told bool) {
	if err != nil || e.Status >= 500 || e.Status == http.StatusTooManyRequests || e.Status == http.StatusRequestTimeout {
		return false, false
	}
	return e.Succeeded(), true
}

// acceptedAt lists the endpoints that accept an access token and not an altered one. An endpoint that accepts both tells
// nothing: a sign-in page answers, or it checks nothing.
func (m *Run) acceptedAt(ctx context.Context, endpoints []endpoint, access string) []endpoint {
	return slices.DeleteFunc(endpoints, func(e endpoint) bool {
		if open, _ := e.ask(ctx, access); !open {
			return true
		}
		toAny, told := e.ask(ctx, oauth.Altered(access))
		return toAny || !told
	})
}

// names returns the names of endpoints as a text.
func names(endpoints []endpoint) string {
	var list []string
	for _, e := range endpoints {
		list = append(list, e.name)
	}
	return strings.Join(list, ", ")
}

// observer returns an observer of the authorization endpoint.
func (m *Run) observer(ctx context.Context) (*check.Observer, error) {
	md, err := m.client.Metadata(ctx)
	if err != nil {
		return nil, err
	}
	return check.NewObserver(m.cfg, m.client, md, m.wire), nil
}
