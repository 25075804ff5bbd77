package cli

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestIs_NoTerminal(t *testing.T) {
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

// A character device may be a terminal, and a file is not.
func TestIs_Device(t *testing.T) {
	t.Parallel()
	device, err := os.Open("/dev/zero")
	if err != nil {
		t.Skip("This system has no /dev/zero.")
	}
	defer device.Close()
	file, err := os.Create(filepath.Join(t.TempDir(), "a"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if !Is(device) || Is(file) {
		t.Errorf("the device: %t, the file: %t", Is(device), Is(file))
	}
	file.Close()
	if Is(file) {
		t.Error("a closed file is taken for a terminal")
	}
}

// A character of East Asia or a picture takes two columns, its neighbors outside of those one.
func TestColumns(t *testing.T) {
	t.Parallel()
	for _, wide := range [][2]rune{{0x1100, 0x115f}, {0x2e80, 0xa4cf}, {0xac00, 0xd7a3}, {0xf900, 0xfaff}, {0xfe30, 0xfe6f}, {0xff00, 0xff60}, {0xffe0, 0xffe6},
		{0x1f300, 0x1faff}, {0x20000, 0x3fffd}} {
		for r, want := range map[rune]int{wide[0] - 1: 1, wide[0]: 2, wide[0] + 1: 2, wide[1]: 2, wide[1] + 1: 1} {
			if got := Columns(string(r)); got != want {
				t.Errorf("%U takes %d columns; want %d", r, got, want)
			}
		}
	}
	if got := Columns("aé日本🔑"); got != 8 {
		t.Errorf("together they take %d columns", got)
	}
}

// A word that no shell reads otherwise stays as it is, with letters and digits of any alphabet.
func TestQuote_Plain(t *testing.T) {
	t.Parallel()
	for _, word := range []string{"a1", "2", "é", "日本", "a-b_c.d/e"} {
		if got := Quote(word); got != word {
			t.Errorf("Quote(%q) = %s", word, got)
		}
	}
}
