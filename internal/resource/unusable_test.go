package resource

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"oauth-test-client/internal/oauth"
	"oauth-test-client/internal/wire"
)

// A registration with an unusable answer is not repeated, as the server may make another client each time. A server that
// refuses, or can't be reached, has made none, and is asked again.
func TestUnusable_AskedOnce(t *testing.T) {
	long := strings.Repeat("x", 1<<20+1)
	hangUp := func(rw http.ResponseWriter, _ *http.Request) {
		rw.Header().Set("Content-Length", "100")
		rw.WriteHeader(http.StatusCreated)
		rw.Write([]byte(`{"client_id":`))
	}
	answering := func(status int, body string) func(*world) {
		return func(w *world) { w.at(theRegistration, status, body) }
	}
	for _, row := range []struct {
		name  string
		spoil func(w *world)
		want  int // registrations of three logins
	}{
		{"another redirect URI", func(w *world) {
			w.document(theRegistration, registrationAnswer(map[string]any{"redirect_uris": []string{"https://a.example"}}))
		}, 1},
		{"no client ID", answering(201, `{}`), 1},
		{"a page", answering(200, `<html>`), 1},
		{"nothing", answering(204, ""), 1},
		{"too much", answering(201, long), 1},
		{"half an answer", func(w *world) { w.At(theRegistration, hangUp) }, 1},
		{"more secrets than are kept", func(w *world) {
			w.document(theRegistration, registrationAnswer(map[string]any{"registration_access_token": long[:16<<10]}))
		}, 1},
		{"an error beside a client", answering(200, `{"error":"e","client_id":"c","redirect_uris":["https://a.example"]}`), 1},
		{"refused", answering(400, `{"error":"invalid_redirect_uri"}`), 3},
		{"refused with 200", answering(200, `{"error":"invalid_redirect_uri"}`), 3},
		{"out of order", answering(503, ""), 3},
		{"elsewhere", func(w *world) { w.at(theRegistration, 307, "", "Location", "https://auth.example/other") }, 3},
		{"too much of a refusal", answering(400, long), 3},
		{"gone", func(w *world) {
			w.At(theRegistration, func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
		}, 3},
		{"no login would come of it", func(w *world) {
			w.document("GET "+theServerMetadata, serverDocument(map[string]any{"require_pushed_authorization_requests": true}))
		}, 0},
		{"no endpoint for it", func(w *world) {
			w.document("GET "+theServerMetadata, serverDocument(map[string]any{"registration_endpoint": nil}))
		}, 0},
		{"an endpoint on this machine", func(w *world) {
			w.document("GET "+theServerMetadata, serverDocument(map[string]any{"registration_endpoint": "http://127.0.0.1/register"}))
		}, 0},
	} {
		t.Run(row.name, func(t *testing.T) {
			w := newWorld(t, nil)
			row.spoil(w)
			var first string
			for i := range 3 {
				_, err := w.begin(t)
				if said := told(t, err); i == 0 {
					first = said
				} else if row.want == 1 && said != first {
					t.Errorf("first it says\n%s\nand then\n%s", first, said)
				}
			}
			if n := w.Asked(theRegistration); n != row.want {
				t.Errorf("registered %d times; want %d", n, row.want)
			}
			if c, err := w.Client(t.Context(), w.cfg, w.wire, time.Now, false); err != nil || c.Config().ClientID != "" {
				t.Errorf("whoever looks gets %+v, %v", c, err)
			}
			w.document("GET "+theServerMetadata, serverDocument(nil))
			w.document(theRegistration, registrationAnswer(nil))
			if _, err := w.begin(t); (err != nil) != (row.want == 1) {
				t.Errorf("once it is mended: %v", err)
			}
			w.AskAgain()
			if c, err := w.begin(t); err != nil || c.Config().ClientID != "client-1" {
				t.Errorf("and when that is said: %+v, %v", c, err)
			}
		})
	}
}

// Logins at the same time that get an unusable answer have asked once. A different redirect URI is asked separately, and
// the number of stored answers is limited.
func TestUnusable_Remembered(t *testing.T) {
	w := newWorld(t, nil)
	w.document(theRegistration, map[string]any{})
	done := make(chan error)
	for range 8 {
		go func() {
			_, err := w.begin(t)
			done <- err
		}()
	}
	for range 8 {
		if e, ok := errors.AsType[*oauth.Error](<-done); !ok || e.Check != CheckAnswer || e.Step != wire.Registration {
			t.Errorf("got %+v", e)
		}
	}
	if n := w.Asked(theRegistration); n != 1 {
		t.Errorf("registered %d times", n)
	}
	for i := range maxRegistered + 3 {
		w.cfg.RedirectOverride = fmt.Sprintf("https://app.example.com/callback/%d", i)
		for range 2 {
			w.begin(t)
		}
	}
	if n := w.Asked(theRegistration); n != 1+maxRegistered+3 || len(w.unusable) != maxRegistered {
		t.Errorf("registered %d times, and %d answers are remembered", n, len(w.unusable))
	}
}
