package cli

import (
	"os"
	"slices"
	"strings"
	"testing"
)

func TestIs(t *testing.T) {
	null, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	for name, stream := range map[string]any{"a buffer": new(strings.Builder), "the null device": null} {
		if Is(stream) || Width(stream) != 0 {
			t.Errorf("%s is taken for a terminal", name)
		}
	}
}

func TestWrap(t *testing.T) {
	for _, row := range []struct {
		text  string
		width int
		want  []string
	}{
		{"", 5, []string{""}},
		{"one two  three", 7, []string{"one two", "three"}},
		{"one two", 6, []string{"one", "two"}},
		{"a http://localhost b", 8, []string{"a", "http://localhost", "b"}},
		{"a localhostlocalhost b", 8, []string{"a", "localhos", "tlocalho", "st b"}},
		{"über straße", 6, []string{"über", "straße"}},
		{"日本語", 4, []string{"日本", "語"}},
		{"日", 1, []string{"日"}},
	} {
		if got := Wrap(row.text, row.width); !slices.Equal(got, row.want) {
			t.Errorf("Wrap(%q, %d) = %q; want %q", row.text, row.width, got, row.want)
		}
	}
}

func TestQuote(t *testing.T) {
	for word, want := range map[string]string{"other.env": "other.env", "my file": "'my file'", "it's": `'it'\''s'`, "a;b": "'a;b'", "": "''"} {
		if got := Quote(word); got != want {
			t.Errorf("Quote(%q) = %s; want %s", word, got, want)
		}
	}
}
