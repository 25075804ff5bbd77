package redact

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// What an answer names as a secret is found in JSON at any depth, in a form, in a page, and in text that is cut short.
func TestSecrets(t *testing.T) {
	for answer, want := range map[string][]string{
		`{"client_secret":"secret-1","client_id":"client-1","a":[{"Access_Token":"token-2"}]}`:     {"secret-1", "token-2"},
		`{"client_secret":"first-1","client_secret":"second-2"}`:                                   {"first-1", "second-2"},
		`{"registration_access_token":{"is":["nested-1",12345678]},"registration_client_uri":"a"}`: {"nested-1", "12345678"},
		`{"registration_client_uri":"https://a.example/1","token_endpoint_auth_method":"none"}`:    {"https://a.example/1"},
		`{"client_secret":"sec\/ret-1"`:                                                         {`sec\/ret-1`, "sec/ret-1"},
		`{"error_description":"{\"client_secret\":\"inside-1\"}"}`:                              {"inside-1"},
		`<pre>{&quot;client_secret&quot;:&quot;page-123&quot;}`:                                 {"page-123"},
		`<p>client_secret=page-123</p>`:                                                         {"page-123"},
		`error=x&client_secret=form%2D123&client_id=client-1`:                                   {"form%2D123", "form-123"},
		`The client_secret=plain-123.`:                                                          {"plain-123.", "plain-123"},
		`{"client_secret":"short","client_secret_expires_at":12345678,"error":"invalid_token"}`: nil,
		`client_secret is required, and no token was sent`:                                      nil,
	} {
		if got, all := Secrets(answer); !slices.Equal(got, want) || !all {
			t.Errorf("%s: %q, %t; want %q", answer, got, all, want)
		}
	}
}

// Each value is looked for in all that is said of an answer, so that there are not many, and nobody is told half.
func TestSecretsAreBounded(t *testing.T) {
	for _, n := range []int{maxSecrets, maxSecrets + 1, 50_000} {
		var answer strings.Builder
		for i := range n {
			fmt.Fprintf(&answer, `{"a_token":"token-%d"}`, i)
		}
		got, all := Secrets("[" + strings.ReplaceAll(answer.String(), "}{", "},{") + "]")
		if all != (n == maxSecrets) || len(got) > maxSecrets+1 {
			t.Errorf("of %d are found %d, and all: %t", n, len(got), all)
		}
	}
}

// A text is rid of the values that it names itself, in any spelling, however short they are.
func TestReplaceNamed(t *testing.T) {
	for text, want := range map[string]string{
		`{"client_secret":"ab1","client_id":"c"}`: `{"client_secret":"X","client_id":"c"}`,
		`{\"client_secret\":\"ab1\"}`:             `{\"client_secret\":\"X\"}`,
		`?Access_Token=ab1&x=1`:                   `?Access_Token=X&x=1`,
		`the token is bad`:                        `the token is bad`,
	} {
		read := Read(text)
		read.ReplaceNamed("X")
		if got := read.String(); got != want {
			t.Errorf("%s becomes %s; want %s", text, got, want)
		}
	}
}
