package causes

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"

	"oauth-test-client/internal/config"
	"oauth-test-client/internal/oauth"
	"oauth-test-client/internal/wire"
)

// settings are those of a confidential client at a server.
func settings() config.Effective {
	return config.Config{Issuer: "https://auth.example", ClientID: "client-1", ClientSecret: "secret-1", BaseURL: "http://localhost:3000", Port: "3000"}.Effective()
}

var (
	errNoAnswer    = errors.New("connection refused")
	errCertificate = &tls.CertificateVerificationError{Err: x509.UnknownAuthorityError{}}
	errHostName    = &tls.CertificateVerificationError{Err: x509.HostnameError{}}
)

// Each error has the cause that it shows, or none if it shows none.
func TestOfError_Causes(t *testing.T) {
	t.Parallel()
	answer := func(status int) oauth.Answer { return oauth.Answer{Status: status} }
	claim := func(name string, state oauth.ClaimState) oauth.Error {
		return oauth.Error{Step: wire.IDTokenCheck, Kind: oauth.IDTokenClaim, Claim: &oauth.ClaimFault{Name: name, State: state}}
	}
	for _, row := range []struct {
		name string
		e    oauth.Error
		want Name
	}{
		{"no answer of the API", oauth.Error{Step: wire.API, Cause: errNoAnswer}, APIUnreachable},
		{"nor without a token", oauth.Error{Step: wire.APIAsked, Cause: errNoAnswer}, APIUnreachable},
		{"its certificate", oauth.Error{Step: wire.API, Cause: errCertificate}, CertificateNotTrusted},
		{"no answer of the server", oauth.Error{Step: wire.Metadata, Cause: errNoAnswer}, ServerUnreachable},
		{"its certificate", oauth.Error{Step: wire.TokenRequest, Cause: errHostName}, CertificateNotTrusted},
		{"no keys", oauth.Error{Step: wire.IDTokenCheck, Kind: oauth.IDTokenKeys, Cause: errNoAnswer}, JWKSUnusable},
		{"429", oauth.Error{Step: wire.APIAsked, Answer: answer(http.StatusTooManyRequests)}, RateLimited},
		{"429 of the status alone", oauth.Error{Step: wire.Metadata, Kind: oauth.Refused, Status: http.StatusTooManyRequests}, RateLimited},
		{"the code alone", oauth.Error{Step: wire.TokenRequest, Code: oauth.CodeRateLimited}, RateLimited},
		{"an API out of order", oauth.Error{Step: wire.APIAsked, Kind: oauth.ServerFailed}, APIFailed},
		{"with a token", oauth.Error{Step: wire.API, Kind: oauth.ServerFailed}, APIFailed},
		{"a server out of order", oauth.Error{Step: wire.TokenRequest, Kind: oauth.ServerFailed}, ServerFailed},
		{"metadata out of order", oauth.Error{Step: wire.Metadata, Kind: oauth.ServerFailed}, ServerFailed},
		{"whatever else without a token", oauth.Error{Step: wire.APIAsked, Kind: oauth.Refused}, APIUnreachable},
		{"with a token it is explained elsewhere", oauth.Error{Step: wire.API, Kind: oauth.NotSupported}, ""},
		{"another host", oauth.Error{Kind: oauth.IssuerDiffers, Issuer: "https://other.example"}, TwoHostNames},
		{"another path", oauth.Error{Kind: oauth.IssuerDiffers, Issuer: "https://auth.example/a"}, IssuerDiffers},
		{"a redirect of the token endpoint", oauth.Error{Step: wire.TokenRequest, Kind: oauth.Redirected}, TokenEndpointUnusable},
		{"of userinfo", oauth.Error{Step: wire.Userinfo, Kind: oauth.Redirected}, ""},
		{"of the metadata", oauth.Error{Step: wire.Metadata, Kind: oauth.Redirected}, ServerNotFound},
		{"no metadata", oauth.Error{Step: wire.Metadata, Kind: oauth.Refused, Theirs: true, Code: "access_denied"}, ServerNotFound},
		{"metadata without an issuer", oauth.Error{Step: wire.Metadata, Kind: oauth.IssuerAbsent}, ServerNotFound},
		{"a registration refused", oauth.Error{Step: wire.Registration, Theirs: true, Code: "invalid_client"}, RegistrationRefused},
		{"a registration unusable", oauth.Error{Step: wire.Registration, Kind: oauth.RegistrationUnusable}, RegistrationUnusable},
		{"the server's code", oauth.Error{Step: wire.TokenRequest, Kind: oauth.Refused, Theirs: true, Code: "invalid_grant"}, CodeExpiredOrUsed},
		{"a code of ours", oauth.Error{Step: wire.TokenRequest, Kind: oauth.AccessTokenAbsent, Code: "invalid_grant"}, AccessTokenMissing},
		{"what we sent, repeated", oauth.Error{Step: wire.Response, Theirs: true, Code: "weird", Description: "no http://localhost:3000/oauth_callback"}, ""},
		{"the same of another", oauth.Error{Step: wire.Response, Theirs: true, Code: "weird", Description: "no http://localhost:3001/oauth_callback"},
			RedirectURINotRegistered},
		{"no claim", oauth.Error{Kind: oauth.IDTokenClaim}, ""},
		{"absent", claim("exp", oauth.ClaimAbsent), IDTokenClaimMissing},
		{"of another type", claim("iss", oauth.ClaimUnreadable), IDTokenClaimMissing},
		{"milliseconds", claim("exp", oauth.ClaimMilliseconds), IDTokenTimes},
		{"too early", claim("exp", oauth.ClaimPast), ClockDiffers},
		{"too late", claim("iat", oauth.ClaimFuture), ClockDiffers},
		{"signed in too long ago", claim("auth_time", oauth.ClaimPast), ""},
		{"signed in later", claim("auth_time", oauth.ClaimFuture), ""},
		{"iss", claim("iss", oauth.ClaimDiffers), IDTokenIssuerDiffers},
		{"aud", claim("aud", oauth.ClaimDiffers), IDTokenForAnother},
		{"azp", claim("azp", oauth.ClaimDiffers), IDTokenForAnother},
		{"nonce", claim("nonce", oauth.ClaimUnexpected), IDTokenForAnother},
		{"another one", claim("acr", oauth.ClaimDiffers), ""},
	} {
		if got := OfError(settings(), config.MethodBasic, &row.e); got != row.want {
			t.Errorf("%s is %q; want %q", row.name, got, row.want)
		}
	}
}

