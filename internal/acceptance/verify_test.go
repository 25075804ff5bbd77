//go:build interop

package acceptance

import (
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	jose "github.com/go-jose/go-jose/v4"

	"oauth-test-client/internal/testserver"
)

// question is put to the code of docs/verify.md: about a token, with a scope, or at the introspection endpoint with a
// secret.
type question struct {
	Token, Scope, Secret string
}

// verifier is the code of docs/verify.md in one language, as a program. It answers each question in a line.
type verifier func(t *testing.T, issuer string, questions []question) []string

// goMain makes a program of the code in Go. The issuer is the first argument, the questions the second.
const goMain = `
func main() {
	var questions []struct{ Token, Scope, Secret string }
	if err := json.Unmarshal([]byte(os.Args[2]), &questions); err != nil {
		panic(err)
	}
	ctx := context.Background()
	keys, err := fetchKeys(ctx, issuer+"/.well-known/jwks.json")
	if err != nil {
		panic(err)
	}
	for _, q := range questions {
		if q.Secret != "" {
			s, err := introspect(ctx, issuer+"/introspect", "a-client", q.Secret, q.Token)
			if err != nil {
				fmt.Println(err)
				continue
			}
			fmt.Printf("ok: %s, %q\n", s.Subject, s.Scope)
			continue
		}
		c, err := verify(q.Token, q.Scope, keys)
		if err != nil {
			fmt.Println(err)
			continue
		}
		fmt.Printf("ok: %s, %q\n", c.Subject, c.Scope)
	}
}
`

// goImports has the imports of the code in Go, and of its program.
const goImports = `package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

`

// nodeMain makes a program of the code for Node.
const nodeMain = `
for (const q of JSON.parse(process.argv[3])) {
  const answer = q.Secret ? introspect(issuer + "/introspect", "a-client", q.Secret, q.Token) : verify(q.Token, q.Scope);
  console.log(await answer.then((c) => "ok: " + c.sub + ", " + JSON.stringify(c.scope), (err) => err.message));
}
`

// codeOf joins the blocks of a language, with the constants of the example replaced.
func codeOf(t *testing.T, document, language, constants, instead string) string {
	t.Helper()
	var code strings.Builder
	for _, block := range regexp.MustCompile("(?s)```"+language+"\n(.*?)```").FindAllStringSubmatch(document, -1) {
		code.WriteString(block[1] + "\n")
	}
	if strings.Count(code.String(), constants) != 1 {
		t.Fatalf("docs/verify.md has no line %q for %s", constants, language)
	}
	return strings.Replace(code.String(), constants, instead, 1)
}

func readVerify(t *testing.T) string {
	t.Helper()
	document, err := os.ReadFile(root + "/docs/verify.md")
	if err != nil {
		t.Fatal(err)
	}
	return string(document)
}

// inGo builds the code in Go, in a module of its own with our versions.
func inGo(t *testing.T) verifier {
	t.Helper()
	code := codeOf(t, readVerify(t), "go", `const issuer, audience = "http://localhost:3000/demo", "http://localhost:3000/demo/api"`,
		`var issuer, audience = os.Args[1], os.Args[1] + "/api"`)
	folder := t.TempDir()
	write := func(name string, content []byte) {
		if err := os.WriteFile(filepath.Join(folder, name), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"go.mod", "go.sum"} {
		content, err := os.ReadFile(root + "/" + name)
		if err != nil {
			t.Fatal(err)
		}
		write(name, content)
	}
	write("main.go", []byte(goImports+code+goMain))
	build := exec.Command("go", "build", "-mod=mod", "-o", "verify", ".")
	build.Dir = folder
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("the code of docs/verify.md in Go: %v\n%s", err, out)
	}
	return func(t *testing.T, issuer string, questions []question) []string {
		return answersOf(t, exec.Command(filepath.Join(folder, "verify")), issuer, questions)
	}
}

