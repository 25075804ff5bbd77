package oauth

import (
	"slices"
	"testing"
)

func TestMetadataURLs(t *testing.T) {
	for issuer, want := range map[string][]string{
		"https://a.example":     {"https://a.example/.well-known/openid-configuration", "https://a.example/.well-known/oauth-authorization-server"},
		"https://a.example/":    {"https://a.example/.well-known/openid-configuration", "https://a.example/.well-known/oauth-authorization-server"},
		"https://a.example/x/y": {"https://a.example/x/y/.well-known/openid-configuration", "https://a.example/.well-known/oauth-authorization-server/x/y", "https://a.example/x/y/.well-known/oauth-authorization-server", "https://a.example/.well-known/openid-configuration/x/y"},
	} {
		if got := MetadataURLs(issuer); !slices.Equal(got, want) {
			t.Errorf("MetadataURLs(%q) = %q; want %q", issuer, got, want)
		}
	}
}
