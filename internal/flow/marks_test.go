package flow

import (
	"strings"
	"testing"

	"oauth-test-client/internal/wire"
)

// The same value has the same mark wherever it stands, and another value has none.
func TestMarks_SameValueSameMark(t *testing.T) {
	marked := func(spoil func([]*wire.Exchange)) string {
		flow := sampleFlow()
		spoil(flow)
		var out strings.Builder
		for _, arrow := range View(flow, sampleClient, false).Diagram.Arrows {
			for _, line := range arrow.Lines {
				for _, pill := range line.Pills {
					out.WriteString(pill.String() + "|")
				}
				out.WriteString(line.Found)
			}
		}
		return out.String()
	}
	const sound = "● state=stat…|◆ challenge=GPXf…|▲ nonce=nonc…|■ code=code…|● state=stat…|✓ the state that was sent■ code=code…|◆ " +
		"verifier=veri…|★ token=…wxyz|★ token=…wxyz|★ token=…wxyz|"
	for _, row := range []struct {
		name, want string
		spoil      func([]*wire.Exchange)
	}{
		{"sound", sound, func([]*wire.Exchange) {}},
		{"another state comes back", strings.Replace(sound, "● state=stat…|✓ the state that was sent", "state=othe…|", 1),
			func(f []*wire.Exchange) { f[2].URL = strings.Replace(f[2].URL, "state-value", "other-value", 1) }},
		{"the verifier is another's", strings.Replace(sound, "◆ verifier=veri…", "verifier=some…", 1),
			func(f []*wire.Exchange) {
				f[3].RequestBody = strings.Replace(f[3].RequestBody, "verifier-value", "some-verifier", 1)
			}},
		{"another token is used", strings.Replace(sound, "★ token=…wxyz|★ token=…wxyz|★ token=…wxyz|", "★ token=…wxyz|★ token=…wxyz|token=…wxyZ|", 1),
			func(f []*wire.Exchange) {
				f[5].RequestHeader = wire.Header(strings.Replace(string(f[5].RequestHeader), "wxyz", "wxyZ", 1))
			}},
	} {
		if got := marked(row.spoil); got != row.want {
			t.Errorf("%s:\n got %s\nwant %s", row.name, got, row.want)
		}
	}
}

// What a login did not need is told as known, and the ID token that was verified has a step of its own.
func TestTell_KnownAndVerified(t *testing.T) {
	names := func(steps []*wire.Exchange) string {
		var list []string
		for _, s := range View(steps, sampleClient, false).Steps {
			list = append(list, s.Name+" "+s.Outcome)
		}
		return strings.Join(list, "|")
	}
	flow := sampleFlow()[:4]
	if got, want := names(Tell(flow, "https://a.example/md", "https://a.example/jwks", true)),
		"metadata known already|authorization request |sign-in and consent 12 s|authorization response |token request 200, 34 ms|keys known "+
			"already|ID token check verified"; got != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
	fetched := append(flow, &wire.Exchange{Purpose: wire.Keys, URL: "https://a.example/jwks", Status: 200, Began: flow[3].Began})
	if got := names(Tell(fetched, "", "https://a.example/jwks", true)); strings.Count(got, "keys") != 1 ||
		!strings.HasSuffix(got, "keys 200, 0 ms|ID token check verified") {
		t.Errorf("with keys that were fetched: %s", got)
	}
	if got := names(Tell(flow, "", "https://a.example/jwks", false)); strings.Contains(got, "ID token check") || strings.Contains(got, "keys") {
		t.Errorf("without an ID token: %s", got)
	}
}
