package wire

import (
	"bytes"
	"cmp"
	"encoding/json"
	"net/url"
)

// Refusal is the code and the words with which an answer says no, as far as it has them: the error and
// error_description of RFC 6749 section 5.2, and what servers write instead of them. Neither is cut,
// made visible or rid of secrets yet.
func (e *Exchange) Refusal() (code, words string) {
	if e.MediaType() == "application/x-www-form-urlencoded" {
		form, err := url.ParseQuery(e.ResponseBody) // GitHub's
		if err != nil {
			return "", ""
		}
		return form.Get("error"), form.Get("error_description")
	}
	var document map[string]json.RawMessage
	if json.Unmarshal([]byte(e.JSONMessage()), &document) != nil {
		return "", ""
	}
	return refusalIn(document, true)
}

// refusalIn looks for the members that servers use, the standard's first, and then one level down.
func refusalIn(document map[string]json.RawMessage, down bool) (code, words string) {
	first := func(names ...string) string {
		for _, name := range names {
			if text := scalar(document[name]); text != "" {
				return text
			}
		}
		return ""
	}
	code = first("error", "error_code", "code", "errorCode")
	words = first("error_description", "message", "msg", "error_message", "errorMessage", "detail", "title", "reason")
	if !down {
		return code, words
	}
	for _, name := range []string{"error", "errors"} { // {"error": {"message": …}}, {"errors": [{"message": …}]}
		var inner map[string]json.RawMessage
		if json.Unmarshal(firstElement(document[name]), &inner) == nil {
			innerCode, innerWords := refusalIn(inner, false)
			code, words = cmp.Or(code, innerCode), cmp.Or(words, innerWords)
		}
	}
	return code, words
}

// firstElement is the first element of a JSON list, and anything else as it is.
func firstElement(raw json.RawMessage) json.RawMessage {
	var list []json.RawMessage
	if json.Unmarshal(raw, &list) == nil && len(list) > 0 {
		return list[0]
	}
	return raw
}

// scalar is a JSON string or number as text, "" for anything else.
func scalar(raw json.RawMessage) string {
	var text string
	if json.Unmarshal(raw, &text) == nil {
		return text
	}
	raw = bytes.TrimSpace(raw)
	if len(raw) > 0 && (raw[0] == '-' || raw[0] >= '0' && raw[0] <= '9') {
		return string(raw)
	}
	return ""
}
