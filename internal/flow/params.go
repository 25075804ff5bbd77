package flow

import (
	"encoding/json"
	"net/url"
	"slices"
	"strings"

	"oauth-test-client/internal/redact"
	"oauth-test-client/internal/wire"
)

// Parameter is one parameter of a request with what it is for.
type Parameter struct {
	Name, Value, About, Section string
	Mark                        Mark
}

// Header is one header field.
type Header struct {
	Name, Value string
}

// showHeaders lists header fields by name, without what is secret.
func showHeaders(h wire.Header, hide *redactor) []Header {
	var list []Header
	for name, value := range h.All() {
		list = append(list, Header{hide.text(name), wire.Clip(hide.header(name, value), 1000)})
	}
	return list
}

// explain lists the parameters of a request, each with what it is for.
func explain(e *wire.Exchange, tell *teller) []Parameter {
	if e.RequestBody != formOf(e) {
		return explainMembers(e, tell)
	}
	values, err := url.ParseQuery(paramsOf(e))
	if err != nil {
		return nil
	}
	var list []Parameter
	for name, vs := range values {
		words := parameterWords[name]
		for _, value := range vs {
			shown := wire.Clip(tell.hide.parameter(name, value), 4000)
			list = append(list, Parameter{wire.Clip(tell.hide.text(name), 60), shown, words.about, words.section, tell.marks[value]})
		}
	}
	slices.SortFunc(list, func(a, b Parameter) int { return strings.Compare(a.Name, b.Name) })
	return list
}

// explainMembers lists the members of a request that is a JSON object, in their order.
func explainMembers(e *wire.Exchange, tell *teller) []Parameter {
	var list []Parameter
	redact.RewriteMembers(e.RequestBody, func(level int, name string, value json.RawMessage) string {
		var text string
		if json.Unmarshal(value, &text) != nil {
			text = string(value)
		}
		words := parameterWords[name]
		shown := wire.Clip(tell.hide.parameter(name, text), 4000)
		list = append(list, Parameter{wire.Clip(tell.hide.text(name), 60), shown, words.about, words.section, ""})
		return string(value) // not to look inside
	})
	return list
}

// eachParameter reads a query or a form in its order, as far as it can be read.
func eachParameter(raw string, visit func(name, value string)) {
	for pair := range strings.SplitSeq(raw, "&") {
		name, value, _ := strings.Cut(pair, "=")
		name, errName := url.QueryUnescape(name)
		value, errValue := url.QueryUnescape(value)
		if pair != "" && errName == nil && errValue == nil {
			visit(name, value)
		}
	}
}
