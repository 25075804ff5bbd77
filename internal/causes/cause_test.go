package causes

import (
	"errors"
	"strings"
	"testing"

	"oauth-test-client/internal/config"
	"oauth-test-client/internal/oauth"
	"oauth-test-client/internal/wire"
)

// The error of a login has the name of its cause; what has none gets none.
func TestCauseOfAFailedLogin(t *testing.T) {
	theirs := func(step wire.Purpose, code, words string) *oauth.Error {
		return &oauth.Error{Step: step, Theirs: true, Code: code, Description: words}
	}
	for _, row := range []struct {
		want   Name
		method string
		e      *oauth.Error
	}{
		{ServerUnreachable, "", &oauth.Error{Step: wire.TokenRequest, Code: oauth.CodeUnreachable, Cause: errors.New("refused")}},
		{APIUnreachable, "", &oauth.Error{Step: wire.API, Code: oauth.CodeUnreachable, Cause: errors.New("refused")}},
		{APIFailed, "", &oauth.Error{Step: wire.API, Code: oauth.CodeServerError}},
		{APIFailed, "", &oauth.Error{Step: wire.APIAsked, Code: oauth.CodeServerError}},
		{RateLimited, "", &oauth.Error{Step: wire.APIAsked, Code: oauth.CodeRateLimited}},
		{RateLimited, "", &oauth.Error{Step: wire.Registration, Code: oauth.CodeRefused, Theirs: true, Status: 429}},
		{RegistrationRefused, "", &oauth.Error{Step: wire.Registration, Code: oauth.CodeRefused, Theirs: true, Status: 403}},
		{"", "", theirs(wire.PushedRequest, "request_refused", "The pushed authorization request endpoint answered 405 and said no more.")},
		{PARRequired, "", theirs(wire.Response, "invalid_request", "Pushed authorization request required")},
		{ServerFailed, "", &oauth.Error{Step: wire.TokenRequest, Code: oauth.CodeServerError}},
		{ServerNotFound, "", &oauth.Error{Step: wire.Metadata, Code: oauth.CodeNotFound}},
		{IssuerDiffers, "", &oauth.Error{Step: wire.Metadata, Code: oauth.CodeNotFound, Issuer: "https://a.example"}},
		{TwoHostNames, "", &oauth.Error{Step: wire.Metadata, Code: oauth.CodeNotFound, Issuer: "http://keycloak:8080/realms/a"}},
		{EndpointsNotHTTPS, "", &oauth.Error{Step: wire.Metadata, Code: oauth.CodeNotFound, Check: oauth.CheckNotHTTPS}},
		{EndpointsHere, "", &oauth.Error{Step: wire.Metadata, Code: oauth.CodeNotFound, Check: oauth.CheckOnLocal}},
		{"", "", &oauth.Error{Step: wire.Metadata, Code: oauth.CodeNotFound, Check: oauth.CheckAddress}},
		{ResponseIssuerDiffers, "", &oauth.Error{Step: wire.Response, Code: oauth.CodeInvalidIssuer}},
		{AccessDenied, "", theirs(wire.Response, "access_denied", "The resource owner denied the request.")},
		{UserNotAllowed, "", theirs(wire.Response, "access_denied", "Policy evaluation failed for this request")},
		{ScopeNotEnabled, "", theirs(wire.Response, "invalid_scope", "The OAuth 2.0 Client is not allowed to request scope 'x'.")},
		{GrantNotEnabled, "", theirs(wire.Response, "unauthorized_client", "")},
		{PKCERequired, "", theirs(wire.Response, "invalid_request", "The mandatory 'code_challenge' parameter is missing.")},
		{PKCERefused, "", theirs(wire.Response, "invalid_request", "code_challenge_method S256 is not supported")},
		{ClientSecretWrong, config.MethodBasic, theirs(wire.TokenRequest, "invalid_client", "")},
		{ClientSecretMissing, config.MethodNone, theirs(wire.TokenRequest, "invalid_client", "")},
		{ClientTypeWrong, config.MethodBasic, theirs(wire.TokenRequest, "invalid_request", "AADSTS9002326: Cross-origin token redemption")},
		{AuthMethodWrong, config.MethodPost, theirs(wire.TokenRequest, "invalid_client", "does not allow this method")},
		{CodeExpiredOrUsed, config.MethodBasic, theirs(wire.TokenRequest, "invalid_grant", "")},
		{TokenResponseUnusable, "", &oauth.Error{Step: wire.TokenRequest, Code: oauth.CodeInvalidResponse}},
		{IDTokenSignature, "", &oauth.Error{Step: wire.IDTokenCheck, Code: oauth.CodeInvalidIDToken, Check: "signature"}},
		{IDTokenEncrypted, "", &oauth.Error{Step: wire.IDTokenCheck, Code: oauth.CodeInvalidIDToken, Check: "encryption"}},
		{ClockDiffers, "", &oauth.Error{Step: wire.IDTokenCheck, Code: oauth.CodeInvalidIDToken, Check: "iat"}},
		{ResourceUnknown, "", theirs(wire.Response, "access_denied", "Service not found: https://a.example")},
		{ResourceUnknown, "", theirs(wire.TokenRequest, "invalid_target", "")},
		{"", "", theirs(wire.Response, "weird", "What?")},
		{"", "", theirs(wire.TokenRequest, "weird", "What?")},
	} {
		got := Advise(config.Config{Issuer: "https://a.example/"}, row.method, nil, row.e)
		if got.Name != row.want {
			t.Errorf("%s at the %s (%s) is %q; want %q", row.e.Code, row.e.Step, row.e.Description, got.Name, row.want)
		}
		if row.want == ResourceUnknown && (got.Field != "" || !strings.Contains(got.Hint, "audience or resource")) {
			t.Errorf("%s (%s): look at %q, %q", row.e.Code, row.e.Description, got.Field, got.Hint)
		}
	}
}
