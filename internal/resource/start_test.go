package resource

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"oauth-test-client/internal/oauth"
	"oauth-test-client/internal/wire"
)

// A login that begins at the API finds the server, and registers there; each row is one way in which APIs
// say where it is.
func TestDiscovery_FindsServer(t *testing.T) {
	for _, row := range []struct {
		name  string
		env   map[string]string
		setUp func(w *world)
		want  string // issuer, resource, scopes, client
		never string // an address that must not be asked
	}{
		{
			"named in the challenge",
			nil,
			nil,
			"https://auth.example https://api.example/v1/notes [notes profile] client-1",
			"GET https://api.example/.well-known/oauth-protected-resource",
		},
		{
			"the challenge names a scope",
			nil,
			func(w *world) {
				w.at("GET https://api.example/v1/notes", 401, "",
					"WWW-Authenticate", `Bearer scope="notes:read notes:list", resource_metadata="`+theAPIMetadata+`"`)
			},
			"https://auth.example https://api.example/v1/notes [notes:read notes:list] client-1",
			"",
		},
		{"SCOPES counts first", map[string]string{"SCOPES": "mine"}, nil, "https://auth.example https://api.example/v1/notes [mine] client-1", ""},
		{"nobody names a scope", nil, func(w *world) {
			w.document("GET "+theAPIMetadata, apiDocument(map[string]any{"scopes_supported": nil}))
		},
			"https://auth.example https://api.example/v1/notes [] client-1", ""},
		{"not named: the address with the path", nil, func(w *world) { w.at("GET https://api.example/v1/notes", 401, "", "WWW-Authenticate", "Bearer") },
			"https://auth.example https://api.example/v1/notes [notes profile] client-1", "GET https://api.example/.well-known/oauth-protected-resource"},
		{"at the root, for the whole origin", nil, func(w *world) {
			w.at("GET https://api.example/v1/notes", 401, "")
			w.At("GET "+theAPIMetadata, nil)
			w.document("GET https://api.example/.well-known/oauth-protected-resource", apiDocument(map[string]any{"resource": "https://api.example"}))
		}, "https://auth.example https://api.example [notes profile] client-1", ""},
		{"for a path that contains the API", nil, func(w *world) {
			w.document("GET "+theAPIMetadata, apiDocument(map[string]any{"resource": "https://API.example:443/v1/"}))
		},
			"https://auth.example https://API.example:443/v1/ [notes profile] client-1", ""},
		{"by POST alone", nil, func(w *world) {
			w.At("GET https://api.example/v1/notes", nil)
			w.at("POST https://api.example/v1/notes", 401, "", "WWW-Authenticate", `Bearer resource_metadata="`+theAPIMetadata+`", scope="mcp"`)
		}, "https://auth.example https://api.example/v1/notes [mcp] client-1 by POST", ""},
		{"named in the second of two challenges", nil, func(w *world) {
			w.at("GET https://api.example/v1/notes", 401, "", "WWW-Authenticate", `DPoP algs="ES256", scope="dpop"`,
				"WWW-Authenticate", `Bearer scope="bearer", resource_metadata="`+theAPIMetadata+`"`)
		}, "https://auth.example https://api.example/v1/notes [bearer] client-1", "GET https://api.example/.well-known/oauth-protected-resource"},
		{"an answer that is no refusal names something else", nil, func(w *world) {
			w.at("GET https://api.example/v1/notes", 200, "", "WWW-Authenticate", `Bearer scope="other", resource_metadata="https://api.example/other"`)
		}, "https://auth.example https://api.example/v1/notes [notes profile] client-1", "GET https://api.example/other"},
		{"an API that is out of order, and its metadata is not", nil, func(w *world) { w.at("GET https://api.example/v1/notes", 500, "") },
			"https://auth.example https://api.example/v1/notes [notes profile] client-1", ""},
		{"an API that wants fewer requests, and its metadata is there", nil, func(w *world) { w.at("GET https://api.example/v1/notes", 429, "") },
			"https://auth.example https://api.example/v1/notes [notes profile] client-1", ""},
		{"the second server is the first that can be used", nil, func(w *world) {
			w.document("GET "+theAPIMetadata, apiDocument(map[string]any{"authorization_servers": []string{"https://gone.example", "https://auth.example"}}))
		}, "https://auth.example https://api.example/v1/notes [notes profile] client-1", ""},
		{"a configured client", map[string]string{"CLIENT_ID": "mine", "CLIENT_SECRET": "a-secret-of-mine"}, nil,
			"https://auth.example https://api.example/v1/notes [notes profile] mine", "POST https://auth.example/register"},
		{"a client ID metadata document", map[string]string{"CLIENT_ID": "https://client.example/document"}, func(w *world) {
			w.document("GET "+theServerMetadata, serverDocument(map[string]any{"client_id_metadata_document_supported": true}))
		}, "https://auth.example https://api.example/v1/notes [notes profile] https://client.example/document", "POST https://auth.example/register"},
		{
			"a public client",
			nil,
			func(w *world) {
				w.document("POST https://auth.example/register", registrationAnswer(map[string]any{
					"token_endpoint_auth_method": "none",
					"client_secret":              nil,
					"redirect_uris":              nil,
				}))
			},
			"https://auth.example https://api.example/v1/notes [notes profile] client-1",
			"",
		},
	} {
		t.Run(row.name, func(t *testing.T) {
			w := newWorld(t, row.env)
			if row.setUp != nil {
				row.setUp(w)
			}
			c, err := w.begin(t)
			if err != nil {
				t.Fatal(err)
			}
			got := fmt.Sprintf("%s %s %v %s", c.Config().Issuer, c.Config().Found.Resource, c.Config().Scopes, c.Config().ClientID)
			if c.Config().Found.ByPost {
				got += " by POST"
			}
			if got != row.want {
				t.Errorf("got  %s\nwant %s", got, row.want)
			}
			if slices.Contains(w.Requests(), row.never) {
				t.Errorf("%s was asked: %q", row.never, w.Requests())
			}
		})
	}
}

