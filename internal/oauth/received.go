package oauth

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"oauth-test-client/internal/wire"
)

// Member is one member of a token response that was refused: shown, so that whoever runs the server sees
// which line is at fault, and never used.
type Member struct {
	Name  string `json:"name"`
	Type  string `json:"type"`            // as JSON calls it, or missing
	Value string `json:"value,omitempty"` // only where it is no secret
	Fault string `json:"fault,omitempty"` // what is wrong with this one
}

// fieldFault is what is wrong with one member of a token response.
type fieldFault struct{ field, text string }

func (f *fieldFault) Error() string { return f.text }

// faulty completes "the token endpoint answered 200, but …".
func faulty(field, format string, args ...any) error {
	return &fieldFault{field, fmt.Sprintf(format, args...)}
}

const maxReceived = 30 // members that are shown

// shownValues are the members of a token response that hold no secret (RFC 6749 section 5.1).
var shownValues = []string{"token_type", "expires_in", "scope", "issued_token_type", "refresh_expires_in", "ext_expires_in", "not-before-policy",
	"error", "error_description"}

// received lists the members of a token response as the server sent it, the one at fault marked. Every text goes
// through said.
func received(e *wire.Exchange, fault *fieldFault, said func(text string, n int) string) []Member {
	body := e.ResponseBody
	if form, err := formAsJSON(body); err == nil && !json.Valid([]byte(body)) && strings.Contains(body, "=") && !strings.HasPrefix(strings.TrimSpace(body), "<") {
		body = form
	}
	var members []Member
	decoder := json.NewDecoder(strings.NewReader(body))
	if start, err := decoder.Token(); err != nil || start != json.Delim('{') {
		return nil
	}
	for decoder.More() && len(members) < maxReceived {
		name, err := decoder.Token()
		text, ok := name.(string)
		var value json.RawMessage
		if err != nil || !ok || decoder.Decode(&value) != nil {
			break
		}
		members = append(members, member(text, value, said))
	}
	if fault == nil {
		return members
	}
	i := slices.IndexFunc(members, func(m Member) bool { return m.Name == fault.field })
	if i < 0 {
		i, members = len(members), append(members, Member{Name: fault.field, Type: "missing"})
	}
	members[i].Fault = said(fault.text, 300)
	return members
}

// member describes one member. A value whose name is not known to be harmless is not shown.
func member(name string, value json.RawMessage, said func(text string, n int) string) Member {
	m := Member{Name: said(name, 80), Type: typeOf(value)}
	switch {
	case m.Type == "object", m.Type == "array":
	case slices.Contains(shownValues, name):
		m.Value = said(strings.Trim(string(value), `"`), 200)
	case m.Type == "string":
		m.Value = fmt.Sprintf("%d characters, not shown", max(0, len(value)-2))
	case m.Type == "null", m.Type == "boolean":
		m.Value = string(value)
	}
	return m
}

// typeOf is the type of a JSON value.
func typeOf(value json.RawMessage) string {
	switch value[0] {
	case '"':
		return "string"
	case '{':
		return "object"
	case '[':
		return "array"
	case 't', 'f':
		return "boolean"
	case 'n':
		return "null"
	}
	return "number"
}
