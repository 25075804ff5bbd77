package config

import (
	"errors"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
)

// A name in the file that is close to one of ours is pointed out, and every other name is not.
func TestLoad_Typos(t *testing.T) {
	const rest = "ISSUER=https://auth.example.com\nCLIENT_ID=a\n"
	for _, row := range []struct{ name, file, want string }{
		{"without the line", "ISSUER=https://auth.example.com\nCLIENTID=a\n", "refused: .env:2: CLIENTID is not a setting of this app; write CLIENT_ID"},
		{"in small letters", "ISSUER=https://auth.example.com\nclient_id=a\n", "refused: .env:2: client_id is not a setting of this app; write CLIENT_ID"},
		{"the last letter twice", rest + "CLIENT_SECRETT=a\n", ".env:3: CLIENT_SECRETT is not a setting of this app; write CLIENT_SECRET"},
		{"two letters swapped", rest + "CLIENT_SERCET=a\n", ".env:3: CLIENT_SERCET is not a setting of this app; write CLIENT_SECRET"},
		{"without its s", rest + "SCOPE=a\n", ".env:3: SCOPE is not a setting of this app; write SCOPES"},
		{
			"of a framework",
			"CLIENT_ID=a\nNEXT_PUBLIC_CLERK_PUBLISHABLE_KEY=pk\n",
			"refused: ISSUER is missing; set it, or CLERK_PUBLISHABLE_KEY, or RESOURCE_URL, or both AUTHORIZATION_ENDPOINT and TOKEN_ENDPOINT (or remove every setting for demo mode)" +
				"; if NEXT_PUBLIC_CLERK_PUBLISHABLE_KEY (.env:2) is meant for this app, write CLERK_PUBLISHABLE_KEY",
		},
		{
			"of a framework, and nothing else",
			"NEXT_PUBLIC_CLERK_PUBLISHABLE_KEY=pk\n",
			"refused: .env:1: NEXT_PUBLIC_CLERK_PUBLISHABLE_KEY is not a setting of this app; write CLERK_PUBLISHABLE_KEY",
		},
		{"as a library calls it", "ISSUER_BASE_URL=https://auth.example.com\nCLIENT_ID=a\n",
			"refused: ISSUER is missing; set it, or CLERK_PUBLISHABLE_KEY, or RESOURCE_URL, or both AUTHORIZATION_ENDPOINT and TOKEN_ENDPOINT (or remove every setting for demo mode)" +
				"; if ISSUER_BASE_URL (.env:1) is meant for this app, write ISSUER"},
		{"no server", "ISSUR=https://auth.example.com\nCLIENT_ID=a\n", "refused: .env:1: ISSUR is not a setting of this app; write ISSUER"},
		{"the redirect URI", rest + "CALLBACK_URL=http://localhost:3000/cb\n", ".env:3: CALLBACK_URL is not a setting of this app; write REDIRECT_URI"},
		{"nothing else", "CLIENTID=a\n", "refused: .env:1: CLIENTID is not a setting of this app; write CLIENT_ID"},
		{"the port", rest + "PROT=4710\n", ".env:3: PROT is not a setting of this app; write PORT"},
		{"the API", "CLIENT_ID=a\nRESORCE_URL=https://api.example.com\n", "refused: .env:2: RESORCE_URL is not a setting of this app; write RESOURCE_URL"},
		{"both endpoints", "CLIENT_ID=a\nAUTHORIZATION_ENDPONT=https://a.example/a\nTOKEN_ENDPONT=https://a.example/t\n",
			"refused: .env:2: AUTHORIZATION_ENDPONT is not a setting of this app; write AUTHORIZATION_ENDPOINT\n.env:3: TOKEN_ENDPONT is not a setting of this app; write TOKEN_ENDPOINT"},
		{"an endpoint of a different program", "CLIENT_ID=a\nSTRIPE_TOKEN_ENDPOINT=https://a.example/t\n",
			"refused: ISSUER is missing; set it, or CLERK_PUBLISHABLE_KEY, or RESOURCE_URL, or both AUTHORIZATION_ENDPOINT and TOKEN_ENDPOINT (or remove every setting for demo mode)"},
		{"the client ID of a different program", "ISSUER=https://auth.example.com\nGITHUB_CLIENT_ID=a\n",
			"refused: CLIENT_ID is missing; copy it from the OAuth application's page in the dashboard; if GITHUB_CLIENT_ID (.env:2) is meant for this app, write CLIENT_ID"},
		{"no scope, on purpose", rest + "SCOPE=openid\nSCOPES=\n", ""},
		{"one of a different program", "ISSUER=https://auth.example.com\nX_CLIENT_ID=a\n",
			"refused: CLIENT_ID is missing; copy it from the OAuth application's page in the dashboard; if X_CLIENT_ID (.env:2) is meant for this app, write CLIENT_ID"},
		{"ends in a line", "ISSUER=https://auth.example.com\nCLIENT_ID_=a\n", "refused: .env:2: CLIENT_ID_ is not a setting of this app; write CLIENT_ID"},
		{"longer names", rest + "CLIENT_SECRET_2=a\nCLIENT_SECRETS=b\nCLIENT_SECRET_ID=c\n", ""},
		{"one that is set as well", rest + "GITHUB_CLIENT_ID=a\n", ""},
		{"other programs' names", rest + "HOST=a\nDATABASE_URL=b\nNODE_ENV=c\nCLERK_SECRET_KEY=d\nPOST=e\nSPORT=e\nPART=e\nAPR=e\nAPI_URL=f\n", ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			file := writeFile(t, "test.env", row.file)
			cfg, err := Load(env(nil), file, true)
			got := strings.Join(cfg.Notes, "\n")
			if err != nil {
				got = "refused: " + err.Error()
			}
			if got = strings.ReplaceAll(got, file, ".env"); got != row.want {
				t.Errorf("got  %s\nwant %s", got, row.want)
			}
		})
	}
}

