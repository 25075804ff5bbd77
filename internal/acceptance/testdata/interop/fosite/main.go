// Command fosite runs a small authorization server on Ory's fosite, whose answers are Clerk's word
// for word, on a free port of 127.0.0.1, for one redirect URI. It prints its settings as one line of
// JSON, and ends when its standard input does.
package main

import (
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"time"

	jose "github.com/go-jose/go-jose/v3"
	"github.com/ory/fosite"
	"github.com/ory/fosite/compose"
	"github.com/ory/fosite/handler/openid"
	"github.com/ory/fosite/storage"
	"github.com/ory/fosite/token/jwt"
	"golang.org/x/crypto/bcrypt"
)

const (
	clientID      = "ory-client"
	otherClientID = "other-client" // with the same secret
	clientSecret  = "ory/secret+with:special %characters"
	page          = `<!doctype html><title>Consent</title><form method="post" action=""><input name="login">
<button name="decision" value="allow">Allow</button></form><a href="?%s&deny=1">Deny</a>`
)

type server struct {
	issuer   string
	key      *rsa.PrivateKey
	provider fosite.OAuth2Provider
}

func main() {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		log.Fatal(err)
	}
	hash, err := bcrypt.GenerateFromPassword([]byte(clientSecret), bcrypt.MinCost)
	if err != nil {
		log.Fatal(err)
	}
	s := &server{issuer: "http://" + listener.Addr().String(), key: key}
	store := storage.NewMemoryStore()
	for _, id := range []string{clientID, otherClientID} {
		store.Clients[id] = &fosite.DefaultOpenIDConnectClient{TokenEndpointAuthMethod: "client_secret_basic", DefaultClient: &fosite.DefaultClient{
			ID: id, Secret: hash, RedirectURIs: []string{os.Args[1]}, ResponseTypes: []string{"code"},
			GrantTypes: []string{"authorization_code", "refresh_token"}, Scopes: []string{"openid", "profile", "offline_access"}}}
	}
	config := &fosite.Config{IDTokenIssuer: s.issuer, AccessTokenIssuer: s.issuer, GlobalSecret: []byte("a secret of thirty-two characters"[:32]),
		EnforcePKCE: true, ScopeStrategy: fosite.ExactScopeStrategy, SendDebugMessagesToClients: false}
	s.provider = compose.ComposeAllEnabled(config, store, key)

	http.HandleFunc("/.well-known/openid-configuration", s.metadata)
	http.HandleFunc("/jwks", s.jwks)
	http.HandleFunc("/oauth2/auth", s.authorize)
	http.HandleFunc("/oauth2/token", s.token)
	http.HandleFunc("/oauth2/introspect", s.introspect)
	http.HandleFunc("/oauth2/revoke", s.revoke)
	http.HandleFunc("/userinfo", s.userinfo)

	settings, _ := json.Marshal(map[string]string{"issuer": s.issuer, "client_id": clientID, "client_secret": clientSecret,
		"other_client_id": otherClientID, "other_client_secret": clientSecret})
	fmt.Println(string(settings))
	go func() {
		io.Copy(io.Discard, os.Stdin)
		os.Exit(0)
	}()
	log.Fatal(http.Serve(listener, nil))
}

func (s *server) metadata(w http.ResponseWriter, _ *http.Request) {
	send(w, map[string]any{
		"issuer":                                s.issuer,
		"authorization_endpoint":                s.issuer + "/oauth2/auth",
		"token_endpoint":                        s.issuer + "/oauth2/token",
		"jwks_uri":                              s.issuer + "/jwks",
		"userinfo_endpoint":                     s.issuer + "/userinfo",
		"introspection_endpoint":                s.issuer + "/oauth2/introspect",
		"revocation_endpoint":                   s.issuer + "/oauth2/revoke",
		"response_types_supported":              []string{"code"},
		"grant_types_supported":                 []string{"authorization_code", "refresh_token"},
		"scopes_supported":                      []string{"openid", "profile", "offline_access"},
		"token_endpoint_auth_methods_supported": []string{"client_secret_basic", "client_secret_post"},
		"id_token_signing_alg_values_supported": []string{"RS256"},
		"code_challenge_methods_supported":      []string{"S256"},
	})
}

func (s *server) jwks(w http.ResponseWriter, _ *http.Request) {
	send(w, jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: s.key.Public(), Use: "sig", Algorithm: "RS256"}}})
}

func send(w http.ResponseWriter, document any) {
	w.Header().Set("Content-Type", "application/json")
	json.NewEncoder(w).Encode(document)
}

func (s *server) session() *openid.DefaultSession {
	now := time.Now()
	return &openid.DefaultSession{Subject: "ory-user", Headers: &jwt.Headers{},
		Claims: &jwt.IDTokenClaims{Issuer: s.issuer, Subject: "ory-user", IssuedAt: now, ExpiresAt: now.Add(time.Hour), AuthTime: now, RequestedAt: now}}
}

func (s *server) authorize(w http.ResponseWriter, r *http.Request) {
	request, err := s.provider.NewAuthorizeRequest(r.Context(), r)
	if err != nil {
		s.provider.WriteAuthorizeError(r.Context(), w, request, err)
		return
	}
	if r.URL.Query().Get("deny") != "" {
		s.provider.WriteAuthorizeError(r.Context(), w, request, fosite.ErrAccessDenied)
		return
	}
	if r.Method != http.MethodPost {
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprintf(w, page, r.URL.RawQuery)
		return
	}
	for _, scope := range request.GetRequestedScopes() {
		request.GrantScope(scope)
	}
	response, err := s.provider.NewAuthorizeResponse(r.Context(), request, s.session())
	if err != nil {
		s.provider.WriteAuthorizeError(r.Context(), w, request, err)
		return
	}
	s.provider.WriteAuthorizeResponse(r.Context(), w, request, response)
}

func (s *server) token(w http.ResponseWriter, r *http.Request) {
	request, err := s.provider.NewAccessRequest(r.Context(), r, s.session())
	if err != nil {
		s.provider.WriteAccessError(r.Context(), w, request, err)
		return
	}
	response, err := s.provider.NewAccessResponse(r.Context(), request)
	if err != nil {
		s.provider.WriteAccessError(r.Context(), w, request, err)
		return
	}
	s.provider.WriteAccessResponse(r.Context(), w, request, response)
}

func (s *server) introspect(w http.ResponseWriter, r *http.Request) {
	response, err := s.provider.NewIntrospectionRequest(r.Context(), r, s.session())
	if err != nil {
		s.provider.WriteIntrospectionError(r.Context(), w, err)
		return
	}
	s.provider.WriteIntrospectionResponse(r.Context(), w, response)
}

func (s *server) revoke(w http.ResponseWriter, r *http.Request) {
	s.provider.WriteRevocationResponse(r.Context(), w, s.provider.NewRevocationRequest(r.Context(), r))
}

func (s *server) userinfo(w http.ResponseWriter, r *http.Request) {
	_, request, err := s.provider.IntrospectToken(r.Context(), fosite.AccessTokenFromRequest(r), fosite.AccessToken, s.session())
	if err != nil {
		w.Header().Set("WWW-Authenticate", `Bearer error="invalid_token"`)
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	send(w, map[string]string{"sub": request.GetSession().GetSubject()})
}
