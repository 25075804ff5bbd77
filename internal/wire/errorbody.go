package wire

import (
	"bytes"
	"cmp"
	"encoding/json"
	"net/url"
	"slices"
	"strings"
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

// JSONMessage is the JSON of an answer's body: all of it or, of a stream of events as APIs that speak MCP send it, the
// data of the event that answers the request, else of the last one.
func (e *Exchange) JSONMessage() string {
	if e.MediaType() != "text/event-stream" {
		return e.ResponseBody
	}
	message := e.ResponseBody
	for _, data := range events(e.ResponseBody) {
		var answer struct{ Result, Error json.RawMessage }
		message = data
		if json.Unmarshal([]byte(data), &answer) == nil && (answer.Result != nil || answer.Error != nil) {
			break
		}
	}
	return message
}

// events are the data of a stream of events, of each that has any (HTML, section 9.2.6).
func events(stream string) []string {
	var list, data []string
	stream = strings.TrimPrefix(strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(stream), "\ufeff")
	for line := range strings.SplitSeq(stream+"\n\n", "\n") { // the last event may have no end yet
		if text, ok := strings.CutPrefix(line, "data:"); ok {
			data = append(data, strings.TrimPrefix(text, " "))
		} else if line == "" && data != nil {
			list, data = append(list, strings.Join(data, "\n")), nil
		}
	}
	return list
}

// ErrorInside reports that an API answers with a status of success and says in the body that the call failed: by the
// error of JSON-RPC (section 5; in a batch, section 6), as APIs that speak MCP do, by the failed result of an MCP
// tool, or by an error of its own, in JSON or in a form. Such an answer does not show that a token is good.
func (e *Exchange) ErrorInside() bool {
	if e.Status/100 != 2 {
		return false
	}
	if e.MediaType() == "application/x-www-form-urlencoded" {
		code, _ := e.Refusal()
		return code != ""
	}
	message := []byte(e.JSONMessage())
	var batch []json.RawMessage
	if json.Unmarshal(message, &batch) == nil {
		return slices.ContainsFunc(batch, func(one json.RawMessage) bool { return isRPC(one) && saysFailed(one) })
	}
	return saysFailed(message)
}

// Succeeded reports a status of success, and no error in the body.
func (e *Exchange) Succeeded() bool { return e.Status/100 == 2 && !e.ErrorInside() }

// SpeaksRPC reports that an answer is a message of JSON-RPC, with whatever status.
func (e *Exchange) SpeaksRPC() bool { return isRPC([]byte(e.JSONMessage())) }

func isRPC(message []byte) bool {
	var m struct{ JSONRPC string }
	return json.Unmarshal(message, &m) == nil && m.JSONRPC != ""
}

func saysFailed(message []byte) bool {
	var answer struct{ Error, Errors, Result json.RawMessage }
	if json.Unmarshal(message, &answer) != nil {
		return false
	}
	var result struct {
		IsError bool `json:"isError"`
	}
	failedTool := json.Unmarshal(answer.Result, &result) == nil && result.IsError
	return failedTool || says(answer.Error) || says(answer.Errors)
}

// says reports a JSON value that says something. Many APIs send an empty error with each success, and some write it
// with a space inside: [ ].
func says(raw json.RawMessage) bool {
	switch strings.Join(strings.Fields(string(raw)), "") {
	case "", "null", "false", "0", `""`, "[]", "{}":
		return false
	}
	return true
}
