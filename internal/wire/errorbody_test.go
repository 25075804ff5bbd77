package wire

import (
	"net/http"
	"testing"
)

// A status of success does not hide the error in the body, and what only looks like one is none.
func TestErrorInside(t *testing.T) {
	const stream = "text/event-stream; charset=utf-8"
	for _, row := range []struct {
		mediaType, body string
		status          int
		want            bool
	}{
		{jsonType, `{"jsonrpc":"2.0","id":1,"error":{"code":-32001,"message":"Unauthorized"}}`, 200, true},
		{stream, "event: message\ndata: {\"jsonrpc\":\"2.0\",\"id\":1,\"error\":{\"code\":-32001}}\n\n", 200, true},
		{stream, "data: {\"method\":\"notifications/message\"}\n\ndata: {\"error\":{\"code\":1}}\n\n", 200, true},
		{stream, "data: {\"jsonrpc\":\"2.0\",\ndata: \"error\":{\"code\":1}}\n\n", 200, true},
		{stream, "\ufeffid: 1\rdata:{\"error\":{\"code\":1}}", 200, true},
		{stream, "data: {\"error\":{\"code\":1}}\r\n\r\ndata: {\"method\":\"notifications/message\"}\r\n\r\n", 200, true},
		{jsonType, `[{"jsonrpc":"2.0","id":1,"error":{"code":-32001}}]`, 200, true},
		{jsonType, `{"jsonrpc":"2.0","id":1,"result":{"content":[],"isError":true}}`, 200, true},
		{jsonType, `{"ok":false,"error":"invalid_auth"}`, 200, true},
		{jsonType, `{"error":true}`, 202, true},
		{jsonType, `{"ok":false}`, 200, true},
		{jsonType, `{"success":false,"message":"no"}`, 200, true},
		{jsonType, `{"success":true}`, 200, false},
		{jsonType, `{"errcode":40029,"errmsg":"invalid code"}`, 200, true},
		{jsonType, `{"errcode":0,"errmsg":"ok"}`, 200, false},
		{jsonType, `{"ok":true,"name":"Alice"}`, 200, false},
		{jsonType, `{"ok":1,"error":"c"}`, 200, true},
		{jsonType, `{"errors":[{"message":"not signed in"}],"data":null}`, 200, true},
		{jsonType, `{"jsonrpc":"2.0","id":1,"result":{"tools":[]}}`, 200, false},
		{jsonType, `{"jsonrpc":"2.0","id":1,"result":{"tools":[],"isError":false},"error":null}`, 200, false},
		{stream, "data: {\"result\":{\"tools\":[{\"name\":\"error\"}]}}\n", 200, false},
		{stream, "data: {\"result\":{}}\n\ndata: {\"method\":\"m\",\"error\":1}\n\n", 200, false},
		{stream, ": no data\n\n", 200, false},
		{jsonType, `[{"jsonrpc":"2.0","id":1,"result":{}}]`, 200, false},
		{jsonType, `{"error":"","errors":[],"name":"Alice"}`, 200, false},
		{jsonType, `{"error":{},"errors":0}`, 200, false},
		{jsonType, `{ "error" : { }, "errors" : [ ], "name" : "Alice" }`, 200, false}, // as Jackson indents
		{jsonType, `{"error": false}`, 200, false},
		{jsonType, `{"result":"isError"}`, 200, false},
		{jsonType, `[{"error":"c"}]`, 200, false},
		{"text/plain", "error", 200, false},
		{"application/x-www-form-urlencoded", "error=bad_refresh_token&error_description=d", 200, true},
		{"application/x-www-form-urlencoded", "access_token=t&error=", 200, false},
		{jsonType, `{"error":"invalid_token"}`, 401, false}, // which its status says
	} {
		e := &Exchange{Status: row.status, ResponseBody: row.body, ResponseHeader: NewHeader(http.Header{"Content-Type": {row.mediaType}})}
		if got := e.ErrorInside(); got != row.want {
			t.Errorf("%d %s: %v", row.status, row.body, got)
		}
		for purpose, failed := range map[Purpose]bool{API: row.want || row.status >= 400, APIAltered: !row.want && row.status < 400} {
			if e.Purpose = purpose; e.Failed() != failed {
				t.Errorf("%s, %d %s: failed is %v", purpose, row.status, row.body, e.Failed())
			}
		}
	}
}
