package redact

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"html"
	"math/rand/v2"
	"net/url"
	"slices"
	"strings"
	"testing"
)

// replace marks one value.
func replace(t *Text, value, standIn string) {
	var v Values
	v.Add(value, standIn)
	t.Replace(&v)
}

// replaceClient marks one client.
func replaceClient(t *Text, c Credentials, standIn string) {
	var v Values
	v.AddClient(c, standIn)
	t.Replace(&v)
}

// A secret is found in every spelling, and what only looks like it is left.
func TestReplace_EachSpelling(t *testing.T) {
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
		replace(text, secret, "X")
		if got := text.String(); got != "before X after" && got != "before X&amp;x after" {
			t.Errorf("%s: %q becomes %q", name, spelled, got)
		}
	}
	for _, other := range []string{"s/e+c r&t'e", `s\/e`, "S/E+C R&T'É\U0001F511", "", `\`, `\u00`, "%", "%2", "&#43", `\ud83d`} {
		text := Read(other)
		replace(text, secret, "X")
		if got := text.String(); got != other {
			t.Errorf("%q became %q, and it holds no secret", other, got)
		}
	}
}

// A secret that looks like an escape, or ends one, is found as it is and escaped.
func TestReplace_EscapeLike(t *testing.T) {
	for _, secret := range []string{`100%25sure`, `n\n\/n\n`, `&amp;&lt;`, `\u002B\u002B`, `name0123`, `2F2F2F2F`, "++++++"} {
		quoted, _ := json.Marshal(secret)
		for _, spelled := range []string{
			secret, `\` + secret, `%` + secret, strings.Trim(string(quoted), `"`), url.QueryEscape(secret),
			html.EscapeString(secret),
		} {
			text := Read("(" + spelled + ")")
			replace(text, secret, "X")
			if got := text.String(); !strings.HasSuffix(got, "X)") || len(got) > 4 {
				t.Errorf("%q in %q becomes %q", secret, spelled, got)
			}
		}
	}
}

func TestReplace_Overlapping(t *testing.T) {
	text := Read("abcdefghij, bcdefg, ghijklmn, aaaaaaaaaaaaa")
	for _, value := range []string{"bcdefg", "abcdefgh", "ghijklmn", "short", "ghijkl", "aaaaaa"} {
		replace(text, value, "<"+value[:1]+">")
	}
	if got, want := text.String(), "<a>ij, <b>, <g>, <a>"; got != want {
		t.Errorf("%q; want %q", got, want)
	}
}

func TestReplaceClient_Basic(t *testing.T) {
	for _, row := range []struct{ text, want string }{
		{"aWQ6cy9lY3JldA==", "X"},             // id:s/ecret
		{"Basic aWQ6cyUyRmVjcmV0", "Basic X"}, // id:s%2Fecret
		{`aWQ6cyUyRmVjcmV0\u003d`, `X`},       // with what pads it
		{"you sent s%2fecret", "you sent X"},
		{"aWQ6b3RoZXI=", "aWQ6b3RoZXI="}, // id:other
		{"secret", "secret"},
	} {
		text := Read(row.text)
		replaceClient(text, Credentials{"id", "s/ecret"}, "X")
		if got := text.String(); got != row.want {
			t.Errorf("%q becomes %q; want %q", row.text, got, row.want)
		}
	}
	for _, short := range []string{"aWQ6YWI=", "aWQ6YWI", "aWQ6YWI%3D"} { // padded, not padded, in an address
		text := Read("Basic " + short + ", ab")
		replaceClient(text, Credentials{"id", "ab"}, "X") // too short to be looked for alone
		if got := text.String(); got != "Basic X, ab" {
			t.Errorf("a short secret in %s: %q", short, got)
		}
	}
	text := Read("anything")
	replaceClient(text, Credentials{"id", ""}, "X")
	if got := text.String(); got != "anything" {
		t.Errorf("no secret: %q", got)
	}
}

// A value of half a megabyte that almost repeats costs no more than its length: by its length times the
// text's, this test would never end.
func TestReplace_Long(t *testing.T) {
	text := Read(strings.Repeat("a", 1<<20) + "%2b" + strings.Repeat(`\u0061`, 1<<15))
	replace(text, strings.Repeat("a", 1<<19)+"b", "X")
	replace(text, strings.Repeat("a", 1<<19)+"+"+strings.Repeat("a", 1<<15), "Y")
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
			replace(read, secret, "<>") // which makes no secret of what stands around it
			if got := read.String(); strings.Contains(got, secret) {
				t.Errorf("%q is left of %q in %q", secret, whole, got)
			}
		}
	})
}

