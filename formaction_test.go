//go:build interop

package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"oauth-test-client/internal/causes"
	"oauth-test-client/internal/check"
	"oauth-test-client/internal/chromium"
	"oauth-test-client/internal/config"
	"oauth-test-client/internal/testserver"
	"oauth-test-client/internal/wire"
)

// A page whose form-action excludes the redirect URI never lets a user back: check warns exactly where a
// real browser blocks.
func TestFormAction_WarnsWhereChromiumBlocks(t *testing.T) {
	t.Parallel()
	arrived := make(chan string, 10)
	callback := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == config.CallbackPath {
			arrived <- r.URL.Query().Get("row")
		}
	}))
	t.Cleanup(callback.Close)
	_, port, _ := strings.Cut(strings.TrimPrefix(callback.URL, "http://"), ":")
	back := "http://localhost:" + port
	l := testserver.StartFakeServer(t)
	l.Honest()
	cfg, err := config.Load(func(name string) string {
		return map[string]string{"ISSUER": l.Issuer, "CLIENT_ID": testserver.FakeClientID, "CLIENT_SECRET": testserver.FakeClientSecret, "BASE_URL": back}[name]
	}, "does-not-exist.env", false)
	if err != nil {
		t.Fatal(err)
	}
	for i, row := range []struct { // the form itself goes to 'self'
		name    string
		headers []string
		markup  string
		blocks  bool
	}{
		{"no policy", nil, "", false},
		{"'self'", []string{"form-action 'self'"}, "", true},
		{"'none'", []string{"form-action 'none'"}, "", true},
		{"no source at all", []string{"form-action"}, "", true},
		{"the scheme", []string{"form-action http:"}, "", false},
		{"a different scheme", []string{"form-action 'self' https:"}, "", true},
		{"everything", []string{"form-action *"}, "", false},
		{"the host, without its port", []string{"form-action 'self' http://localhost"}, "", true},
		{"the host with its port", []string{"form-action 'self' http://localhost:" + port}, "", false},
		{"the host with another port", []string{"form-action 'self' http://localhost:1"}, "", true},
		{"the host with any port", []string{"form-action 'self' localhost:*"}, "", false},
		{"the host without a scheme", []string{"form-action 'self' localhost:" + port}, "", false},
		{"another name of the host", []string{"form-action 'self' http://127.0.0.1:" + port}, "", true},
		{"a wildcard that is below it", []string{"form-action 'self' http://*.localhost:" + port}, "", true},
		{"a path, which a redirect ignores", []string{"form-action 'self' " + back + "/elsewhere"}, "", false},
		{"two headers, one excludes", []string{"form-action *", "form-action 'self'"}, "", true},
		{"two headers, both allow", []string{"form-action *", "form-action http:"}, "", false},
		{"two policies in one header", []string{"form-action *, form-action 'self'"}, "", true},
		{"the first directive counts", []string{"form-action *; form-action 'self'"}, "", false},
		{"capitals", []string{"img-src *; FORM-ACTION 'SELF'"}, "", true},
		{"default-src does not stand in", []string{"default-src 'self' 'unsafe-inline'"}, "", false},
		{"a meta element", nil, `<meta http-equiv="Content-Security-Policy" content="form-action &#39;self&#39;">`, true},
		{"a meta element that allows", nil, `<meta content="form-action http:" http-equiv='content-security-policy'>`, false},
		{"a meta element in a comment", nil, `<!-- <meta http-equiv="Content-Security-Policy" content="form-action 'self'"> -->`, false},
	} {
		t.Run(row.name, func(t *testing.T) {
			id := fmt.Sprint("row", i)
			l.Lock()
			l.Page = func(w http.ResponseWriter, r *http.Request) {
				switch q := r.URL.Query(); {
				case r.Method == http.MethodPost:
					http.Redirect(w, r, back+config.CallbackPath+"?row="+id, http.StatusFound)
				case q.Get("redirect_uri") != cfg.RedirectURI() || q.Get("client_id") != cfg.ClientID:
					w.WriteHeader(http.StatusBadRequest)
				default:
					for _, policy := range row.headers {
						w.Header().Add("Content-Security-Policy", policy)
					}
					fmt.Fprint(w, `<!DOCTYPE html><html><head><title>waiting</title>`+row.markup+`</head><body><form method="post"><button>Allow</button></form>
<script>document.addEventListener("securitypolicyviolation", e => { document.title = "blocked" })</script></body></html>`)
				}
			}
			l.Unlock()
			tab := chromium.Open(t)
			blocked := inBrowser(t, tab, l.Issuer+"/authorize?redirect_uri="+cfg.RedirectURI()+"&client_id="+cfg.ClientID, arrived, id)
			if blocked != row.blocks {
				t.Errorf("Chromium blocks: %v; want %v", blocked, row.blocks)
			}
			f := authorizationLine(t, cfg.Effective())
			if warns := f.Name == causes.FormActionBlocksReturn; warns != blocked || f.Result == causes.Fail {
				t.Errorf("Chromium blocks: %v; check says %s", blocked, f)
			}
		})
	}
}

// inBrowser presses the button of the page and reports whether the browser is kept from coming back.
func inBrowser(t *testing.T, c *chromium.Tab, address string, arrived <-chan string, id string) bool {
	t.Helper()
	c.Go(address)
	chromium.Perform(c, chromedp.Click(chromedp.CSS("button")))
	for deadline := time.Now().Add(testserver.Patience); time.Now().Before(deadline); {
		select {
		case got := <-arrived:
			if got != id {
				t.Fatalf("%s arrived instead of %s", got, id)
			}
			return false
		case <-time.After(50 * time.Millisecond):
			if chromium.Perform(c, chromedp.Evaluate[string](`document.title`)) == "blocked" {
				return true
			}
		}
	}
	t.Fatal("the browser neither came back nor was blocked")
	return false
}

// authorizationLine returns the finding of check about the page that a login starts with.
func authorizationLine(t *testing.T, cfg config.Effective) causes.Finding {
	t.Helper()
	for _, f := range check.RunAtStart(t.Context(), cfg, wire.New(nil, time.Now), time.Now).Checks {
		if f.Check == "authorization" {
			return f
		}
	}
	t.Fatal("check says nothing of the authorization endpoint")
	return causes.Finding{}
}
