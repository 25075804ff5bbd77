package diagnose

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"oauth-test-client/internal/oauth"
)

// checkKeys fetches the keys that ID tokens are verified with.
func (c *checker) checkKeys(ctx context.Context) Finding {
	if !slices.Contains(c.cfg.Scopes, "openid") {
		return skipped("openid is not asked for, so there is no ID token to verify")
	}
	algs := c.md.IDTokenAlgs
	symmetric := len(algs) > 0 && !slices.ContainsFunc(algs, func(alg string) bool { return slices.Contains(oauth.SigningAlgorithms, alg) })
	usable, all, err := c.countKeys(ctx)
	switch {
	case symmetric:
		return c.symmetricOnly(usable)
	case c.md.JWKS == "":
		return failing("SCOPES", "remove openid from SCOPES, or set ISSUER and JWKS_URI", "",
			"SCOPES has openid, but the server names no jwks_uri, so no ID token could be verified").as(JWKSUnusable)
	case err != nil:
		return failing("JWKS_URI", "the server has to fix this, unless JWKS_URI is set", "", "%v", err).as(JWKSUnusable)
	case usable == 0:
		return failing("", "choose an asymmetric ID token signature, such as RS256 ("+c.field(IDToken)+")", "",
			"none of the %d keys at %s can verify an ID token", all, c.md.JWKS).as(JWKSUnusable)
	}
	return proved("%s", number(usable, "key")).by("%s", c.md.JWKS)
}

// countKeys fetches the keys and counts those that an ID token can be verified with.
func (c *checker) countKeys(ctx context.Context) (usable, all int, err error) {
	if c.md.JWKS == "" {
		return 0, 0, nil
	}
	keys, err := c.oauth.LoadKeys(ctx)
	for _, key := range keys {
		if (key.Use == "" || key.Use == "sig") && (key.Algorithm == "" || slices.Contains(oauth.SigningAlgorithms, key.Algorithm)) {
			usable++
		}
	}
	return usable, len(keys), err
}

// symmetricOnly is the finding that the server signs ID tokens with the client secret only (HS256), if
// its metadata is to be believed: then a login fails, and this is why. Keys that could be used speak
// against the metadata.
func (c *checker) symmetricOnly(usable int) Finding {
	found := fmt.Sprintf("the server signs ID tokens with %s only, which this client refuses: whoever has the client secret "+
		"could forge one", c.said(strings.Join(c.md.IDTokenAlgs, ", "), 100))
	fix := "choose RS256 for this OAuth application (" + c.field(IDToken) + "), or remove openid from SCOPES"
	if usable == 0 {
		return failing("SCOPES", fix, "", "%s", found).as(IDTokenSignature)
	}
	f := warning("%d keys can be used, but %s", usable, found).as(IDTokenSignature)
	f.Fix = fix
	return f
}
