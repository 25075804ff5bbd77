package check

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"oauth-test-client/internal/causes"
	"oauth-test-client/internal/oauth"
	"oauth-test-client/internal/testserver"
	"oauth-test-client/internal/wire"
)

// Servers answer a sign-out in different ways. Only one whose answer is about the address, and differs without one, says that
// the address is not registered.
func TestAfterLogout(t *testing.T) {
	t.Parallel()
	type answer = func(w http.ResponseWriter, status int, body string)
	page := func(w http.ResponseWriter, status int, body string) {
		w.Header().Set("Content-Type", "text/html")
		w.WriteHeader(status)
		w.Write([]byte("<html><body>" + body + "</body></html>"))
	}
	jsonBody := func(w http.ResponseWriter, status int, body string) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		w.Write([]byte(body))
	}
	const confirms = `<h1>Do you want to log out?</h1><form method="post"><button>Logout</button></form>`
	// server answers by the address, which it knows or not.
	server := func(body func(w http.ResponseWriter, r *http.Request, address string, isOurs bool)) func(ours string) http.HandlerFunc {
		return func(ours string) http.HandlerFunc {
			return func(w http.ResponseWriter, r *http.Request) {
				address := r.URL.Query().Get("post_logout_redirect_uri")
				body(w, r, address, address == ours)
			}
		}
	}
	refusesUnknown := func(send answer, refusal string, knows bool) func(string) http.HandlerFunc {
		return server(func(w http.ResponseWriter, r *http.Request, address string, isOurs bool) {
			switch {
			case address == "", knows && isOurs:
				page(w, 200, confirms)
			default:
				send(w, 400, refusal)
			}
		})
	}
	const keycloak = "<h1>We are sorry...</h1><p>Invalid redirect uri</p>"
	const oidcProvider = `{"error":"invalid_request","error_description":"post_logout_redirect_uri not registered"}`
	const gluu = `{"error":"post_logout_uri_not_associated_with_client","error_description":"The provided post logout uri is not associated with client."}`
	for _, row := range []struct {
		name   string
		server func(ours string) http.HandlerFunc
		noHint bool
		result causes.Result
		cause  causes.Name
		says   string // words that it shows
	}{
		{"Keycloak, not registered", refusesUnknown(page, keycloak, false), false, causes.Fail, causes.LogoutURINotRegistered, "Invalid redirect uri"},
		{"Keycloak, registered", refusesUnknown(page, keycloak, true), false, causes.OK, "", ""},
		{"oidc-provider, not registered", refusesUnknown(jsonBody, oidcProvider, false), false, causes.Fail, causes.LogoutURINotRegistered, "not registered"},
		{"oidc-provider, registered", refusesUnknown(jsonBody, oidcProvider, true), false, causes.OK, "", ""},
		{"Gluu, not registered", refusesUnknown(jsonBody, gluu, false), false, causes.Fail, causes.LogoutURINotRegistered, "not associated"},
		{"a refusal with a status of 200", refusesUnknown(func(w http.ResponseWriter, _ int, body string) { page(w, 200, body) }, keycloak, false), false,
			causes.Fail, causes.LogoutURINotRegistered, "Invalid redirect uri"},
		{"comes back at once", server(func(w http.ResponseWriter, r *http.Request, address string, isOurs bool) {
			switch {
			case isOurs:
				http.Redirect(w, r, address+"?state="+r.URL.Query().Get("state"), http.StatusSeeOther)
			case address == "":
				page(w, 200, "You are signed out")
			default:
				page(w, 400, "post_logout_redirect_uri is not registered")
			}
		}), false, causes.OK, "", ""},
		{"an error page at another address", server(func(w http.ResponseWriter, r *http.Request, address string, _ bool) {
			if address != "" && r.URL.Path != "/error" {
				http.Redirect(w, r, "/error?error=invalid_request&error_description=The+redirect+URI+is+not+registered", http.StatusFound)
				return
			}
			page(w, 200, confirms)
		}), false, causes.Fail, causes.LogoutURINotRegistered, "not registered"},

		{"wants the ID token", server(func(w http.ResponseWriter, _ *http.Request, _ string, _ bool) {
			jsonBody(w, 400, `{"error":"invalid_request","error_description":"The 'id_token_hint' parameter is required."}`)
		}), false, "", "", ""},
		{"wants the ID token beside an address", refusesUnknown(jsonBody,
			`{"error":"invalid_request","error_description":"post_logout_redirect_uri can only be used in combination with id_token_hint"}`, false), false, "", "", ""},
		{"wants the ID token, and there is none", server(func(w http.ResponseWriter, _ *http.Request, _ string, _ bool) {
			jsonBody(w, 400, `{"error":"invalid_request","error_description":"The 'id_token_hint' parameter is required."}`)
		}), true, causes.Warn, "", "id_token_hint"},
		{"refuses the client", server(func(w http.ResponseWriter, _ *http.Request, _ string, _ bool) {
			page(w, 400, "Unknown client")
		}), false, "", "", ""},
		{"refuses every sign-out, in words about a redirect", server(func(w http.ResponseWriter, _ *http.Request, _ string, _ bool) {
			page(w, 400, "Invalid redirect uri")
		}), false, "", "", ""},
		{"refuses our address in other words", server(func(w http.ResponseWriter, _ *http.Request, address string, isOurs bool) {
			switch {
			case isOurs:
				page(w, 400, "The redirect URI must use https")
			case address != "":
				page(w, 400, "Invalid redirect uri")
			}
		}), false, "", "", ""},
		{"refuses an address without saying why", refusesUnknown(page, "Bad Request", false), false, "", "", ""},
		{"ignores the address", server(func(w http.ResponseWriter, _ *http.Request, _ string, _ bool) { page(w, 200, "You are signed out") }), false, "", "", ""},
		{"comes back anywhere", server(func(w http.ResponseWriter, r *http.Request, address string, _ bool) {
			http.Redirect(w, r, address, http.StatusFound)
		}), false, "", "", ""},
		{"wants a sign-in first", server(func(w http.ResponseWriter, _ *http.Request, _ string, _ bool) {
			page(w, 200, `<form>Sign in: <input type="password"></form>`)
		}), false, "", "", ""},
		{"fails", server(func(w http.ResponseWriter, _ *http.Request, _ string, _ bool) {
			page(w, 503, "redirect uri not registered")
		}), false, "", "", ""},
		{"limits requests", server(func(w http.ResponseWriter, _ *http.Request, address string, _ bool) {
			if address != "" {
				page(w, 429, "redirect uri not registered")
			}
		}), true, "", "", ""},
		{"fails without an address", server(func(w http.ResponseWriter, _ *http.Request, address string, _ bool) {
			if address == "" {
				page(w, 500, "")
				return
			}
			page(w, 400, keycloak)
		}), false, "", "", ""},
		{"fails for an invented address alone", server(func(w http.ResponseWriter, _ *http.Request, address string, isOurs bool) {
			if address != "" && !isOurs {
				page(w, 500, "redirect uri not registered")
				return
			}
			page(w, 200, confirms)
		}), false, "", "", ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			l := testserver.StartFakeServer(t)
			l.Document = func(d map[string]any) { d["end_session_endpoint"] = l.Issuer + "/bye?realm=a" }
			cfg := testserver.ConfigOf(t, l.Env())
			answers := row.server(cfg.AfterLogout())
			l.Around(func(next http.Handler) http.Handler {
				return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					if r.URL.Path != "/bye" && r.URL.Path != "/error" {
						next.ServeHTTP(w, r)
						return
					}
					if q := r.URL.Query(); r.URL.Path == "/bye" && (q.Get("realm") != "a" || q.Get("client_id") != cfg.ClientID || q.Has("id_token_hint") || r.Header.Get("Authorization")+r.Header.Get("Cookie") != "") {
						t.Errorf("it is asked for %s", r.URL)
					}
					answers(w, r)
				})
			})
			w := wire.New(nil, time.Now)
			t.Cleanup(w.CloseIdleConnections)
			client := oauth.New(cfg, w, time.Now)
			if _, err := client.Metadata(t.Context()); err != nil {
				t.Fatal(err)
			}
			f := NewRunner(cfg, nil, w, time.Now).AfterLogout(t.Context(), client, !row.noHint)
			if f.Result != row.result || f.Name != row.cause || !strings.Contains(f.Server, row.says) {
				t.Errorf("it finds %q %s (%s), and the server says %q; want %q %s", f.Result, f.Name, f.Found, f.Server, row.result, row.cause)
			}
			if f.Name == causes.LogoutURINotRegistered && !strings.HasPrefix(f.Fix, "Add "+cfg.AfterLogout()+" (") {
				t.Errorf("the fix is %q", f.Fix)
			}
		})
	}
}
