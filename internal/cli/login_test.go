package cli

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"
)

// A login is told in a few lines, with nothing that is empty.
func TestVerdict_Print(t *testing.T) {
	t.Parallel()
	const indent = "        "
	for _, row := range []struct {
		name string
		v    Verdict
		want string
		code int
	}{
		{"the least", Verdict{Works: true}, "  ok    The login works.\n" + indent + "scopes         none named by the server\n" +
			indent + "ID token       none: openid was not requested\n" + indent + "refresh token  none\n", 0},
		{"all", Verdict{Works: true, Scope: "openid a", Checks: 1, Refresh: true, Warnings: []string{"b", "c"}}, "  ok    The login works.\n" +
			indent + "scopes         openid a\n" + indent + "ID token       verified, 1 checks passed\n" + indent + "refresh token  issued\n" +
			indent + "warning        b\n" + indent + "warning        c\n", 0},
		{"openid not granted", Verdict{Works: true, OpenID: true}, "  ok    The login works.\n" + indent + "scopes         none named by the server\n" +
			indent + "ID token       none: openid was not granted\n" + indent + "refresh token  none\n", 0},
		{"a failure of ours", Verdict{Heading: "H", Code: "c", Description: "d", Name: "n", Hint: "h"}, "  FAIL  H [n]\n" +
			indent + "what           d\n" + indent + "fix            h\n", 1},
		{"without a name", Verdict{Heading: "H", Code: "c", Description: "d"}, "  FAIL  H\n" + indent + "what           c: d\n", 1},
		{"theirs", Verdict{Heading: "H", Code: "c", Description: "d", Theirs: true, Name: "n", Where: " In .env ", Line: "A=b", Hint: "h"}, "  FAIL  H [n]\n" +
			indent + "server said    c: d\n" + indent + "line           In .env: A=b\n" + indent + "fix            h\n", 1},
	} {
		var out bytes.Buffer
		if code := row.v.Print(&out, false); code != row.code || out.String() != row.want {
			t.Errorf("%s: exit code %d,\n%s\nwant\n%s", row.name, code, &out, row.want)
		}
	}
	long := strings.Repeat("x", 5000)
	for _, v := range []Verdict{{Works: true, Scope: long}, {Theirs: true, Code: "c", Description: long}, {Theirs: true, Code: long, Description: "d"}} {
		var out bytes.Buffer
		if v.Print(&out, false); out.Len() > 1000 || !strings.Contains(out.String(), "xxx") {
			t.Errorf("of long words it prints %d bytes", out.Len())
		}
	}
}

// For programs it is the token response, or the error.
func TestVerdict_PrintJSON(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	if code := (Verdict{Works: true, Answer: `{"access_token":"a"}`}).Print(&out, true); code != 0 || out.String() != `{"access_token":"a"}`+"\n" {
		t.Errorf("exit code %d, %s", code, &out)
	}
	out.Reset()
	code := Verdict{Code: "c", Description: "d", Name: "n", Answer: "never"}.Print(&out, true)
	var got map[string]string
	if err := json.Unmarshal(out.Bytes(), &got); err != nil || code != 1 || len(got) != 3 || got["error"] != "c" || got["error_description"] != "d" || got["name"] != "n" {
		t.Errorf("exit code %d, %v, %s", code, err, &out)
	}
}

// In GitHub Actions a failure is an error, each warning is one, and a login without either is silent.
func TestVerdict_Annotate(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		v    Verdict
		want string
	}{
		{Verdict{Works: true, Heading: "H"}, ""},
		{Verdict{Works: true, Warnings: []string{"b", "c"}}, "::warning title=login::b\n::warning title=login::c\n"},
		{Verdict{Heading: "H", Code: "c", Hint: "h", Warnings: []string{"b"}}, "::error title=c::H; h\n"},
		{Verdict{Heading: "H", Code: "c", Name: "n", Hint: "h"}, "::error title=n::H; h\n"},
	} {
		var out bytes.Buffer
		if row.v.Annotate(&out); out.String() != row.want {
			t.Errorf("it is %q; want %q", &out, row.want)
		}
	}
}

// The first verdict counts, and waits until it is read.
func TestFirst_KeepsFirstVerdict(t *testing.T) {
	t.Parallel()
	verdicts := make(chan Verdict, 1)
	send := First(verdicts)
	send(Verdict{Code: "a"})
	send(Verdict{Code: "b"})
	if v := <-verdicts; v.Code != "a" || len(verdicts) != 0 {
		t.Errorf("it is %+v, and %d more", v, len(verdicts))
	}
	if v := NobodyCame(90*time.Second, "app check -env a"); v.Code != "" && !strings.Contains(v.Hint, "`app check -env a`") || v.Code != "login_never_came_back" || v.Heading != "No login came back within 1m30s" || v.Name == "" || v.Works || Interrupted.Works {
		t.Errorf("without a login it is %+v", v)
	}
}

// Where to sign in stands in a line of its own, and how long the command waits is said.
func TestAskToSignIn_AddressAndWait(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	AskToSignIn(&out, "http://localhost:3000/login", 90*time.Second)
	if printed := out.String(); !strings.Contains(printed, "http://localhost:3000/login") || !strings.Contains(printed, "Waiting for 1m30s.") {
		t.Errorf("it says\n%s", printed)
	}
}