// Each kind of error that has a cause keeps it: what a page says goes by it.
func TestOfError_Kinds(t *testing.T) {
	t.Parallel()
	for want, of := range map[Name][]oauth.Kind{
		ServerNotFound:        {oauth.MetadataNotFound, oauth.MetadataUnusable, oauth.IssuerAbsent, oauth.EndpointMissing},
		EndpointsNotHTTPS:     {oauth.EndpointNotHTTPS},
		EndpointsHere:         {oauth.EndpointOnLocal},
		PARNowhere:            {oauth.PARNowhere},
		ResponseIssuerDiffers: {oauth.ResponseIssuerDiffers, oauth.ResponseIssuerAbsent},
		AccessTokenMissing:    {oauth.AccessTokenAbsent},
		AccessTokenNested:     {oauth.AccessTokenNested},
		TokenResponseUnusable: {oauth.TokenResponsePage, oauth.TokenResponseText, oauth.TokenResponseMediaType, oauth.TokenResponseMalformed, oauth.TokenResponseMember,
			oauth.AccessTokenMisspelled, oauth.TokenCharacters, oauth.TokenTypeOther, oauth.ErrorMisspelled, oauth.IDTokenMalformed},
		IssuerMissing:          {oauth.IDTokenUnverifiable},
		JWKSUnusable:           {oauth.IDTokenKeys, oauth.IDTokenKeyPrivate},
		IDTokenSignature:       {oauth.IDTokenSecret, oauth.IDTokenKeyNotFound, oauth.IDTokenSignature},
		ServerFailed:           {oauth.PARUnusable},
		UserinfoUnusable:       {oauth.UserinfoMalformed, oauth.UserinfoUnverifiable, oauth.SubjectAbsent, oauth.SubjectDiffers},
		OpenIDMissing:          {oauth.IDTokenAbsent},
		IDTokenEncrypted:       {oauth.IDTokenEncrypted},
		IDTokenAlgorithm:       {oauth.IDTokenAlgorithm},
		RegistrationNotOffered: {oauth.RegistrationNotOffered},
		CodeMissing:            {oauth.ResponseWithoutCode},
		"":                     {oauth.BadParameter, oauth.PARNotOffered, oauth.OtherServer, oauth.PastedAddress},
	} {
		for _, kind := range of {
			if got := OfError(settings(), "", &oauth.Error{Kind: kind}); got != want {
				t.Errorf("%s is %q; want %q", kind, got, want)
			}
		}
	}
}

