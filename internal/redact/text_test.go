package redact

import (
	"encoding/json"
	"html"
	"net/url"
	"regexp"
	"strings"
	"testing"
)

// A secret is found in every spelling, and what only looks like it is left.
func TestReplace(t *testing.T) {
	const secret = "s/e+c r&t'é\U0001F511"
	quoted, _ := json.Marshal(secret)
	inJSON := strings.Trim(string(quoted), `"`)
	for name, spelled := range map[string]string{
		"as it is":               secret,
		"JSON":                   inJSON,
		"JSON of PHP":            `s\/e+c r&t'\u00e9\ud83d\udd11`,
		"JSON of .NET":           `s/e\u002Bc r\u0026t\u0027\u00E9\uD83D\uDD11`,
		"JSON, every character":  `\u0073\u002f\u0065\u002b\u0063\u0020\u0072\u0026\u0074\u0027\u00e9\ud83d\udd11`,
		"a page":                 html.EscapeString(secret),
		"a page, by number":      `s&#47;e&#43;c&#32;r&#38;t&#x27;&eacute;&#x1F511;`,
		"a form":                 url.QueryEscape(secret),
		"a form, lower case":     strings.ToLower(url.QueryEscape(secret)),
		"a path":                 url.PathEscape(secret),
		"a script":               `s\x2fe\x2bc\x20r\x26t\'é` + "\U0001F511",
		"JSON in a parameter":    url.QueryEscape(inJSON),
		"a parameter in a page":  html.EscapeString(url.QueryEscape(secret) + "&x"),
		"JSON in JSON in a page": html.EscapeString(strings.ReplaceAll(inJSON, `\`, `\\`)),
	} {
		text := Read("before " + spelled + " after")
		text.Replace(secret, "X")
		if got := text.String(); got != "before X after" && got != "before X&amp;x after" {
			t.Errorf("%s: %q becomes %q", name, spelled, got)
		}
	}
	for _, other := range []string{"s/e+c r&t'e", `s\/e`, "S/E+C R&T'É\U0001F511", "", `\`, `\u00`, "%", "%2", "&#43", `\ud83d`} {
		text := Read(other)
		text.Replace(secret, "X")
		if got := text.String(); got != other {
			t.Errorf("%q became %q, and it holds no secret", other, got)
		}
	}
}

// A secret that looks like an escape, or ends one, is found as it is and escaped.
func TestReplaceEscapeLike(t *testing.T) {
	for _, secret := range []string{`100%25sure`, `n\n\/n\n`, `&amp;&lt;`, `\u002B\u002B`, `name0123`, `2F2F2F2F`, "++++++"} {
		quoted, _ := json.Marshal(secret)
		for _, spelled := range []string{
			secret, `\` + secret, `%` + secret, strings.Trim(string(quoted), `"`), url.QueryEscape(secret),
			html.EscapeString(secret),
		} {
			text := Read("(" + spelled + ")")
			text.Replace(secret, "X")
			if got := text.String(); !strings.HasSuffix(got, "X)") || len(got) > 4 {
				t.Errorf("%q in %q becomes %q", secret, spelled, got)
			}
		}
	}
}

func TestReplaceOverlapping(t *testing.T) {
	text := Read("abcdefghij, bcdefg, ghijklmn, aaaaaaaaaaaaa")
	for _, value := range []string{"bcdefg", "abcdefgh", "ghijklmn", "short", "ghijkl", "aaaaaa"} {
		text.Replace(value, "<"+value[:1]+">")
	}
	if got, want := text.String(), "<a>ij, <b>, <g>, <a><a>a"; got != want {
		t.Errorf("%q; want %q", got, want)
	}
}

func TestReplaceMatches(t *testing.T) {
	text := Read(`{"a":"token\u003done%3d", "b":"token=two"}`)
	text.ReplaceMatches(regexp.MustCompile(`token=([a-z]*)`), 1, "X")
	if got, want := text.String(), `{"a":"token\u003dX%3d", "b":"token=X"}`; got != want {
		t.Errorf("%q; want %q", got, want)
	}
}

func TestReplaceClient(t *testing.T) {
	for _, row := range []struct{ text, want string }{
		{"aWQ6cy9lY3JldA==", "X"},             // id:s/ecret
		{"Basic aWQ6cyUyRmVjcmV0", "Basic X"}, // id:s%2Fecret
		{`aWQ6cyUyRmVjcmV0\u003d`, `X\u003d`}, // with more behind it
		{"you sent s%2fecret", "you sent X"},
		{"aWQ6b3RoZXI=", "aWQ6b3RoZXI="}, // id:other
		{"secret", "secret"},
	} {
		text := Read(row.text)
		text.ReplaceClient(Credentials{"id", "s/ecret"}, "X")
		if got := text.String(); got != row.want {
			t.Errorf("%q becomes %q; want %q", row.text, got, row.want)
		}
	}
	text := Read("Basic aWQ6YWI=, ab")
	text.ReplaceClient(Credentials{"id", "ab"}, "X") // too short to be looked for alone
	if got := text.String(); got != "Basic X, ab" {
		t.Errorf("a short secret: %q", got)
	}
	text = Read("anything")
	text.ReplaceClient(Credentials{"id", ""}, "X")
	if got := text.String(); got != "anything" {
		t.Errorf("no secret: %q", got)
	}
}

// A value of half a megabyte that almost repeats costs no more than its length: by its length times the
// text's, this test would never end.
func TestReplaceLong(t *testing.T) {
	text := Read(strings.Repeat("a", 1<<20) + "%2b" + strings.Repeat(`\u0061`, 1<<15))
	text.Replace(strings.Repeat("a", 1<<19)+"b", "X")
	text.Replace(strings.Repeat("a", 1<<19)+"+"+strings.Repeat("a", 1<<15), "Y")
	if got := text.String(); got != strings.Repeat("a", 1<<19)+"Y" {
		t.Errorf("%d bytes are left, and end in %.20q", len(got), got[len(got)-20:])
	}
}

// Whatever the text and the secret are, the secret is not left in it.
func FuzzReplace(f *testing.F) {
	f.Add("before s/ecret after", "s/ecret")
	f.Add(`s\/ecret`, "s/ecret")
	f.Add("%", "100%25%25")
	f.Fuzz(func(t *testing.T, text, secret string) {
		if len(secret) < Shortest || strings.ContainsAny(secret, "<>") {
			return
		}
		for _, whole := range []string{text, text + secret, secret + text, secret + text + secret} {
			read := Read(whole)
			read.Replace(secret, "<>") // which makes no secret of what stands around it
			if got := read.String(); strings.Contains(got, secret) {
				t.Errorf("%q is left of %q in %q", secret, whole, got)
			}
		}
	})
}
