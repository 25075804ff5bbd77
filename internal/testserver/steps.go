package testserver

import (
	"encoding/json"
	"net/url"
	"regexp"
)

// BeginInSteps begins a login step by step, and returns the authorization request's address.
func (b *Browser) BeginInSteps(query string) string {
	b.T.Helper()
	r := b.GetJSON("/login?step=1" + query)
	var first struct {
		Number int    `json:"step"`
		To     string `json:"authorization_uri"`
	}
	if err := json.Unmarshal([]byte(r.Body), &first); err != nil || first.Number != 1 {
		b.T.Fatalf("/login?step=1 answered %d %s", r.StatusCode, r.Body)
	}
	to, err := url.Parse(first.To)
	if err != nil {
		b.T.Fatal(err)
	}
	for _, name := range []string{"state", "nonce", "code_challenge"} {
		b.App.Log.Secret(to.Query().Get(name))
	}
	return first.To
}

// TakeStep presses the button of a step's page, and follows.
func (b *Browser) TakeStep(page Reply) Reply {
	b.T.Helper()
	form := page.StepForm()
	if form == nil {
		b.T.Fatalf("the page has no button for a next step:\n%s", page.Body)
	}
	return b.Get(b.Location(b.Post("/step", form)))
}

var stepFields = regexp.MustCompile(`name="login" value="([A-Z2-7]{8})"><button class="button" name="do" value="(\w+)"`)

// StepForm is what the button of a step's page sends, or nil where there is none.
func (r Reply) StepForm() url.Values {
	found := stepFields.FindStringSubmatch(r.Body)
	if found == nil {
		return nil
	}
	return url.Values{"login": {found[1]}, "do": {found[2]}}
}