// The facts about an error come from its own answer, and from nothing else.
func TestFactsOf_OwnAnswerOnly(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		e                       oauth.Error
		found, expected, member string
		status                  int
	}{
		"its own":          {oauth.Error{Issuer: "a", Member: "m", Status: 400}, "a", "", "m", 400},
		"of the answer":    {oauth.Error{Status: 400, Answer: oauth.Answer{Status: 401}}, "", "", "", 401},
		"a redirect":       {oauth.Error{Kind: oauth.Redirected, Issuer: "a", Answer: oauth.Answer{Location: "b"}}, "b", "", "", 0},
		"no address":       {oauth.Error{Kind: oauth.IDTokenKeys, Member: "m"}, "", "", "jwks_uri", 0},
		"an address":       {oauth.Error{Kind: oauth.IDTokenKeys, Member: "m", Answer: oauth.Answer{URL: "https://a"}}, "", "", "m", 0},
		"no answer":        {oauth.Error{Kind: oauth.IDTokenKeys, Member: "m", Cause: errNoAnswer}, "", "", "m", 0},
		"another kind":     {oauth.Error{Kind: oauth.IDTokenSignature, Member: "m"}, "", "", "m", 0},
		"a claim":          {oauth.Error{Claim: &oauth.ClaimFault{Found: "f", Expected: "e", State: oauth.ClaimDiffers}}, "f", "e", "", 0},
		"a secret too few": {oauth.Error{Claim: &oauth.ClaimFault{Found: "f", Expected: "e", State: oauth.ClaimSecretShort}}, "f", "f", "", 0},
	} {
		if got := FactsOf(settings(), &row.e); got.Found != row.found || got.Expected != row.expected || got.Member != row.member || got.Status != row.status {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

// The answer of an error is its own, if it has one. The method that was used comes before that of the settings.
func TestRefusal_OwnAnswerFirst(t *testing.T) {
	t.Parallel()
	a := Refusal(&oauth.Error{Theirs: true, Code: "Code-1", Description: "Words", Status: 400}, config.MethodBasic)
	if a.Method != config.MethodBasic || a.Status != 400 || a.Refusal.Code != "Code-1" || !a.Says("words") || !a.Refused {
		t.Errorf("without an answer it is %+v", a)
	}
	for _, own := range []wire.Refusal{{Code: "own"}, {Words: "own"}, {Text: "own"}} {
		a = Refusal(&oauth.Error{Theirs: true, Code: "Code-1", Status: 400, Answer: oauth.Answer{Status: 401, AuthMethod: config.MethodPost, Location: "to", Refusal: own}},
			config.MethodBasic)
		if a.Method != config.MethodPost || a.Status != 401 || a.To != "to" || !a.Says("own") || a.Says("code-1") {
			t.Errorf("of an answer it is %+v", a)
		}
	}
	if a = Refusal(&oauth.Error{Code: "ours"}, ""); a.Says("ours") {
		t.Errorf("of an error of ours it is %+v", a)
	}
}

// The target of a redirect is read only from a redirect, and only if it is an address.
func TestRead_Redirect(t *testing.T) {
	t.Parallel()
	for location, want := range map[string]string{"/other?x=y": "https://auth.example/other", "http://[": "", "": "", "https://b.example/?c=d": "https://b.example/"} {
		for _, status := range []int{200, 302, 399, 400} {
			e := &wire.Exchange{Status: status, URL: "https://auth.example/token", ResponseHeader: wire.NewHeader(http.Header{"Location": {location}})}
			if got := Read(wire.TokenRequest, "", e).To; got != want && status/100 == 3 || got != "" && status/100 != 3 {
				t.Errorf("%d to %q leads to %q", status, location, got)
			}
		}
	}
}

// Every login fails with these answers, whatever is in them.
func TestAnswer_EndsEveryLogin(t *testing.T) {
	t.Parallel()
	for status, want := range map[int][2]bool{200: {false, true}, 301: {true, true}, 400: {false, true}, 401: {false, false}, 403: {false, true}, 404: {true, true},
		405: {true, true}, 406: {true, true}, 410: {true, true}, 415: {true, true}, 429: {false, false}, 499: {false, true}, 500: {true, true}, 501: {true, true}, 599: {true, true}} {
		for i, format := range []wire.Format{wire.FormatText, wire.FormatPage} {
			a := Answer{Status: status, Refusal: wire.Refusal{Format: format}}
			if got := a.EndsEveryLogin(); got != want[i] {
				t.Errorf("%d, a page: %t: it is %t", status, i == 1, got)
			}
		}
	}
}

// The values of a login are listed if the application must have them too, the likeliest mistake first.
func TestExplain_Sent(t *testing.T) {
	t.Parallel()
	refused := oauth.Error{Step: wire.TokenRequest, Kind: oauth.Refused, Theirs: true, Code: "invalid_client", Description: "wrong client secret"}
	a := Explain(settings(), config.MethodBasic, []string{"openid", "email"}, &refused)
	want := []Sent{
		{Setting: ClientSecret, Name: "Client secret", Value: "not shown", Variable: "CLIENT_SECRET", Suspect: true},
		{Setting: RedirectURI, Name: "Redirect URI", Value: "http://localhost:3000/oauth_callback", Variable: "BASE_URL"},
		{Setting: ClientID, Name: "Client ID", Value: "client-1", Variable: "CLIENT_ID"},
		{Setting: AuthMethod, Name: "Authentication method", Value: config.MethodBasic, Variable: "TOKEN_ENDPOINT_AUTH_METHOD"},
		{Setting: Scopes, Name: "Scopes", Value: "openid email"}, // the login's own
	}
	for i := range a.Sent {
		if a.Sent[i].Field == "" || a.Sent[i].Field != ProviderOf(settings()).Fields[a.Sent[i].Setting] {
			t.Errorf("%s is called %q", a.Sent[i].Name, a.Sent[i].Field)
		}
		a.Sent[i].Field = ""
	}
	if a.Heading != Of(ClientSecretWrong).Title || a.Heading == "" {
		t.Errorf("the heading is %q", a.Heading)
	}
	if a.Name != ClientSecretWrong || a.Setting != ClientSecret || a.Field == "" || a.Server == "" || !slices.Equal(a.Sent, want) {
		t.Errorf("the advice is %+v", a)
	}
	configured := Explain(settings(), config.MethodBasic, settings().Scopes, &refused).Sent
	if i := slices.IndexFunc(configured, func(s Sent) bool { return s.Setting == Scopes }); i < 0 || configured[i].Variable != "SCOPES" {
		t.Errorf("of the configured scopes it is %+v", configured)
	}
	public := settings()
	public.ClientSecret = ""
	sent := Explain(public, config.MethodNone, nil, &refused).Sent
	if i := slices.IndexFunc(sent, func(s Sent) bool { return s.Setting == ClientSecret }); i < 0 || sent[i].Value != "none: a public client" {
		t.Errorf("of a public client it is %+v", sent)
	}
	if i := slices.IndexFunc(sent, func(s Sent) bool { return s.Setting == Scopes }); i < 0 || sent[i].Value != "none" {
		t.Errorf("without scopes it is %+v", sent)
	}
	for step, listed := range map[wire.Purpose]bool{wire.Response: true, wire.TokenRequest: true, wire.PushedRequest: true, wire.Userinfo: false, wire.Refresh: false} {
		e := oauth.Error{Step: step, Kind: oauth.Refused, Theirs: true, Code: "weird"}
		if got := len(Explain(settings(), config.MethodBasic, nil, &e).Sent) > 0; got != listed {
			t.Errorf("at the step %s it is listed: %t", step, got)
		}
		if got := Explain(settings(), "", nil, &e).Sent; got != nil {
			t.Errorf("before the server is known %+v is listed", got)
		}
		if e.Theirs = false; Explain(settings(), config.MethodBasic, nil, &e).Sent != nil {
			t.Errorf("of an error of ours at the step %s it is listed", step)
		}
	}
}

// What else a page says: the server's own words, what to restart, and that it is the ID token.
func TestExplain_Hints(t *testing.T) {
	t.Parallel()
	const again = "restart this app, or save .env again"
	explained := func(e oauth.Error) Advice { return Explain(settings(), "", nil, &e) }
	if a := explained(oauth.Error{Step: wire.Registration, Kind: oauth.RegistrationUnusable}); !strings.Contains(a.Hint, again) {
		t.Errorf("of a registration the hint is %q", a.Hint)
	}
	if a := explained(oauth.Error{Step: wire.Registration, Kind: oauth.RegistrationNotOffered}); strings.Contains(a.Hint, again) {
		t.Errorf("where nothing was registered the hint is %q", a.Hint)
	}
	if a := explained(oauth.Error{Step: wire.Userinfo, Kind: oauth.Refused, Theirs: true, Said: "Go away."}); !strings.HasSuffix(a.Hint, ". The server said: Go away.") {
		t.Errorf("of a page the hint is %q", a.Hint)
	}
	if a := explained(oauth.Error{Said: "Go away."}); a.Hint != "The server said: Go away." {
		t.Errorf("alone the hint is %q", a.Hint)
	}
	noCause := oauth.ClaimFault{Name: "acr", State: oauth.ClaimDiffers}
	if a := explained(oauth.Error{Step: wire.IDTokenCheck, Kind: oauth.IDTokenClaim, Claim: &noCause}); a.Setting != IDToken {
		t.Errorf("of an ID token the setting is %q", a.Setting)
	}
	if a := explained(oauth.Error{Step: wire.Userinfo, Kind: oauth.Refused, Theirs: true, Code: "weird"}); a.Setting != "" {
		t.Errorf("without a cause the setting is %q", a.Setting)
	}
	if a := explained(oauth.Error{Step: wire.Metadata, Cause: errHostName}); a.Remedy.Line != "" || !strings.Contains(a.Hint, "valid now and for this host") {
		t.Errorf("of another host's certificate the advice is %+v", a)
	}
	if a := explained(oauth.Error{Step: wire.Metadata, Cause: errCertificate}); strings.Contains(a.Hint, "valid now and for this host") {
		t.Errorf("of an unknown authority the advice is %+v", a)
	}
}

// Where no cause is known, the page says what happened and what to do about it.
func TestExplain_WithoutCause(t *testing.T) {
	t.Parallel()
	const unusable = "The authorization server's answer can't be used"
	for _, row := range []struct {
		e             oauth.Error
		heading, hint string // how they begin
	}{
		{oauth.Error{Kind: oauth.PARNotOffered}, "The server offers no pushed", "Remove PAR from .env"},
		{oauth.Error{Step: wire.Metadata}, "The server's metadata can't be used", ""},
		{oauth.Error{Kind: oauth.PastedAddress}, "The pasted URL", "Copy the whole address"},
		{oauth.Error{Kind: oauth.NotSupported, Step: wire.API}, "RESOURCE_URL is not set", "Set RESOURCE_URL"},
		{oauth.Error{Kind: oauth.NotSupported, Step: wire.Revocation}, "The server has no such endpoint", "If the server has this endpoint, set REVOCATION_ENDPOINT."},
		{oauth.Error{Kind: oauth.BadParameter, Step: wire.AuthorizationRequest}, "The login can't start with these", ""},
		{oauth.Error{Kind: oauth.OtherServer, Step: wire.AuthorizationRequest}, "This login cannot be finished", "Start a new login."},
		{oauth.Error{Step: wire.Response}, "This login cannot be finished", ""},
		{oauth.Error{Step: wire.Response, Theirs: true, Code: "weird"}, "The authorization server refused the login", "Read what the server said"},
		{oauth.Error{Step: wire.PushedRequest, Theirs: true, Code: "weird"}, "The authorization server refused the login", "Read what the server said"},
		{oauth.Error{Step: wire.PushedRequest}, unusable, ""},
		{oauth.Error{Step: wire.TokenRequest, Theirs: true, Code: "weird"}, "The authorization server refused the token request", ""},
		{oauth.Error{Step: wire.TokenRequest, Theirs: true, Code: oauth.CodeRefused}, "The authorization server refused the token request", "Run all checks"},
		{oauth.Error{Step: wire.TokenRequest}, unusable, ""},
		{oauth.Error{Kind: oauth.Redirected, Step: wire.Userinfo, Answer: oauth.Answer{Location: "https://a/b"}}, unusable,
			"This app follows no redirect with a token. Look at where it leads: if that is the server's userinfo endpoint, the metadata or USERINFO_ENDPOINT has"},
		{oauth.Error{Kind: oauth.Redirected, Step: wire.Introspection, Answer: oauth.Answer{Location: "https://a/b"}}, unusable, "This app follows no redirect with a token."},
		{oauth.Error{Kind: oauth.Redirected, Step: wire.Revocation, Answer: oauth.Answer{Location: "https://a/b"}}, unusable, "This app follows no redirect with a token."},
		{oauth.Error{Kind: oauth.Redirected, Step: wire.Refresh, Answer: oauth.Answer{Location: "https://a/b"}}, unusable, ""},
		{oauth.Error{Kind: oauth.Redirected, Step: wire.Userinfo}, unusable, ""},
	} {
		a := Explain(settings(), "", nil, &row.e)
		if a.Name != "" || !strings.HasPrefix(a.Heading, row.heading) || !strings.HasPrefix(a.Hint, row.hint) || (a.Hint == "") != (row.hint == "") {
			t.Errorf("%+v: %q, %q; want %q, %q", row.e, a.Heading, a.Hint, row.heading, row.hint)
		}
	}
	for _, code := range []string{"login_required", "interaction_required", "consent_required", "account_selection_required"} {
		e := oauth.Error{Step: wire.Response, Theirs: true, Code: code}
		if hint := hintWithoutCause(settings(), &e); !strings.Contains(hint, "sent without prompt=none") {
			t.Errorf("after %s the hint is %q", code, hint)
		}
		e.Silent = true
		if hint := hintWithoutCause(settings(), &e); !strings.HasSuffix(hint, "Sign in without prompt=none.") || strings.Contains(hint, "No user is signed in") != (code == "login_required") {
			t.Errorf("after %s to prompt=none the hint is %q", code, hint)
		}
		everyLogin := settings()
		everyLogin.Parameters = config.Parameters{"prompt": "none"}
		if hint := hintWithoutCause(everyLogin, &e); !strings.Contains(hint, "remove it from AUTHORIZATION_PARAMS") || strings.Contains(hint, "Sign in without") {
			t.Errorf("after %s to prompt=none of the settings the hint is %q", code, hint)
		}
		everyLogin.Parameters, everyLogin.Endpoints.Authorization = nil, "https://auth.example/authorize?prompt=none"
		if hint := hintWithoutCause(everyLogin, &e); !strings.Contains(hint, "remove it from AUTHORIZATION_ENDPOINT") || strings.Contains(hint, "Sign in without") {
			t.Errorf("after %s to prompt=none of the endpoint the hint is %q", code, hint)
		}
		e.Silent, e.Step = false, wire.PushedRequest // where it is not known
		if hint := hintWithoutCause(settings(), &e); strings.Contains(hint, "prompt=none") {
			t.Errorf("after %s to a pushed request the hint is %q", code, hint)
		}
		if e.Theirs = false; strings.Contains(hintWithoutCause(settings(), &e), "prompt=none") {
			t.Errorf("of a code of ours, %s, the hint is about prompt=none", code)
		}
	}
}
