package causes

import (
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"oauth-test-client/internal/config"
)

// Where the redirect URI does not lead to this program, every line that is about it names its own variable.
func TestExplain_RedirectVariable(t *testing.T) {
	here := config.Config{BaseURL: "http://127.0.0.1:3000", Port: "3000"}.Effective()
	for _, row := range []struct{ name, elsewhere, variable, address, origin string }{
		{"here", "", "BASE_URL", "BASE_URL=http://localhost:3000", "http://127.0.0.1:3000"},
		{"another port", "http://127.0.0.1:8080/cb", "REDIRECT_URI", "REDIRECT_URI=http://localhost:8080/cb", "http://127.0.0.1:8080"},
		{"IPv6", "http://[::1]:8080/cb", "REDIRECT_URI", "REDIRECT_URI=http://localhost:8080/cb", "http://[::1]:8080"},
		{"a host", "https://app.example.com/cb", "REDIRECT_URI", "", "https://app.example.com"},
		{"an app", "com.example.app:/cb", "REDIRECT_URI", "", "com.example.app:"},
	} {
		t.Run(row.name, func(t *testing.T) {
			cfg, began := here, time.Now()
			cfg.RedirectOverride = row.elsewhere
			if sent := whatWeSent(cfg, "", nil, RedirectURI)[0]; sent.Variable != row.variable || sent.Value != cfg.RedirectURI() {
				t.Errorf("sent is %+v", sent)
			}
			if got := Of(RedirectURIIPAddress).fix(Facts{Cfg: cfg}).Line; got != row.address {
				t.Errorf("for an IP address the line is %s; want %s", got, row.address)
			}
			if got := Of(RedirectURINotHTTPS).fix(Facts{Cfg: cfg}); got.Variable != row.variable {
				t.Errorf("for http the line is about %s; want %s", got.Variable, row.variable)
			}
			causes := NeverCameBack(cfg, began, time.Time{}, Finding{})
			if blocked := causes[1]; blocked.Name != FormActionBlocksReturn || !strings.Contains(blocked.Fix, "add "+row.origin+" to form-action") {
				t.Errorf("the policy has to allow %s; the cause is %+v", row.origin, blocked)
			}
			for _, when := range []struct {
				name       string
				registered time.Time
				client     *config.RegisteredClient
				first, in  bool // the redirect URI is the first cause, or one of them
			}{
				{"not proved", time.Time{}, nil, true, true},
				{"proved before the login", began.Add(-time.Second), nil, false, false},
				{"proved after it began", began.Add(time.Second), nil, false, true},
				{"proved for a client that this app registered", began.Add(-time.Second), new(config.RegisteredClient), true, true},
			} {
				cfg := cfg
				cfg.Found.Client = when.client
				list := NeverCameBack(cfg, began, when.registered, Finding{})
				suspect := NeverCameBack(cfg, began, time.Time{}, Finding{})[0]
				if (list[0] == suspect) != when.first || slices.Contains(list, suspect) != when.in {
					t.Errorf("%s: the causes are %+v", when.name, list)
				}
			}
			if first := NeverCameBack(cfg, began, time.Time{}, Finding{Result: Fail, Name: ClientIDUnknown})[0]; first.Name != ClientIDUnknown {
				t.Errorf("the checks found an unknown client ID, and the first cause is %+v", first)
			}
			another := false // host name to come back to
			for _, cause := range causes {
				another = another || cause.Name == HostChangedOnTheWayBack
			}
			if another != (row.elsewhere == "") {
				t.Errorf("the causes are %+v", causes)
			}
			_, words, hint := UnknownState(cfg, "localhost:3000", url.Values{"state": {"s"}}, true)
			if pasted := strings.Contains(words, "was pasted on localhost:3000") && strings.Contains(hint, "paste it there"); pasted != (row.elsewhere != "") {
				t.Errorf("on another host it says %q %q", words, hint)
			}
		})
	}
}

// A callback that was opened by hand has no response, so nothing is said of one.
func TestUnknownState_WithoutResponse(t *testing.T) {
	for words, response := range map[string]url.Values{
		"Your server sends the browser to this page after sign-in.": {},
		"The authorization response has no state":                   {"code": {"c"}},
		"This login was not started in this browser":                {"state": {"s"}},
	} {
		if _, description, _ := UnknownState(config.Config{BaseURL: "http://localhost:3000"}.Effective(), "localhost:3000", response, true); !strings.HasPrefix(description, words) {
			t.Errorf("of %v it says %q; want %q", response, description, words)
		}
	}
}

// What the checks found comes first, with nothing beside it that they have ruled out.
func TestNeverCameBack_Found(t *testing.T) {
	cfg := config.Config{Issuer: "https://a.example", BaseURL: "http://localhost:3000"}.Effective()
	for _, row := range []struct {
		found Finding
		uri   bool // the redirect URI may be the cause, too
	}{
		{Finding{Check: "redirect_uri", Result: Fail, Name: ClientIDUnknown}, false},
		{Finding{Check: "redirect_uri", Result: Fail, Name: RedirectURINotRegistered}, true},
		{Finding{Check: "authorization", Result: Fail, Name: ParameterMissing}, true},
		{Finding{Check: "authorization", Result: Warn, Name: FormActionBlocksReturn}, true},
	} {
		list := NeverCameBack(cfg, time.Now(), time.Time{}, row.found)
		uri := slices.ContainsFunc(list, func(c Unfinished) bool { return c.Name == RedirectURINotRegistered })
		if list[0].Name != row.found.Name || uri != row.uri || strings.Contains(list[0].Fix, "tell which one is wrong") {
			t.Errorf("%s: %+v", row.found.Name, list)
		}
	}
}
