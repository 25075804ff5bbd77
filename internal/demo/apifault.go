package demo

import (
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4/jwt"
)

// brokenAPI plays the faults of an API. Some answer, or open, before the honest code sees the request:
// then done is true. The others leave the door with something that it should not expect.
func (s *Server) brokenAPI(w http.ResponseWriter, r *http.Request, d *door) (a *accessToken, done bool) {
	s.breakDoor(d)
	raw := bearerToken(r)
	isJWT := strings.Contains(raw, ".")
	switch {
	case s.inFront(w, r):
		return nil, true
	case s.breaks(APIOpen):
		return s.tokenOf(users[0].Subject, ""), true
	case s.breaks(APIWantsIDToken), s.breaks(APIOpenToIDToken):
		if claims, ok := s.readIDToken(raw); ok && s.now().Before(claims.Expiry.Time()) {
			return s.tokenOf(claims.Subject, claims.Audience[0]), true
		}
		if s.breaks(APIWantsIDToken) && raw != "" {
			s.refuseShape(w, d, "the token is not an ID token")
			return nil, true
		}
	case s.breaks(APIWantsJWT) && raw != "" && !isJWT:
		s.refuseShape(w, d, "the access token must be a JWT")
		return nil, true
	case s.breaks(APIWantsOpaque) && isJWT:
		s.refuseShape(w, d, "the access token is not known here")
		return nil, true
	}
	return nil, false
}

// breakDoor spoils what the door expects, and how it refuses.
func (s *Server) breakDoor(d *door) {
	if s.breaks(APIOtherAudience) {
		d.expects.AnyAudience = jwt.Audience{"https://another-api.example/"}
	}
	if s.breaks(APIOtherIssuer) {
		d.expects.Issuer = "https://another-issuer.example"
	}
	if s.breaks(APITokenExpired) {
		d.expects.Time = d.expects.Time.Add(accessLife + time.Hour)
	}
	if s.breaks(APIOtherScope) {
		d.scope = "admin"
	}
	if s.breaks(APIOpenToAltered) {
		d.expects.signed = false
	}
	if s.breaks(APIIgnoresExpiry) {
		d.expects.expires = false
	}
	if s.breaks(APIPlainChallenge) {
		d.challenge = `realm="demo"`
	}
	if s.breaks(APIOffersDPoP) {
		d.schemes = []string{`DPoP algs="ES256"`}
	}
	if s.breaks(APINoChallenge) {
		d.challenge = ""
	}
}

// inFront answers as what stands in front of an API, or is something else, and never lets a token reach
// it.
func (s *Server) inFront(w http.ResponseWriter, r *http.Request) bool {
	switch {
	case s.breaks(APIRedirectsToSignIn):
		http.Redirect(w, r, s.base+"/", http.StatusFound)
	case s.breaks(APISignInPage):
		writeHTML(w, http.StatusOK, "Sign in", "<form method=post><input name=email><input name=password type=password></form>")
	case s.breaks(APIFirewall):
		writeHTML(w, http.StatusForbidden, "Access denied", "<p>Your request was blocked. Reference 1f0c7.</p>")
	case s.breaks(APIOtherScheme):
		w.Header().Set("WWW-Authenticate", `Basic realm="demo"`)
		s.writeError(w, http.StatusUnauthorized, "unauthorized", "send user and password")
	case s.breaks(APIMethod):
		w.Header().Set("Allow", http.MethodPost)
		s.writeError(w, http.StatusMethodNotAllowed, "invalid_request", "this API answers POST alone")
	default:
		return false
	}
	return true
}

func writeHTML(w http.ResponseWriter, status int, title, body string) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	fmt.Fprintf(w, "<!doctype html><html lang=en><title>%[1]s</title><h1>%[1]s</h1>%[2]s", title, body)
}

// refuseShape refuses a token for what it looks like.
func (s *Server) refuseShape(w http.ResponseWriter, d *door, description string) {
	d.refuse(w, `, error="invalid_token", error_description="`+description+`"`)
	s.writeError(w, http.StatusUnauthorized, "invalid_token", description)
}

// tokenOf stands for an access token where none was needed.
func (s *Server) tokenOf(subject, client string) *accessToken {
	return &accessToken{grant: &grant{user: subject, client: client}, scopes: scopesSupported}
}
