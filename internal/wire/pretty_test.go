package wire

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
)

// What is indented is what people can read; the rest stays as it is, and no longer than it was.
func TestPretty(t *testing.T) {
	nested := func(levels int) string { return strings.Repeat("[", levels) + strings.Repeat("]", levels) }
	for _, row := range []struct {
		name, body string
		indented   bool
	}{
		{"an object", `{"a":[1,{"b":"c"}],"d":{}}`, true},
		{"brackets in strings", `{"a":"[[[[` + strings.Repeat("[", 100) + `","b\"]":"\\"}`, true},
		{"64 levels", nested(64), true},
		{"65 levels", nested(65), false},
		{"a thousand levels", nested(500) + "x", false},
		{"just short enough", "[" + strings.Repeat("0,", 50_000) + "0]", true},
		{"longer than anybody is shown", "[" + strings.Repeat("0,", 100_000) + "0]", false},
		{"no JSON", "<p>{", false},
		{"cut short", `{"a":[`, false},
		{"never opened", strings.Repeat("]", 100_000), false},
	} {
		want := row.body
		if row.indented {
			var out bytes.Buffer
			if err := json.Indent(&out, []byte(row.body), "", "  "); err != nil {
				t.Fatal(err)
			}
			want = out.String()
		}
		if got := Pretty(row.body); got != want {
			t.Errorf("%s: %.80q… of %d bytes; want %.80q… of %d bytes", row.name, got, len(got), want, len(want))
		}
	}
}

// The size that decides is never less than what indenting makes.
func TestIndentedSize(t *testing.T) {
	for _, body := range []string{`{}`, `[]`, `[1,2,[3,{"a":{"b":[[]]}}]]`, `{"a,b:{":"[,]","c":[{},{"d":null}]}`, `"x"`, `1`} {
		var out bytes.Buffer
		if err := json.Indent(&out, []byte(body), "", "  "); err != nil {
			t.Fatal(err)
		}
		if size, _ := indentedSize([]byte(body)); size < out.Len() {
			t.Errorf("indentedSize(%s) = %d, but it becomes %d bytes", body, size, out.Len())
		}
	}
}