// inNode runs the code for Node.
func inNode(t *testing.T) verifier {
	t.Helper()
	needsNode(t, "jose")
	code := codeOf(t, readVerify(t), "js", `const issuer = "http://localhost:3000/demo"`, `const issuer = process.argv[2]`)
	return func(t *testing.T, issuer string, questions []question) []string {
		node := exec.Command("node", "--input-type=module", "-")
		node.Dir, node.Stdin = interop, strings.NewReader(code+nodeMain)
		return answersOf(t, node, issuer, questions)
	}
}

func answersOf(t *testing.T, command *exec.Cmd, issuer string, questions []question) []string {
	t.Helper()
	asked, err := json.Marshal(questions)
	if err != nil {
		t.Fatal(err)
	}
	command.Args = append(command.Args, issuer, string(asked))
	out, err := command.CombinedOutput()
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	if err != nil || len(lines) != len(questions) {
		t.Fatalf("%v: %d lines for %d questions\n%s", err, len(lines), len(questions), out)
	}
	return lines
}

// respelled returns a JWT with one member of its header or claims changed, and the old signature.
func respelled(t *testing.T, raw string, part int, name, value string) string {
	t.Helper()
	parts := strings.Split(raw, ".")
	decoded, err := base64.RawURLEncoding.DecodeString(parts[part])
	if err != nil {
		t.Fatal(err)
	}
	members := map[string]any{}
	if err := json.Unmarshal(decoded, &members); err != nil {
		t.Fatal(err)
	}
	members[name] = value
	changed, _ := json.Marshal(members)
	parts[part] = base64.RawURLEncoding.EncodeToString(changed)
	return strings.Join(parts, ".")
}

// The code of docs/verify.md runs, in both languages, and prints what the page says it prints.
func TestVerifyDocument_CodeRuns(t *testing.T) {
	t.Parallel()
	port := testserver.FreePort(t)
	issuer := testserver.StartDemo(t, "http://127.0.0.1:"+port+"/oauth_callback")
	b := newBrowser(t, startAppAt(t, port, map[string]string{"ISSUER": issuer, "CLIENT_ID": "a-client", "CLIENT_SECRET": "check-secret-1c9d"}))
	b.Accept = "application/json"
	login := b.Login()
	var tokens struct {
		Access string `json:"access_token"`
		ID     string `json:"id_token"`
	}
	if err := json.Unmarshal([]byte(login.Body), &tokens); err != nil || tokens.ID == "" {
		t.Fatalf("%v: %s", err, login.Body)
	}
	made := map[string]question{
		"the access token, scope `profile`":   {tokens.Access, "profile", ""},
		"the access token, scope `calendar`":  {tokens.Access, "calendar", ""},
		"the ID token":                        {tokens.ID, "profile", ""},
		"`sub` changed to a different user":   {respelled(t, tokens.Access, 1, "sub", "user_bob"), "profile", ""},
		"header changed to `alg: none`":       {respelled(t, tokens.Access, 0, "alg", "none"), "profile", ""},
		"header changed to `alg: HS256`":      {respelled(t, tokens.Access, 0, "alg", "HS256"), "profile", ""},
		"header changed to a different `kid`": {respelled(t, tokens.Access, 0, "kid", "another"), "profile", ""},
		"an opaque token":                     {"7LX6SD6A6XR3ETQ3", "profile", ""},
	}
	row := regexp.MustCompile("(?m)^\\| (.+?) \\| `(.+)` \\| (?:`(.+)`|the same) \\|$")
	_, table, _ := strings.Cut(readVerify(t), "## What you see")
	var questions []question
	var want [2][]string
	for _, cells := range row.FindAllStringSubmatch(table, -1) {
		q, known := made[cells[1]]
		if !known {
			t.Fatalf("no token is made for the row %q", cells[1])
		}
		if cells[3] == "" {
			cells[3] = cells[2]
		}
		questions, want[0], want[1] = append(questions, q), append(want[0], cells[2]), append(want[1], cells[3])
	}
	if len(questions) != len(made) {
		t.Errorf("the table has %d rows; want %d", len(questions), len(made))
	}
	altered := tokens.Access[:len(tokens.Access)-20] + "AAAAAAAAAAAAAAAAAAAA"
	questions = append(questions, question{tokens.Access, "", "check-secret-1c9d"}, question{altered, "", "check-secret-1c9d"},
		question{tokens.Access, "", "another-secret"})
	asked := []string{`ok: user_alice, "openid profile email"`, "not active", "401 Unauthorized"}
	languages := []verifier{inGo(t), inNode(t)}
	for i, language := range languages {
		got := language(t, b.App.Cfg.Issuer, questions)
		for j, words := range append(want[i], asked...) {
			if got[j] != words {
				t.Errorf("of question %d it prints %q; the page says %q", j, got[j], words)
			}
		}
	}
	if r := b.Post("/revoke", nil); r.StatusCode != http.StatusOK {
		t.Fatalf("the revocation was answered %d %s", r.StatusCode, r.Body)
	}
	revoked := []question{{tokens.Access, "profile", ""}, {tokens.Access, "", "check-secret-1c9d"}}
	for _, language := range languages { // the signature says nothing of revocation
		if got := language(t, b.App.Cfg.Issuer, revoked); !strings.HasPrefix(got[0], "ok: ") || got[1] != "not active" {
			t.Errorf("of a token that was revoked it prints %q", got)
		}
	}
}

