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
		{`{"a": 1, "A": 2}`, `names "A" twice`},
		{`{"a": 1, "\u0061": 2}`, `names "a" twice`},
		{"{\"sub\": 1, \"\u017fub\": 2}", "twice"}, // the long s, which encoding/json takes for an s
		{`{"a\\": 1, "b": "\\\"", "a\\": 2}`, `names "a\\" twice`},
		{`{"a": {"x": [1, "y"]}, "a": 2}`, `names "a" twice`},
		{`{"a": 1,}`, "cut short or malformed"},
		{`{"a": 1} {}`, "cut short or malformed"},
		{`{"a": 1`, "cut short or malformed"},
		{`null`, "a single value"},
		{`"{}"`, "a single value"},
		{`[{}]`, "a list"},
		{``, "nothing"},
		{`<html>`, "an HTML page"},
		{`hello`, "text"},
		{"{\"a\": \"\xff\"}", "not UTF-8"},
		{`{"known": "text"}`, `"known" in its JSON is a string`},
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
	for in, want := range map[string]string{"plain": "plain", "ü €": "ü €", "a\nb\tc": "a b c", "a\x00b": "a\uFFFDb", "a\u202eb": "a\uFFFDb", "a\u200bb": "a\uFFFDb", "a\xffb": "a\uFFFDb", "a\u2028b": "a\uFFFDb"} {
		if got := Visible(in); got != want {
			t.Errorf("visible(%q) = %q; want %q", in, got, want)
		}
	}
	if got := Clip("äöü", 3); got != "ä…" {
		t.Errorf("clip cut a character in two: %q", got)
	}
}