// What an API or a server must not say. Each is refused with the name of who is at fault, and nothing is
// registered or kept; without the spoiling the same login begins.
func TestDiscovery_Refuses(t *testing.T) {
	api := func(other map[string]any) func(*world) {
		return func(w *world) { w.document("GET "+theAPIMetadata, apiDocument(other)) }
	}
	challenge := func(address string) func(*world) {
		return func(w *world) {
			w.at("GET https://api.example/v1/notes", 401, "", "WWW-Authenticate", fmt.Sprintf("Bearer resource_metadata=%q", address))
		}
	}
	server := func(other map[string]any) func(*world) {
		return func(w *world) { w.document("GET "+theServerMetadata, serverDocument(other)) }
	}
	registered := func(other map[string]any) func(*world) {
		return func(w *world) { w.document("POST https://auth.example/register", registrationAnswer(other)) }
	}
	failing := func(api, metadata int) func(*world) {
		return func(w *world) {
			w.at("GET https://api.example/v1/notes", api, "")
			w.at("GET "+theAPIMetadata, metadata, "<html>")
			w.at("GET https://api.example/.well-known/oauth-protected-resource", metadata, "<html>")
		}
	}
	raw := func(route, body string) func(*world) { return func(w *world) { w.at(route, 200, body) } }
	many := func() (list []string) {
		for i := range 50 {
			list = append(list, fmt.Sprintf("https://s%d.example", i))
		}
		return append(list, "https://auth.example")
	}()
	const big = 1<<20 + 1
	for _, row := range []struct {
		name  string
		spoil func(*world)
		step  wire.Purpose
		check string
		words string
	}{
		{"metadata that loops", func(w *world) {
			w.At("GET "+theAPIMetadata, func(rw http.ResponseWriter, r *http.Request) { http.Redirect(rw, r, theAPIMetadata, http.StatusFound) })
		}, wire.ResourceMetadata, CheckDocument, "The API's metadata at " + theAPIMetadata + " can't be used: it returned 302 Found"},
		{
			"metadata of another API",
			api(map[string]any{"resource": "https://other.example/v1/notes"}),
			wire.ResourceMetadata,
			CheckResource,
			`The metadata is about "https://other.example/v1/notes"`,
		},
		{
			"metadata of half a segment",
			api(map[string]any{"resource": "https://api.example/v1/no"}),
			wire.ResourceMetadata,
			CheckResource,
			"The metadata is about",
		},
		{
			"metadata of something below",
			api(map[string]any{"resource": "https://api.example/v1/notes/1"}),
			wire.ResourceMetadata,
			CheckResource,
			"The metadata is about",
		},
		{
			"metadata of another port",
			api(map[string]any{"resource": "https://api.example:444/v1/notes"}),
			wire.ResourceMetadata,
			CheckResource,
			"The metadata is about",
		},
		{
			"metadata of another scheme",
			api(map[string]any{"resource": "http://api.example/v1/notes"}),
			wire.ResourceMetadata,
			CheckResource,
			"The metadata is about",
		},
		{
			"metadata of a name that begins alike",
			api(map[string]any{"resource": "https://api.example.evil.example/"}),
			wire.ResourceMetadata,
			CheckResource,
			"The metadata is about",
		},
		{
			"metadata with a fragment",
			api(map[string]any{"resource": "https://api.example/v1#x"}),
			wire.ResourceMetadata,
			CheckResource,
			"The metadata is about",
		},
		{"metadata with a query", api(map[string]any{"resource": "https://api.example/v1?x"}), wire.ResourceMetadata, CheckResource, "The metadata is about"},
		{"metadata with a user", api(map[string]any{"resource": "https://u@api.example/v1"}), wire.ResourceMetadata, CheckResource, "The metadata is about"},
		{"metadata without a resource", api(map[string]any{"resource": nil}), wire.ResourceMetadata, CheckDocument, "it has no resource"},
		{"no metadata anywhere", func(w *world) {
			w.at("GET https://api.example/v1/notes", 401, "", "WWW-Authenticate", "Bearer")
			w.At("GET "+theAPIMetadata, nil)
		}, wire.ResourceMetadata, CheckAbsent, "does not say which authorization server issues its tokens"},
		{"no API at all", func(w *world) {
			w.At("GET https://api.example/v1/notes", nil)
			w.At("GET "+theAPIMetadata, nil)
		}, wire.APIAsked, "", "There is no API at https://api.example/v1/notes"},
		{"nothing at the API, and metadata that fails", func(w *world) {
			w.At("GET https://api.example/v1/notes", nil)
			w.at("GET "+theAPIMetadata, 500, "")
		}, wire.ResourceMetadata, CheckDocument, "can't be used: it returned 404"},
		{"an API that fails", failing(500, 404), wire.APIAsked, "", "The API https://api.example/v1/notes returned 500 Internal Server Error for a call without a token"},
		{"an API that fails at POST alone", func(w *world) {
			w.At("GET https://api.example/v1/notes", nil)
			w.at("POST https://api.example/v1/notes", 503, "")
			w.At("GET "+theAPIMetadata, nil)
		}, wire.APIAsked, "", "returned 503 Service Unavailable for a call without a token"},
		{"a host that fails, metadata and all", failing(502, 502), wire.APIAsked, "", "returned 502 Bad Gateway for a call without a token"},
		{"an API that wants fewer requests", failing(429, 429), wire.APIAsked, "", "returned 429 Too Many Requests for a call without a token"},
		{"an API that fails, and a page for metadata", failing(500, 200), wire.ResourceMetadata, CheckDocument, "can't be used"},
		{"a challenge that names nothing", challenge("https://api.example/gone"), wire.ResourceMetadata, CheckDocument, "returned 404"},
		{"metadata without TLS", challenge("http://api.example/metadata"), wire.ResourceMetadata, CheckDocument, "is not https"},
		{"metadata on this machine", challenge("http://localhost:6379/"), wire.ResourceMetadata, CheckDocument, "is on this machine, and the API is not"},
		{"metadata on this machine, spelled otherwise", challenge("https://127.1/"), wire.ResourceMetadata, CheckDocument, "is on this machine, and the API is not"},
		{"metadata on this machine, in other letters", challenge("https://ｌｏｃａｌｈｏｓｔ/"), wire.ResourceMetadata, CheckDocument, "may be on this machine, as its host has non-ASCII letters"},
		{"metadata in a file", challenge("file:///etc/passwd"), wire.ResourceMetadata, CheckDocument, "is not a URL that this app can request"},
		{"metadata at an address without end", challenge("https://api.example/" + strings.Repeat("x", 2000)), wire.ResourceMetadata, CheckDocument,
			"is not a URL that this app can request"},
		{"metadata that is a page", raw("GET "+theAPIMetadata, "<html>"), wire.ResourceMetadata, CheckDocument, "an HTML page instead of a JSON object"},
		{
			"metadata of a megabyte",
			raw("GET "+theAPIMetadata, `{"resource":"`+strings.Repeat("x", big)+`"}`),
			wire.ResourceMetadata,
			CheckDocument,
			"sent an answer of more than 1 MB",
		},
		{
			"metadata nested deep",
			raw("GET "+theAPIMetadata, `{"resource":`+strings.Repeat("[", 100_000)+strings.Repeat("]", 100_000)+`}`),
			wire.ResourceMetadata,
			CheckDocument,
			"its JSON",
		},
		{
			"two resources",
			raw("GET "+theAPIMetadata, `{"resource":"https://api.example/v1/notes","resource":"https://evil.example/"}`),
			wire.ResourceMetadata,
			CheckDocument,
			`names "resource" twice`,
		},
		{"a server that is no list", api(map[string]any{"authorization_servers": "https://auth.example"}), wire.ResourceMetadata, CheckDocument,
			`"authorization_servers" in its JSON is a string`},
		{"no server", api(map[string]any{"authorization_servers": []string{}}), wire.ResourceMetadata, CheckServers, "names no authorization server"},
		{
			"fifty servers",
			api(map[string]any{"authorization_servers": many}),
			wire.ResourceMetadata,
			CheckServers,
			"names 51 authorization servers, and none of the first 3 can be used",
		},
		{
			"a server without TLS",
			api(map[string]any{"authorization_servers": []string{"http://auth.example"}}),
			wire.ResourceMetadata,
			CheckServers,
			`"http://auth.example", which is not https`,
		},
		{
			"a server on this machine",
			api(map[string]any{"authorization_servers": []string{"https://localhost:8443"}}),
			wire.ResourceMetadata,
			CheckServers,
			"is on this machine, and the API is not",
		},
		{
			"a server at an address that leads to this machine",
			api(map[string]any{"authorization_servers": []string{"https://0.0.0.0:8443"}}),
			wire.ResourceMetadata,
			CheckServers,
			"is on this machine, and the API is not",
		},
		{
			"a server with a query",
			api(map[string]any{"authorization_servers": []string{"https://auth.example?x"}}),
			wire.ResourceMetadata,
			CheckServers,
			"is not an issuer",
		},
		{
			"a scope that nobody can ask for",
			api(map[string]any{"scopes_supported": []string{"no\"tes"}}),
			wire.ResourceMetadata,
			CheckScopes,
			"wants scopes that no login can ask for",
		},
		{
			"scopes without end",
			api(map[string]any{"scopes_supported": strings.Fields(strings.Repeat("x", 600) + " " + strings.Repeat("y", 600))}),
			wire.ResourceMetadata,
			CheckScopes,
			"wants scopes that no login can ask for",
		},
		{"a server of another name", server(map[string]any{"issuer": "https://attacker.example"}), wire.Metadata, "", "https://auth.example"},
		{
			"a server that is not there",
			func(w *world) { w.At("GET "+theServerMetadata, nil) },
			wire.Metadata,
			"",
			"No authorization server was found at https://auth.example",
		},
		{
			"a server whose token endpoint is on this machine",
			server(map[string]any{"token_endpoint": "http://localhost/token"}),
			wire.Metadata,
			oauth.CheckOnLocal,
			"https://auth.example",
		},
		{
			"no registration",
			server(map[string]any{"registration_endpoint": nil}),
			wire.Registration,
			CheckNotOffered,
			"The authorization server https://auth.example doesn't support dynamic client registration",
		},
		{
			"registration without TLS",
			server(map[string]any{"registration_endpoint": "http://auth.example/register"}),
			wire.Registration,
			CheckEndpoint,
			"is not https",
		},
		{
			"registration on this machine",
			server(map[string]any{"registration_endpoint": "http://127.0.0.1/register"}),
			wire.Registration,
			CheckEndpoint,
			"registration endpoint is on this machine (http://127.0.0.1/register), but the server itself is not",
		},
		{
			"registration on this machine, spelled otherwise",
			server(map[string]any{"registration_endpoint": "https://0x7f.1/register"}),
			wire.Registration,
			CheckEndpoint,
			"is on this machine",
		},
		{"registration refused", func(w *world) {
			w.at("POST https://auth.example/register", 400, `{"error":"invalid_redirect_uri","error_description":"not on localhost"}`)
		}, wire.Registration, "", "not on localhost"},
		{"registration that fails", func(w *world) { w.at("POST https://auth.example/register", 500, `{}`) }, wire.Registration, "", "returned 500"},
		{"registration that is elsewhere", func(w *world) {
			w.at("POST https://auth.example/register", 307, "", "Location", "https://evil.example/register")
		}, wire.Registration, "", "which is not followed"},
		{
			"another redirect URI",
			registered(map[string]any{"redirect_uris": []string{"https://evil.example/cb"}}),
			wire.Registration,
			CheckAnswer,
			`with the redirect URI "https://evil.example/cb"`,
		},
		{
			"a second redirect URI",
			registered(map[string]any{"redirect_uris": []string{"http://localhost:3000/oauth_callback", "https://evil.example/cb"}}),
			wire.Registration,
			CheckAnswer,
			`with the redirect URI "https://evil.example/cb"`,
		},
		{
			"no client ID",
			registered(map[string]any{"client_id": nil}),
			wire.Registration,
			CheckAnswer,
			"The authorization server https://auth.example answered the registration without a client_id",
		},
		{"a client ID that is a number", registered(map[string]any{"client_id": 17}), wire.Registration, CheckAnswer, `"client_id" in its JSON is a number`},
		{"a client ID with a line break", registered(map[string]any{"client_id": "a\nb"}), wire.Registration, CheckAnswer, "can't be sent in a URL"},
		{"a client ID without end", registered(map[string]any{"client_id": strings.Repeat("x", 2001)}), wire.Registration, CheckAnswer, "can't be sent in a URL"},
		{
			"a secret that no header can carry",
			registered(map[string]any{"client_secret": "a\u0000b"}),
			wire.Registration,
			CheckAnswer,
			"client_secret that cannot be used",
		},
		{
			"a secret that has expired already",
			registered(map[string]any{"client_secret_expires_at": 3600}),
			wire.Registration,
			CheckAnswer,
			"with a client_secret that has expired: its client_secret_expires_at is 1970-01-01 01:00:00",
		},
		{"a method without its secret", registered(map[string]any{"client_secret": nil}), wire.Registration, CheckAnswer, "without a client_secret"},
		{
			"a method that we do not speak",
			registered(map[string]any{"token_endpoint_auth_method": "private_key_jwt"}),
			wire.Registration,
			CheckAnswer,
			`"private_key_jwt", which this client cannot use`,
		},
		{
			"a client of a megabyte",
			raw("POST https://auth.example/register", strings.Repeat(" ", big)),
			wire.Registration,
			CheckAnswer,
			"sent an answer of more than 1 MB",
		},
		{
			"a client nested deep",
			raw("POST https://auth.example/register", `{"client_id":`+strings.Repeat("[", 100_000)+strings.Repeat("]", 100_000)+`}`),
			wire.Registration,
			CheckAnswer,
			"its JSON",
		},
	} {
		t.Run(row.name, func(t *testing.T) {
			w := newWorld(t, nil)
			row.spoil(w)
			_, err := w.begin(t)
			e, ok := errors.AsType[*oauth.Error](err)
			if !ok || e.Step != row.step || e.Check != row.check {
				t.Fatalf("got %+v; want step %q, check %q", err, row.step, row.check)
			}
			said := e.Description
			for _, tried := range e.Tried {
				said += "\n" + tried.URL + " " + tried.Answer
			}
			if !strings.Contains(said, row.words) {
				t.Errorf("it says %q, and not %q", said, row.words)
			}
			if len(w.clients) > 0 {
				t.Errorf("kept %+v", w.clients)
			}
			if row.step != wire.Registration && w.Asked("POST https://auth.example/register") > 0 {
				t.Error("a client was registered all the same")
			}
			if len(w.Requests()) > 20 {
				t.Errorf("%d requests for one login", len(w.Requests()))
			}
			for _, name := range w.Requests() {
				if !strings.Contains(name, " https://api.example/") && !strings.Contains(name, " https://auth.example/") &&
					!strings.Contains(name, "https://s") {
					t.Errorf("%s was asked", name)
				}
			}
		})
	}
	w := newWorld(t, nil)
	if _, err := w.begin(t); err != nil { // the honest twin of all rows
		t.Error(err)
	}
}

// What an API says of its scopes is read when it is no list, with a warning beside the answer, and another note stays.
func TestResourceMetadata_Warnings(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.document("GET "+theAPIMetadata, apiDocument(map[string]any{"scopes_supported": "notes profile", "resource": "https://api.example/"}))
	ctx, recorder := wire.Record(t.Context())
	c, err := w.Client(ctx, w.cfg, w.wire, time.Now, true)
	if err != nil || strings.Join(c.Config().Scopes, " ") != "notes profile" {
		t.Fatalf("%+v, %v", c, err)
	}
	var notes string
	for _, e := range recorder.Exchanges() {
		if e.Purpose == wire.ResourceMetadata {
			notes += e.Note
		}
	}
	for _, words := range []string{"scopes_supported is a string", "which contains the API that this app called"} {
		if !strings.Contains(notes, words) {
			t.Errorf("%q does not say %q", notes, words)
		}
	}
}
