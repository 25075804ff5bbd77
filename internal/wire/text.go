package wire

import (
	"cmp"
	"html"
	"net/url"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Clip makes text from outside fit to be shown in a line: at most n bytes, nothing invisible.
func Clip(s string, n int) string {
	s = Visible(s)
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n] + "…"
}

// Visible replaces what a reader cannot see or what reorders what he sees: control characters,
// right-to-left marks and other format characters, fillers and selectors that draw nothing, and bytes that
// are no UTF-8.
func Visible(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t':
			return ' '
		case r < utf8.RuneSelf && !unicode.IsControl(r):
			return r
		case r == utf8.RuneError || unicode.IsControl(r) || unicode.In(r, invisible...):
			return '\uFFFD'
		}
		return r
	}, s)
}

// invisible are the characters that draw nothing (Unicode: Default_Ignorable_Code_Point, and all of Cf, Zl
// and Zp), with a blank of the Braille patterns that is no space.
var invisible = []*unicode.RangeTable{unicode.Cf, unicode.Zl, unicode.Zp, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector,
	{R16: []unicode.Range16{{Lo: 0x2800, Hi: 0x2800, Stride: 1}}}}

// WithoutQuery is an address without its query, which may hold anything.
func WithoutQuery(address string) string {
	before, _, _ := strings.Cut(address, "?")
	return before
}

var (
	markup = regexp.MustCompile(`(?is)<(script|style|head|svg)\b.*?</(?:script|style|head|svg)>|<[^>]*>`)
	title  = regexp.MustCompile(`(?is)<title[^>]*>(.*?)</title>`)
	spaces = regexp.MustCompile(`\s+`)
)

// Words is what a person would read in the answer, in one line. It is neither cut nor made visible
// yet: what is secret in it has to go first.
func (e *Exchange) Words() string {
	if code, words := e.Refusal(); words != "" || code != "" {
		return cmp.Or(words, code)
	}
	body := e.ResponseBody
	if !strings.Contains(strings.ToLower(body), "<html") && !strings.HasPrefix(strings.TrimSpace(body), "<") {
		return oneLine(body)
	}
	text := oneLine(markup.ReplaceAllString(body, " "))
	if m := title.FindStringSubmatch(body); m != nil && text == "" {
		text = strings.TrimSpace(m[1])
	}
	return html.UnescapeString(text)
}

func oneLine(s string) string { return strings.TrimSpace(spaces.ReplaceAllString(s, " ")) }

// Limit bounds a text in a JSON document, which otherwise passes it on unchanged.
func Limit(s string) string {
	const most = 4096
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + "…"
}

// SafeLink returns an address only if following it does no harm, else "".
func SafeLink(address string) string {
	u, err := url.Parse(address)
	if err != nil || (u.Scheme != "https" && u.Scheme != "http") || u.Host == "" || u.User != nil || Visible(address) != address {
		return ""
	}
	return address
}