func TestNearest(t *testing.T) {
	for word, want := range map[string]string{"chekc": "check", "chek": "check", "checks": "check", "serve": "", "help": "", "x": "", "": ""} {
		if got := Nearest(word, "check", "v"); got != want {
			t.Errorf("Nearest(%q) = %q; want %q", word, got, want)
		}
	}
}

// A cause that a problem names has a heading in docs/problems.md.
func TestProblem_CauseHasHeading(t *testing.T) {
	problems, err := os.ReadFile("../../docs/problems.md")
	if err != nil {
		t.Fatal(err)
	}
	for cause, file := range map[string]string{
		"clerk-key-wrong":         "CLIENT_ID=a\nCLERK_PUBLISHABLE_KEY=pk_test_x\n",
		"client-secret-mangled":   "CLIENT_ID=a\nISSUER=https://a.example\nCLIENT_SECRET=ab #cd\n",
		"client-secret-is-a-hash": "CLIENT_ID=a\nISSUER=https://a.example\nCLIENT_SECRET='$2a$10$abc'\n",
		"client-secret-is-its-id": "CLIENT_ID=a\nISSUER=https://login.microsoftonline.com/t/v2.0\nCLIENT_SECRET=0b2bb2d4-5b8e-4d4d-9d1f-0a1b2c3d4e5f\n",
	} {
		_, err := Load(env(nil), writeFile(t, "test.env", file), true)
		found, ok := errors.AsType[Problems](err)
		if !ok || len(found) != 1 || found[0].Cause != cause {
			t.Errorf("%s: %v has the cause %v", file, err, found)
		}
		if !strings.Contains(string(problems), "\n## "+cause+"\n") {
			t.Errorf("docs/problems.md has no heading %s", cause)
		}
	}
}

// The list of names is that of the variables that are read.
func TestNames_AreThoseRead(t *testing.T) {
	asked := map[string]bool{}
	Load(func(name string) string {
		asked[name] = true
		if name == "BASE_URL" {
			return "http://devbox:3000" // only then it matters whether plain http is allowed
		}
		return ""
	}, "does-not-exist.env", false)
	if want := slices.Sorted(slices.Values(names)); !slices.Equal(slices.Sorted(maps.Keys(asked)), want) {
		t.Errorf("asked for %v; want %v", slices.Sorted(maps.Keys(asked)), want)
	}
}

// BASE_URL counts as set where it says what follows from PORT anyway.
func TestLoad_BaseURLUnset(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		file, environment string
		want              bool
	}{
		{"", "", true},
		{"PORT=3000\n", "", true},
		{"BASE_URL=\n", "", true},
		{"BASE_URL=http://localhost:3000\n", "", false},
		{"", "http://localhost:3000", false},
	} {
		cfg, err := Load(env(map[string]string{"BASE_URL": row.environment}), writeFile(t, "test.env", row.file), true)
		if err != nil || cfg.BaseURLUnset != row.want || cfg.BaseURL != "http://localhost:3000" {
			t.Errorf("%q, %q: %t, %s (%v); want %t", row.file, row.environment, cfg.BaseURLUnset, cfg.BaseURL, err, row.want)
		}
	}
}

// A misspelled name goes before one that a different program may read, in any order.
func TestConfig_TypoOf(t *testing.T) {
	t.Parallel()
	foreign, misspelled := Typo{Name: "A_SCOPES", Meant: "SCOPES", Foreign: true}, Typo{Name: "SCOPE", Meant: "SCOPES"}
	for _, row := range []struct {
		typos    []Typo
		variable string
		want     Typo
	}{
		{[]Typo{foreign, misspelled}, "SCOPES", misspelled},
		{[]Typo{misspelled, foreign}, "SCOPES", misspelled},
		{[]Typo{foreign}, "SCOPES", foreign},
		{[]Typo{foreign, misspelled}, "PORT", Typo{}},
		{nil, "SCOPES", Typo{}},
	} {
		if got := (Config{Typos: row.typos}).TypoOf("PAR", row.variable); got != row.want {
			t.Errorf("%+v for %s: %+v; want %+v", row.typos, row.variable, got, row.want)
		}
	}
}
