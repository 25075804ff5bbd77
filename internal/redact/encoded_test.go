package redact

import (
	"encoding/base64"
	"encoding/hex"
	"net/url"
	"strings"
	"testing"
	"unicode/utf16"
)

// inUTF16 writes a text in UTF-16, the low byte first.
func inUTF16(text string) string {
	var out []byte
	for _, unit := range utf16.Encode([]rune(text)) {
		out = append(out, byte(unit), byte(unit>>8))
	}
	return string(out)
}

// What is named, and a value, is found in base64 and in hexadecimal digits, twice encoded, broken into lines, and in UTF-16.
// All that was encoded together goes.
func TestRead_Encoded(t *testing.T) {
	t.Parallel()
	const token = "opaque-4711-abcdefgh"
	members := `{"name":"kept","access_token":"` + token + `"}`
	std, raw := base64.StdEncoding.EncodeToString, base64.RawURLEncoding.EncodeToString
	long := std([]byte(strings.Repeat("padding>? ", 12) + members))
	var lines []string
	for rest := long; rest != ""; {
		n := min(76, len(rest))
		lines, rest = append(lines, rest[:n]), rest[n:]
	}
	for name, encoded := range map[string]string{
		"base64":                  std([]byte(members)),
		"of the other alphabet":   raw([]byte("~~??" + members)),
		"behind a name":           "data/" + std([]byte(members)),
		"escaped":                 url.QueryEscape(std([]byte(">>>" + members))),
		"behind an escape":        `\n` + std([]byte(members)),
		"twice":                   std([]byte(std([]byte(members)))),
		"in lines":                strings.Join(lines, "\r\n"),
		"in lines, escaped":       strings.Join(lines, `\n`),
		"hex":                     hex.EncodeToString([]byte(members)),
		"HEX":                     strings.ToUpper(hex.EncodeToString([]byte(members))),
		"UTF-16":                  inUTF16(members),
		"base64 of UTF-16":        std([]byte(inUTF16(members))),
		"with binary data around": std([]byte("\x01\x02\xff" + members)),
	} {
		for how, work := range map[string]func(*Text){
			"by name":  func(text *Text) { text.ReplaceNamed(IsSecret, Always("X")) },
			"by value": func(text *Text) { replace(text, token, "X") },
		} {
			text := Read("<" + encoded + ">")
			work(text)
			got := text.String()
			if strings.Contains(name, "base64 of") || !strings.Contains(name, "UTF") {
				if want := "<X>"; got != want && got != `<\X=>` && got != "<dataX>" && got != "<X=>" && got != "<X%3D>" && got != "<X==>" && got != "<X%3D%3D>" {
					t.Errorf("%s, %s: %s becomes %q", name, how, encoded, got)
				}
			} else if strings.Contains(strings.ReplaceAll(got, "\x00", ""), token) || !strings.Contains(got, "X") {
				t.Errorf("%s, %s: it becomes %q", name, how, got)
			}
		}
	}
}

// A JWT is found inside, and a client secret also between bytes that are no text.
func TestRead_EncodedBinary(t *testing.T) {
	t.Parallel()
	const secret, jwt = "s/ecret+with ~", "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl"
	text := Read(base64.StdEncoding.EncodeToString([]byte("a session: " + jwt)))
	if text.ReplaceJWTs(Always("X")); text.String() != "X" {
		t.Errorf("a JWT becomes %s", text)
	}
	binary := []byte("\xff\xfe\xfd\xfc\xfb\xfa\xf9\xf8" + secret + "\xff\xfe\xfd\xfc\xfb\xfa\xf9\xf8")
	for name, encoded := range map[string]string{"base64": base64.StdEncoding.EncodeToString(binary), "hex": hex.EncodeToString(binary),
		"HEX": strings.ToUpper(hex.EncodeToString(binary))} {
		var v Values
		v.AddSecret(secret, "X")
		text := Read(encoded)
		if text.Replace(&v); !strings.Contains(text.String(), "X") {
			t.Errorf("%s: %s stays", name, text)
		}
	}
}

// What is encoded and holds no secret stays, and so does what only looks encoded.
func TestRead_EncodedHarmless(t *testing.T) {
	t.Parallel()
	for _, harmless := range []string{
		base64.StdEncoding.EncodeToString([]byte(`{"name":"kept","token_type":"Bearer"}`)),
		hex.EncodeToString([]byte("there is nothing in it")),
		"https://server.example/a/long/path/of/words/that/is/no/base64",
		"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
		strings.Repeat("word ", 40) + "\n" + strings.Repeat("A", 45) + "\nnext line",
	} {
		text := Read(harmless)
		text.ReplaceNamed(IsSecret, Always("X"))
		replace(text, "opaque-4711-abcdefgh", "X")
		if got := text.String(); got != harmless {
			t.Errorf("%s becomes %s", harmless, got)
		}
	}
}

// A character reference has any number of zeros, and needs no semicolon (HTML section 13.2.5.80).
func TestUnescape_Numbers(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"&#115;": "s", "&#115": "s", "&#0000000000000000000115;": "s", "&#x73": "s", "&#X0073;": "s", "&#x0000000000073;x": "s", "%u0073": "s", `\u{73}`: "s",
		`\u{00073}`: "s", "\x00s": "", "&#;": "&#;", "&#": "&", "&#x": "&", "&": "&", "&#99999999;": "\uFFFD", `\u{}`: `\`, `\u{s}`: `\`, "%u00": "%", "%u": "%",
	} {
		if got, _ := unescape(in); got != want {
			t.Errorf("%q begins with %q; want %q", in, got, want)
		}
	}
	for _, spelled := range []string{"&#115&#0101&#x63&#x72;et", `\u{73}ecret`, "%u0073ecret", inUTF16("secret"), "s\x00\x00\x00e\x00\x00\x00cret",
		"%2525252573ecret"} {
		text := Read("<" + spelled + ">")
		replace(text, "secret", "X")
		if got := strings.ReplaceAll(text.String(), "\x00", ""); got != "<X>" {
			t.Errorf("%q becomes %q", spelled, got)
		}
	}
}

// White space at the beginning and at the end of what is encoded is text as well.
func TestRead_EncodedWhiteSpace(t *testing.T) {
	t.Parallel()
	for _, space := range []string{" ", "\t", "\r", "\n"} {
		padding := strings.Repeat("ab"+space, 10)
		text := Read(base64.StdEncoding.EncodeToString([]byte(padding + `{"access_token":"opaque-4711"}` + padding)))
		if text.ReplaceNamed(IsSecret, Always("X")); text.String() != "X" {
			t.Errorf("with %q around, it becomes %s", space, text)
		}
	}
}
