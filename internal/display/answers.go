package display

import (
	"encoding/json"
	"net/http"

	"oauth-test-client/internal/diagnose"
	"oauth-test-client/internal/flow"
)

// Answer is a server's answer as it was sent, with what it means.
type Answer struct {
	flow.Answer
	Kind string              `json:"-"` // which token it is about, when there are several; else empty
	Why  *diagnose.APIAnswer `json:"why,omitempty"`
}

// bad reports whether the answer is not what it should be. To a wrong token a refusal is right.
func (a Answer) bad() bool {
	if a.Why != nil {
		return a.Why.Result == diagnose.Fail
	}
	return a.Status >= http.StatusBadRequest
}

// Answers are what a server was asked for one page.
type Answers []Answer

// Good reports whether every answer is what it should be.
func (list Answers) Good() bool {
	for _, a := range list {
		if a.bad() {
			return false
		}
	}
	return true
}

// MarshalJSON writes one answer as it is, and several by their kind.
func (list Answers) MarshalJSON() ([]byte, error) {
	if len(list) == 1 && list[0].Kind == "" {
		return json.Marshal(list[0])
	}
	byKind := map[string]Answer{}
	for _, a := range list {
		byKind[a.Kind] = a
	}
	return json.Marshal(byKind)
}
