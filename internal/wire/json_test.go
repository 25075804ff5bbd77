package wire

import (
	"strings"
	"testing"
)

// An object is read only if no two readers can disagree about it.
func TestUnmarshalObject(t *testing.T) {
	for _, row := range []struct{ data, want string }{ // want is the error, empty for none
		{`{}`, ""},
		{" \n{\"a\": 1, \"b\": {\"a\": 2}, \"c\": [{\"a\": 3}, {\"a\": 4}]}", ""},
		{`{"a": "b", "c": "a", "d": "{\"a\":1}"}`, ""},
		{`{"a\"": 1, "a": 2}`, ""},
		{`{"a": ",\"a\":", "b": "}{"}`, ""},
		{`{"a": 1, "a": 2}`, `names "a" twice`},
		{`{"a": 1, "A": 2}`, ""}, // two names; the struct has only one of them
		{`{"Known": "text", "KNOWN": {}, "\u006bNOWN": []}`, ""},
		{"{\"\u212anown\": \"text\"}", ""}, // the sign for kelvin, which encoding/json takes for a k
		{`{"kno\u0077n": "text"}`, `"known" in its JSON is a string`},
		{`{"a": 1, "\u0061": 2}`, `names "a" twice`},
		{"{\"sub\": 1, \"\u017fub\": 2}", ""}, // the long s, which encoding/json takes for an s
		{`{"a\\": 1, "b": "\\\"", "a\\": 2}`, `names "a\\" twice`},
		{`{"a": {"x": [1, "y"]}, "a": 2}`, `names "a" twice`},
		{`{"a": 1,}`, "cut short or malformed"},
		{`{"a": 1} {}`, "cut short or malformed"},
		{`{"a": 1`, "cut short or malformed"},
		{`{"`, "cut short or malformed"},
		{`{"a\`, "cut short or malformed"},
		{`{"a\"`, "cut short or malformed"},
		{`null`, "a single value"},
		{`"{}"`, "a single value"},
		{`[{}]`, "a list"},
		{``, "nothing"},
		{`<html>`, "an HTML page"},
		{`hello`, "text"},
		{"{\"a\": \"\xff\"}", "not UTF-8"},
		{`{"known": "text"}`, `"known" in its JSON is a string`},
		{`{"known": []}`, `"known" in its JSON is an array`},
		{`{"known": {}}`, `"known" in its JSON is an object`},
	} {
		var v struct {
			Known int `json:"known"`
		}
		err := UnmarshalObject([]byte(row.data), &v)
		if (err == nil) != (row.want == "") || err != nil && !strings.Contains(err.Error(), row.want) {
			t.Errorf("unmarshalObject(%s) = %v; want %q", row.data, err, row.want)
		}
	}
}

func TestVisible(t *testing.T) {
	for in, want := range map[string]string{
		"plain":             "plain",
		"ü €":               "ü €",
		"a\nb\tc":           "a b c",
		"a\x00b":            "a\uFFFDb",
		"a\u202eb":          "a\uFFFDb",
		"a\u200bb":          "a\uFFFDb",
		"a\xffb":            "a\uFFFDb",
		"a\u2028b":          "a\uFFFDb",
		"a\u3164b":          "a\uFFFDb",
		"a\uffa0b":          "a\uFFFDb",
		"a\u115fb":          "a\uFFFDb",
		"a\u2800b":          "a\uFFFDb",
		"a\ufe0fb":          "a\uFFFDb",
		"a\U000e0100b":      "a\uFFFDb",
		"a\u034fb":          "a\uFFFDb",
		"a\u180bb":          "a\uFFFDb",
		"\u7530中\U0001F600": "\u7530中\U0001F600",
		"\u2801\u0301":      "\u2801\u0301",
	} {
		if got := Visible(in); got != want {
			t.Errorf("visible(%q) = %q; want %q", in, got, want)
		}
	}
	if got := Clip("äöü", 3); got != "ä…" {
		t.Errorf("clip cut a character in two: %q", got)
	}
}

// A name is ours only if it is written as ours is.
func TestUnmarshalObject_ExactNames(t *testing.T) {
	for data, want := range map[string]string{
		`{"sub":"a"}`:                             "a",
		`{"\u0073ub":"a"}`:                        "a",
		`{"SUB":"x","sub":"a","Sub":"y"}`:         "a",
		`{"sub":"a","SUB":"x"}`:                   "a",
		`{"Sub":"x"}`:                             "",
		`{"\u0053ub":"x"}`:                        "",
		"{\"\u017fub\":\"x\"}":                    "",
		`{"\u017fub":"x"}`:                        "",
		`{"other":{"sub":"x"},"SUB":{"sub":"x"}}`: "",
	} {
		var v struct {
			Sub string `json:"sub"`
		}
		before := []byte(data)
		if err := UnmarshalObject(before, &v); err != nil || v.Sub != want {
			t.Errorf("%s: sub is %q (%v); want %q", data, v.Sub, err, want)
		}
		if string(before) != data {
			t.Errorf("%s was changed to %s", data, before)
		}
	}
	for data, want := range map[string]string{
		`{"a":1,"Access_Token":"x"}`: "Access_Token",
		`{"access_token":"x"}`:       "",
		`{"ACCESS_TOKEN":1`:          "",
		`{"b":{"Access_Token":1}}`:   "",
	} {
		if got := Misspelled([]byte(data), "access_token"); got != want {
			t.Errorf("Misspelled(%s) = %q; want %q", data, got, want)
		}
	}
}

// A page keeps its lines, and has nothing else that a reader cannot see.
func TestVisibleLines(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"<p>\n\té…\r\n</p>": "<p>\n\té…\r\n</p>", "a\u202eb": "a\uFFFDb", "\x1b[2J\n": "\uFFFD[2J\n", "a\u2028\u200b\u00adb": "a\uFFFD\uFFFD\uFFFDb", "a\xffb": "a\uFFFDb", "a\uFFFDb": "a\uFFFDb", "": "",
	} {
		if got := string(VisibleLines([]byte(in))); got != want {
			t.Errorf("%q becomes %q; want %q", in, got, want)
		}
	}
}