// A secret is found in base64 of either alphabet, padded or not, alone and within more, and in hexadecimal digits. What
// is around it in the same base64 goes too.
func TestAddSecret_EachEncoding(t *testing.T) {
	const secret = "s/ecret+with ~"
	for name, encode := range map[string]func([]byte) string{
		"base64": base64.StdEncoding.EncodeToString, "unpadded": base64.RawStdEncoding.EncodeToString,
		"url-safe": base64.URLEncoding.EncodeToString, "url-safe, unpadded": base64.RawURLEncoding.EncodeToString,
		"hex": hex.EncodeToString, "HEX": func(b []byte) string { return strings.ToUpper(hex.EncodeToString(b)) },
	} {
		for _, plain := range []string{secret, url.QueryEscape(secret)} {
			for _, around := range []string{"", "a", "ab", "abc", "client:"} {
				encoded := encode([]byte(around + plain + around))
				if strings.Contains(strings.ToLower(name), "hex") {
					encoded = encode([]byte(plain))
				}
				for _, spelled := range []string{encoded, url.QueryEscape(encoded), strings.ReplaceAll(encoded, "/", `\/`)} {
					text := Read("<" + spelled + ">")
					var v Values
					v.AddSecret(secret, "X")
					text.Replace(&v)
					if got := text.String(); got != "<X>" {
						t.Errorf("%s: %s becomes %s", name, spelled, got)
					}
				}
			}
		}
	}
	for _, other := range []string{base64.StdEncoding.EncodeToString([]byte("another secret")), hex.EncodeToString([]byte("another secret")), "s/ecret"} {
		var v Values
		v.AddSecret(secret, "X")
		text := Read(other)
		if text.Replace(&v); text.String() != other {
			t.Errorf("%s becomes %s", other, text)
		}
	}
}

// The values are all found, whichever begins or ends another one: as they would be one by one.
func TestValues_AllFound(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	word := func(n int) string {
		letters := make([]byte, n)
		for i := range letters {
			letters[i] = "ab"[random.IntN(2)]
		}
		return string(letters)
	}
	for range 2000 {
		var values []string
		var v Values
		for range 1 + random.IntN(6) {
			values = append(values, word(Shortest+random.IntN(6)))
			v.Add(values[len(values)-1], "<>")
		}
		text := word(random.IntN(60))
		covered := make([]bool, len(text))
		for i := range text {
			for _, value := range values {
				if strings.HasPrefix(text[i:], value) {
					for j := range value {
						covered[i+j] = true
					}
				}
			}
		}
		want := ""
		for i := range text {
			if !covered[i] {
				want += text[i : i+1]
			}
		}
		read := Read(text)
		read.Replace(&v)
		if got := strings.ReplaceAll(read.String(), "<>", ""); got != want {
			t.Fatalf("%q without %q is %q; want %q", text, values, got, want)
		}
	}
}

// A header that cannot be read to its end brings no credentials, not even the half of them.
func TestFromBasic(t *testing.T) {
	t.Parallel()
	for header, want := range map[string][]Credentials{
		"Basic aWQ6c2VjcmV0":     {{"id", "secret"}},
		"basic  aWQ6c2VjcmV0 ":   {{"id", "secret"}},
		"Basic aSUyRmQ6cyUyRmVj": {{"i%2Fd", "s%2Fec"}, {"i/d", "s/ec"}},
		"Basic aWQ6c2VjcmV0*":    nil,
		"Basic aWRzZWNyZXQ=":     nil, // no colon
		"Bearer aWQ6c2VjcmV0":    nil,
		"Basic aWQ6c2UlY3JldA==": {{"id", "se%cret"}}, // no form-encoding
		"Basic JXg6c2VjcmV0JTJG": {{"%x", "secret%2F"}},
		"":                       nil,
	} {
		if got := FromBasic(header); !slices.Equal(got, want) {
			t.Errorf("%q: %q; want %q", header, got, want)
		}
	}
}

// Without values nothing is found.
func TestCompile_NoValues(t *testing.T) {
	t.Parallel()
	var v Values
	v.Compile()
	text := Read("a secret")
	if text.Replace(&v); text.String() != "a secret" {
		t.Errorf("it becomes %q", text)
	}
}

// A short secret that HTTP Basic encodes is found with its client ID, encoded or not.
func TestReplaceClient_ShortEncoded(t *testing.T) {
	t.Parallel()
	for _, pair := range []string{"i/d:a/b", "i%2Fd:a%2Fb"} {
		text := Read("Basic " + base64.StdEncoding.EncodeToString([]byte(pair)) + ", id:a/b")
		replaceClient(text, Credentials{"i/d", "a/b"}, "X")
		if got := text.String(); got != "Basic X, id:a/b" {
			t.Errorf("%s: %q", pair, got)
		}
	}
}

// Without anything to encode in the client ID, too, a short secret is found as HTTP Basic sends it.
func TestReplaceClient_ShortSecret(t *testing.T) {
	t.Parallel()
	for _, pair := range []string{"id:a/b", "id:a%2Fb"} {
		text := Read("Basic " + base64.StdEncoding.EncodeToString([]byte(pair)))
		replaceClient(text, Credentials{"id", "a/b"}, "X")
		if got := text.String(); got != "Basic X" {
			t.Errorf("%s: %q", pair, got)
		}
	}
}
