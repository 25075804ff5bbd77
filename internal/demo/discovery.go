package demo

import "net/http"

// metadata is RFC 8414 section 2 and OpenID Connect Discovery section 3 in one.
type metadata struct {
	Issuer                string   `json:"issuer"`
	AuthorizationEndpoint string   `json:"authorization_endpoint"`
	TokenEndpoint         string   `json:"token_endpoint"`
	UserinfoEndpoint      string   `json:"userinfo_endpoint"`
	IntrospectionEndpoint string   `json:"introspection_endpoint"`
	RevocationEndpoint    string   `json:"revocation_endpoint"`
	RegistrationEndpoint  string   `json:"registration_endpoint"`
	PAREndpoint           string   `json:"pushed_authorization_request_endpoint"`
	RequirePAR            bool     `json:"require_pushed_authorization_requests"`
	EndSessionEndpoint    string   `json:"end_session_endpoint"`
	JWKSURI               string   `json:"jwks_uri"`
	ScopesSupported       []string `json:"scopes_supported"`
	ResponseTypes         []string `json:"response_types_supported"`
	ResponseModes         []string `json:"response_modes_supported"`
	GrantTypes            []string `json:"grant_types_supported"`
	SubjectTypes          []string `json:"subject_types_supported"`
	IDTokenAlgs           []string `json:"id_token_signing_alg_values_supported"`
	TokenAuthMethods      []string `json:"token_endpoint_auth_methods_supported"`
	IntrospectAuthMethods []string `json:"introspection_endpoint_auth_methods_supported"`
	RevocationAuthMethods []string `json:"revocation_endpoint_auth_methods_supported"`
	CodeChallengeMethods  []string `json:"code_challenge_methods_supported"`
	PromptValues          []string `json:"prompt_values_supported"`
	Claims                []string `json:"claims_supported"`
	ResponseIss           bool     `json:"authorization_response_iss_parameter_supported"`
	ClaimsParameter       bool     `json:"claims_parameter_supported"`
	RequestParameter      bool     `json:"request_parameter_supported"`
	RequestURIParameter   bool     `json:"request_uri_parameter_supported"`
}

// root is where the server is mounted, as its clients have to write it.
func (s *Server) root() string {
	if s.breaks(ConsentNoWayBack) {
		return otherLoopback(s.mount)
	}
	return s.mount
}

// issuer is what the server calls itself (RFC 8414 section 2).
func (s *Server) issuer() string {
	if s.breaks(IssuerSlash) {
		return s.root() + "/"
	}
	return s.root()
}

func (s *Server) handleMetadata(w http.ResponseWriter, _ *http.Request) {
	s.writeJSON(w, http.StatusOK, s.metadata())
}

func (s *Server) metadata() metadata {
	methods := []string{"client_secret_basic", "client_secret_post", "none"}
	return metadata{
		Issuer:                s.issuer(),
		AuthorizationEndpoint: s.root() + "/authorize",
		TokenEndpoint:         s.root() + "/token",
		UserinfoEndpoint:      s.root() + "/userinfo",
		IntrospectionEndpoint: s.root() + "/introspect",
		RevocationEndpoint:    s.root() + "/revoke",
		RegistrationEndpoint:  s.root() + "/register",
		PAREndpoint:           s.root() + "/par",
		RequirePAR:            s.breaks(RequirePAR),
		EndSessionEndpoint:    s.root() + "/logout",
		JWKSURI:               s.root() + "/.well-known/jwks.json",
		ScopesSupported:       scopesSupported,
		ResponseTypes:         []string{"code"},
		ResponseModes:         []string{"query"},
		GrantTypes:            []string{"authorization_code", "refresh_token"},
		SubjectTypes:          []string{"public"},
		IDTokenAlgs:           []string{"RS256"},
		TokenAuthMethods:      methods,
		IntrospectAuthMethods: methods[:2],
		RevocationAuthMethods: methods,
		CodeChallengeMethods:  []string{"S256"},
		PromptValues:          []string{"none", "login", "consent", "select_account"},
		Claims: []string{"iss", "sub", "aud", "exp", "iat", "auth_time", "nonce", "at_hash",
			"name", "given_name", "preferred_username", "picture", "email", "email_verified"},
		ResponseIss: true,
	}
}

func (s *Server) handleKeys(w http.ResponseWriter, _ *http.Request) {
	keys, err := s.keys()
	if err != nil {
		s.writeError(w, http.StatusInternalServerError, "server_error", "the signing key could not be made")
		return
	}
	s.writeJSON(w, http.StatusOK, keys.public)
}