// Tokens that a test signs itself: what docs/verify.md says is taken and what is refused, in both languages.
func TestVerifyDocument_OwnTokens(t *testing.T) {
	t.Parallel()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		testserver.SendJSON(w, jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: key.Public(), KeyID: "k", Algorithm: "RS256", Use: "sig"}}})
	}))
	t.Cleanup(srv.Close)
	at := func(d time.Duration) int64 { return time.Now().Add(d).Unix() }
	rows := []struct {
		name   string
		member string
		value  any // nil for none
		typ    string
		taken  bool
	}{
		{"in order", "sub", "u", "at+jwt", true},
		{"expired 30 seconds ago", "exp", at(-30 * time.Second), "at+jwt", true},
		{"expired two minutes ago", "exp", at(-2 * time.Minute), "at+jwt", false},
		{"begins in 30 seconds", "nbf", at(30 * time.Second), "at+jwt", true},
		{"begins in two minutes", "nbf", at(2 * time.Minute), "at+jwt", false},
		{"without exp", "exp", nil, "at+jwt", false},
		{"the issuer with a slash", "iss", srv.URL + "/", "at+jwt", false},
		{"another audience", "aud", srv.URL + "/other", "at+jwt", false},
		{"no audience", "aud", nil, "at+jwt", false},
		{"an audience among several", "aud", []string{"https://a.example", srv.URL + "/api"}, "at+jwt", true},
		{"without typ", "sub", "u", "", false},
		{"the long typ", "sub", "u", "application/at+jwt", true},
		{"a scope that only begins alike", "scope", "profiles", "at+jwt", false},
	}
	var questions []question
	for _, row := range rows {
		claims := map[string]any{"iss": srv.URL, "aud": srv.URL + "/api", "sub": "u", "scope": "profile", "exp": at(time.Hour), "iat": at(0)}
		if claims[row.member] = row.value; row.value == nil {
			delete(claims, row.member)
		}
		payload, err := json.Marshal(claims)
		if err != nil {
			t.Fatal(err)
		}
		header := map[jose.HeaderKey]any{}
		if row.typ != "" {
			header[jose.HeaderType] = row.typ
		}
		questions = append(questions, question{testserver.Sign(jose.RS256, jose.JSONWebKey{Key: key, KeyID: "k"}, payload, header), "profile", ""})
	}
	for name, language := range map[string]verifier{"Go": inGo(t), "Node": inNode(t)} {
		for i, line := range language(t, srv.URL, questions) {
			if strings.HasPrefix(line, "ok: ") != rows[i].taken {
				t.Errorf("%s, %s: %s; want it taken: %t", name, rows[i].name, line, rows[i].taken)
			}
		}
	}
}
