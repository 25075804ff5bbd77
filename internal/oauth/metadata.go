package oauth

import (
	"time"

	"oauth-test-client/internal/config"
	"oauth-test-client/internal/wire"
)

// Metadata is an authorization server's metadata (RFC 8414 section 2, OpenID Connect Discovery section 3), after the
// overrides.
type Metadata struct {
	config.Endpoints
	Named                    config.Endpoints // by the document, before the overrides
	Issuer                   string
	AuthMethods              []string // of the token endpoint
	IntrospectionAuthMethods []string
	RevocationAuthMethods    []string
	ResponseTypes            []string
	ResponseModes            []string
	GrantTypes               []string
	Scopes                   []string
	ChallengeMethods         []string
	IDTokenAlgs              []string
	ResponseIss              bool     // RFC 9207 section 3
	RequiresPAR              bool     // RFC 9126 section 5
	Registration             string   // RFC 7591 section 3
	ClientDocuments          bool     // a client ID may be the address of the client's metadata
	Warnings                 []string // what other clients may refuse, in sentences
	Binding                  string   // of the logins that are begun with it
	Source                   string   // the URL it was found at; empty when it was all configured
	MaySendAsForm            bool     // the token response may be a form: the server predates RFC 6749
}

// readMetadata reads a document. The members that a login needs, or that decide whom it trusts, must have the right type.
// Others need not. The warnings about those are not sanitized yet.
func readMetadata(document string) (*Metadata, error) {
	o, err := wire.ParseObject(document)
	if err != nil {
		return nil, err
	}
	r := &Reader{Object: o}
	md := &Metadata{
		Endpoints: config.Endpoints{
			Authorization: o.Text("authorization_endpoint"),
			Token:         o.Text("token_endpoint"),
			JWKS:          o.Text("jwks_uri"),
			Userinfo:      r.optional("userinfo_endpoint"),
			Introspection: r.optional("introspection_endpoint"),
			Revocation:    r.optional("revocation_endpoint"),
			EndSession:    r.optional("end_session_endpoint"),
			PAR:           r.optional("pushed_authorization_request_endpoint"),
		},
		Issuer:                   o.Text("issuer"),
		AuthMethods:              r.List("token_endpoint_auth_methods_supported"),
		IntrospectionAuthMethods: r.List("introspection_endpoint_auth_methods_supported"),
		RevocationAuthMethods:    r.List("revocation_endpoint_auth_methods_supported"),
		ResponseTypes:            r.List("response_types_supported"),
		ResponseModes:            r.List("response_modes_supported"),
		GrantTypes:               r.List("grant_types_supported"),
		Scopes:                   r.List("scopes_supported"),
		ChallengeMethods:         r.List("code_challenge_methods_supported"),
		IDTokenAlgs:              r.StrictList("id_token_signing_alg_values_supported"),
		ResponseIss:              r.strictFlag("authorization_response_iss_parameter_supported"),
		RequiresPAR:              r.flag("require_pushed_authorization_requests"),
		Registration:             r.optional("registration_endpoint"),
		ClientDocuments:          r.flag("client_id_metadata_document_supported"),
	}
	md.Warnings = r.Warnings
	return md, o.Err()
}

// freshFor is the age after which the metadata and the keys are fetched again. A server may revoke a key, or move, and a
// program that runs for weeks must not trust the old ones.
const freshFor = 5 * time.Minute
