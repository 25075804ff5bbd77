package wire

import (
	"fmt"
	"strings"
	"testing"
)

func TestParseChallenges(t *testing.T) {
	for _, row := range []struct{ header, want string }{
		{`Bearer`, `[Bearer map[]]`},
		{
			`Bearer realm="api", error="invalid_token", error_description="The \"token\", expired"`,
			`[Bearer map[error:invalid_token error_description:The "token", expired realm:api]]`,
		},
		{`Basic realm="a", Bearer scope="x y"`, `[Basic map[realm:a] Bearer map[scope:x y]]`},
		{`Bearer error=invalid_token`, `[Bearer map[error:invalid_token]]`},
		{`Bearer resource_metadata="https://a/b"`, `[Bearer map[resource_metadata:https://a/b]]`},
		{`Negotiate, NTLM`, `[Negotiate map[] NTLM map[]]`},
		{`Bearer realm="never ends`, `[Bearer map[] realm map[]]`},
		{``, `[]`},
		{`,,,`, `[]`},
		{`"`, `[]`},
		{`=`, `[]`},
	} {
		var flat []string
		for _, c := range ParseChallenges(row.header) {
			flat = append(flat, fmt.Sprint(c.Scheme, " ", c.Params))
		}
		if got := "[" + strings.Join(flat, " ") + "]"; got != row.want {
			t.Errorf("ParseChallenges(%q) = %s; want %s", row.header, got, row.want)
		}
	}
	long := "Bearer a=b, x=" + strings.Repeat("c", 4096) + ", error=invalid_token"
	if got := ParseChallenges(long); len(got) != 1 || got[0].Params["a"] != "b" || got[0].Params["error"] != "" {
		t.Errorf("of a long header more is read than 4 KB: %d challenges, error %q", len(got), got[0].Params["error"])
	}
}
