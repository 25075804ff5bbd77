package main

import (
	"fmt"
	"strings"
	"testing"

	"oauth-test-client/internal/causes"
	"oauth-test-client/internal/config"
	"oauth-test-client/internal/flow"
	"oauth-test-client/internal/oauth"
	"oauth-test-client/internal/wire"
)

// Every token that is tried has its own heading.
func TestAnswer_About(t *testing.T) {
	t.Parallel()
	seen := map[string]string{}
	kinds := []string{"", "access_token", "refresh_token"}
	for _, wrong := range causes.WrongTokens {
		kinds = append(kinds, string(wrong))
	}
	for _, kind := range kinds {
		about := answer{Kind: kind}.About()
		if other, twice := seen[about]; twice || strings.Contains(about, "_") {
			t.Errorf("%q is headed %q, as is %q", kind, about, other)
		}
		seen[about] = kind
	}
}

// judged returns an API's answer with a result.
func judged(result causes.Result) *causes.APIAnswer {
	return &causes.APIAnswer{Finding: causes.Finding{Result: result}}
}

// A refusal is bad, except for a wrong token. An API that accepts a wrong token is bad.
func TestAnswers_Good(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name string
		a    answer
		good bool
	}{
		{"an answer", answer{Answer: flow.Answer{Status: 200}}, true},
		{"a refusal", answer{Answer: flow.Answer{Status: 401, Refused: true}}, false},
		{"a refusal with 200", answer{Answer: flow.Answer{Status: 200, Refused: true}}, false},
		{"a wrong token refused", answer{Answer: flow.Answer{Status: 401}, Why: judged(causes.OK)}, true},
		{"a wrong token that never got there", answer{Answer: flow.Answer{Status: 302}, Why: judged(causes.Warn)}, false},
		{"a wrong token accepted", answer{Answer: flow.Answer{Status: 200}, Why: judged(causes.Fail)}, false},
	} {
		if got := (answers{{Answer: flow.Answer{Status: 200}}, row.a}).Good(); got != row.good {
			t.Errorf("%s: good is %t", row.name, got)
		}
	}
}

// The heading of the answers is the cause, where one is known.
func TestAnswers_Verdict(t *testing.T) {
	t.Parallel()
	refused := answer{Answer: flow.Answer{Status: 401, Refused: true}}
	explained := refused
	explained.Why = &causes.APIAnswer{Finding: causes.Finding{Result: causes.Fail, Name: causes.APIScopeMissing, Found: "the token lacks the scope notes"}}
	unknown := refused
	unknown.Why = &causes.APIAnswer{Finding: causes.Finding{Result: causes.Fail, Found: "the API does not say why"}}
	for _, row := range []struct {
		list          answers
		heading, lead string
	}{
		{answers{{Answer: flow.Answer{Status: 200}}}, "Good", ""},
		{answers{refused}, "Bad", ""},
		{answers{refused, explained}, "The API wants a scope that the token lacks", "The token lacks the scope notes."},
		{answers{explained}, "The API wants a scope that the token lacks", "The token lacks the scope notes."},
		{answers{unknown}, "Bad", "The API does not say why."},
	} {
		if heading, lead := row.list.verdict("Good", "Bad"); heading != row.heading || lead != row.lead {
			t.Errorf("it says %q, %q; want %q, %q", heading, lead, row.heading, row.lead)
		}
	}
}

// A status is as good or bad as the answer, and no colour contradicts the reason beside it.
func TestAnswer_Mood(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name string
		a    answer
		want string
	}{
		{"an answer", answer{Answer: flow.Answer{Status: 200}}, "good"},
		{"a refusal", answer{Answer: flow.Answer{Status: 401, Refused: true}}, "bad"},
		{"an error inside a 200", answer{Answer: flow.Answer{Status: 200}, Why: judged(causes.Warn)}, "bad"},
		{"a wrong token refused", answer{Answer: flow.Answer{Status: 401}, Why: judged(causes.OK), Kind: "no_token"}, ""},
		{"a wrong token accepted", answer{Answer: flow.Answer{Status: 200}, Why: judged(causes.Fail), Kind: "no_token"}, ""},
	} {
		if got := row.a.Mood(); got != row.want {
			t.Errorf("%s: %q; want %q", row.name, got, row.want)
		}
	}
}

// The tools that an API lists are offered, and only so many.
func TestToolsIn_Bounded(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]string{
		`{"jsonrpc":"2.0","id":1,"result":{"tools":[{"name":"add"},{"name":"remove"}]}}`: "[add remove]",
		`{"error":{"code":-32001}}`: "[]",
		"<html>":                    "[]",
		"":                          "[]",
		`{"result":{"tools":[` + strings.Repeat(`{"name":"a"},`, 60) + `{"name":"b"}]}}`: fmt.Sprint(strings.Split(strings.Repeat("a ", maxTools-1)+"a", " ")),
	} {
		if got := fmt.Sprint(toolsIn(body)); got != want {
			t.Errorf("%.60s: %s; want %s", body, got, want)
		}
	}
}

// If a token is for a different API, the page offers the login that names the API, unless this login did.
func TestOfferNext_OtherAudience(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name     causes.Name
		setting  string // at fault; none where the token names this API already
		resource string
		want     string
	}{
		{causes.APIWantsAnotherAudience, "RESOURCE_URL", "", "/login?resource=https%3A%2F%2Fapi.example%2Fa%3Fb%3Dc%26d"},
		{causes.APIWantsAnotherAudience, "", "", ""},
		{causes.APIWantsAnotherAudience, "RESOURCE_URL", "https://api.example/a", ""},
		{causes.APIWantsAnotherIssuer, "RESOURCE_URL", "", ""},
	} {
		a := answer{Why: &causes.APIAnswer{Finding: causes.Finding{Name: row.name, Setting: row.setting}}}
		a.offerNext(config.Config{ResourceURL: "https://api.example/a?b=c&d"}.Effective(), false,
			&oauth.Request{Given: map[string]string{"resource": row.resource}}, &wire.Exchange{Status: 401})
		got := ""
		if a.Next != nil {
			got = a.Next.Path
		}
		if got != row.want {
			t.Errorf("%s after a login for %q: %q; want %q", row.name, row.resource, got, row.want)
		}
	}
}

// What an API's answer offers next: more scopes, a new start at the API, or nothing.
func TestOfferNext_EachAnswer(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		cfg    config.Effective
		status int
		header string
		want   string
	}{
		{config.Config{AtAPI: true}.Effective(), 200, "", ""},
		{config.Config{AtAPI: true}.Effective(), 401, "", "/login"},
		{config.Config{}.Effective(), 401, "", ""},
		{config.Config{AtAPI: true}.Effective(), 403, "", ""},
		{config.Config{}.Effective(), 403, "Www-Authenticate: Bearer error=\"insufficient_scope\", scope=\"b&c\"\r\n", "/login?scope=a+b%26c&step_up=1"},
	} {
		var a answer
		a.offerNext(row.cfg, false, &oauth.Request{Scopes: []string{"a"}}, &wire.Exchange{Status: row.status, ResponseHeader: wire.Header(row.header)})
		got := ""
		if a.Next != nil {
			got = a.Next.Path
		}
		if got != row.want || a.CanCall {
			t.Errorf("%d: %q; want %q", row.status, got, row.want)
		}
	}
}
