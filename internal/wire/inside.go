package wire

import (
	"bytes"
	"encoding/json"
	"strings"
)

// JSONMessage is the JSON of an answer's body: all of it or, of a stream of events, the data of the last one, as APIs
// that speak MCP send it.
func (e *Exchange) JSONMessage() string {
	body := e.ResponseBody
	if !strings.HasPrefix(strings.ToLower(e.ResponseHeader.Get("Content-Type")), "text/event-stream") {
		return body
	}
	for line := range strings.Lines(e.ResponseBody) {
		if data, ok := strings.CutPrefix(line, "data:"); ok {
			body = data
		}
	}
	return body
}

// ErrorInside reports that an API answers with a status of success and says in the body that the call failed: by the
// error of JSON-RPC (section 5), as APIs that speak MCP do, by the failed result of an MCP tool, or by an error
// member of its own. Such an answer does not show that a token is good.
func (e *Exchange) ErrorInside() bool {
	if e.Status/100 != 2 {
		return false
	}
	var answer struct {
		Error, Errors json.RawMessage
		Result        json.RawMessage
	}
	if json.Unmarshal([]byte(e.JSONMessage()), &answer) != nil {
		return false
	}
	var result struct {
		IsError bool `json:"isError"`
	}
	failedTool := json.Unmarshal(answer.Result, &result) == nil && result.IsError
	return failedTool || says(answer.Error) || says(answer.Errors)
}

// says reports a JSON value that says something. Many APIs send an empty error with each success.
func says(raw json.RawMessage) bool {
	switch string(bytes.TrimSpace(raw)) {
	case "", "null", "false", "0", `""`, "[]", "{}":
		return false
	}
	return true
}
