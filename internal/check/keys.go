package check

import (
	"context"
	"fmt"
	"oauth-test-client/internal/causes"
	"oauth-test-client/internal/oauth"
	"slices"
	"strings"
)

// checkKeys fetches the keys that ID tokens are verified with.
func (c *Checker) checkKeys(ctx context.Context) causes.Finding {
	if !slices.Contains(c.cfg.Scopes, "openid") {
		return causes.Skipped("openid is not asked for, so there is no ID token to verify")
	}
	algs := c.Md.IDTokenAlgs
	symmetric := len(algs) > 0 && !slices.ContainsFunc(algs, func(alg string) bool { return slices.Contains(oauth.SigningAlgorithms, alg) })
	usable, all, err := c.countKeys(ctx)
	switch {
	case symmetric:
		return c.symmetricOnly(usable)
	case c.Md.JWKS == "":
		return causes.Failing("SCOPES", "remove openid from SCOPES, or set ISSUER and JWKS_URI", "",
			"SCOPES has openid, but the server names no jwks_uri, so no ID token could be verified").As(causes.JWKSUnusable)
	case err != nil:
		return causes.Failing("JWKS_URI", "the server has to fix this, unless JWKS_URI is set", "", "%v", err).As(causes.JWKSUnusable)
	case usable == 0:
		return causes.Failing("", "choose an asymmetric ID token signature, such as RS256 ("+c.field(causes.IDToken)+")", "",
			"none of the %d keys at %s can verify an ID token", all, c.Md.JWKS).As(causes.JWKSUnusable)
	}
	return causes.Proved("%s", causes.Number(usable, "key")).By("%s", c.Md.JWKS)
}

// countKeys fetches the keys and counts those that an ID token can be verified with.
func (c *Checker) countKeys(ctx context.Context) (usable, all int, err error) {
	if c.Md.JWKS == "" {
		return 0, 0, nil
	}
	keys, err := c.Oauth.LoadKeys(ctx)
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
func (c *Checker) symmetricOnly(usable int) causes.Finding {
	found := fmt.Sprintf("the server signs ID tokens with %s only, which this client refuses: whoever has the client secret "+
		"could forge one", c.said(strings.Join(c.Md.IDTokenAlgs, ", "), 100))
	fix := "choose RS256 for this OAuth application (" + c.field(causes.IDToken) + "), or remove openid from SCOPES"
	if usable == 0 {
		return causes.Failing("SCOPES", fix, "", "%s", found).As(causes.IDTokenSignature)
	}
	f := causes.Warning("%d keys can be used, but %s", usable, found).As(causes.IDTokenSignature)
	f.Fix = fix
	return f
}
