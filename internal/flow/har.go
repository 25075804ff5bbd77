package flow

import (
	"bytes"
	"cmp"
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"oauth-test-client/internal/wire"
)

// The parts of a HAR 1.2 file (http://www.softwareishard.com/blog/har-12-spec/).
type (
	harFile struct {
		Log harLog `json:"log"`
	}
	harLog struct {
		Version string     `json:"version"`
		Creator harCreator `json:"creator"`
		Pages   []struct{} `json:"pages"`
		Entries []harEntry `json:"entries"`
		Comment string     `json:"comment"`
	}
	harCreator struct {
		Name    string `json:"name"`
		Version string `json:"version"`
	}
	harEntry struct {
		Started  string      `json:"startedDateTime"`
		Time     float64     `json:"time"` // milliseconds
		Request  harRequest  `json:"request"`
		Response harResponse `json:"response"`
		Cache    struct{}    `json:"cache"`
		Timings  harTimings  `json:"timings"`
		Comment  string      `json:"comment"`
	}
	harRequest struct {
		Method      string       `json:"method"`
		URL         string       `json:"url"`
		HTTPVersion string       `json:"httpVersion"`
		Cookies     []harPair    `json:"cookies"`
		Headers     []harPair    `json:"headers"`
		Query       []harPair    `json:"queryString"`
		PostData    *harPostData `json:"postData,omitempty"`
		HeadersSize int          `json:"headersSize"`
		BodySize    int          `json:"bodySize"`
	}
	harResponse struct {
		Status      int        `json:"status"`
		StatusText  string     `json:"statusText"`
		HTTPVersion string     `json:"httpVersion"`
		Cookies     []harPair  `json:"cookies"`
		Headers     []harPair  `json:"headers"`
		Content     harContent `json:"content"`
		RedirectURL string     `json:"redirectURL"`
		HeadersSize int        `json:"headersSize"`
		BodySize    int        `json:"bodySize"`
	}
	harPair struct {
		Name  string `json:"name"`
		Value string `json:"value"`
	}
	harPostData struct {
		MimeType string    `json:"mimeType"`
		Params   []harPair `json:"params"`
		Text     string    `json:"text"`
	}
	harContent struct {
		Size     int    `json:"size"`
		MimeType string `json:"mimeType"`
		Text     string `json:"text"`
	}
	harTimings struct {
		Send    float64 `json:"send"`
		Wait    float64 `json:"wait"`
		Receive float64 `json:"receive"`
	}
)

// HAR writes a flow as a HAR file, fit for a bug report: every secret, code and token is out of it.
// Steps that are no requests, such as the user's, are not in it.
func HAR(steps []*wire.Exchange, s Secrets) ([]byte, error) {
	hide := newFileRedactor(s, steps)
	file := harFile{harLog{Version: "1.2", Creator: harCreator{"OAuth Test Client", "1"}, Pages: []struct{}{}, Entries: []harEntry{},
		Comment: "Secrets, codes and tokens are redacted."}}
	for _, e := range steps {
		if e.URL != "" {
			file.Log.Entries = append(file.Log.Entries, newHAREntry(e, hide))
		}
	}
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	err := e.Encode(file)
	return out.Bytes(), err
}

func newHAREntry(e *wire.Exchange, hide *redactor) harEntry {
	took := float64(e.Took) / float64(time.Millisecond)
	comment := e.Name()
	if e.Fault != "" {
		comment += ": " + hide.text(e.Fault)
	}
	_, query, _ := strings.Cut(e.URL, "?")
	entry := harEntry{
		Started: e.Began.UTC().Format("2006-01-02T15:04:05.000Z"),
		Time:    took,
		Timings: harTimings{Wait: took},
		Comment: comment,
		Request: harRequest{Method: e.Method, URL: hide.text(e.URL), HTTPVersion: cmp.Or(e.Proto, "HTTP/1.1"), Cookies: []harPair{},
			Headers: harHeaders(e.RequestHeader, hide), Query: harParams(query, hide), HeadersSize: -1, BodySize: len(e.RequestBody)},
		Response: harResponse{Status: e.Status, StatusText: http.StatusText(e.Status), HTTPVersion: cmp.Or(e.Proto, "HTTP/1.1"), Cookies: []harPair{},
			Headers: harHeaders(e.ResponseHeader, hide), RedirectURL: hide.text(e.ResponseHeader.Get("Location")), HeadersSize: -1, BodySize: len(e.ResponseBody),
			Content: harContent{Size: len(e.ResponseBody), MimeType: hide.text(e.ResponseHeader.Get("Content-Type")), Text: hide.body(e)}},
	}
	if len(e.RequestBody) > 0 {
		entry.Request.PostData = &harPostData{MimeType: e.RequestHeader.Get("Content-Type"), Params: harParams(formOf(e), hide), Text: hide.text(e.RequestBody)}
	}
	return entry
}

func harHeaders(h wire.Header, hide *redactor) []harPair {
	list := []harPair{}
	for _, field := range showHeaders(h, hide) {
		list = append(list, harPair(field))
	}
	return list
}

// harParams reads a query or a form in its order.
func harParams(raw string, hide *redactor) []harPair {
	list := []harPair{}
	eachParameter(raw, func(name, value string) {
		list = append(list, harPair{hide.text(name), hide.parameter(name, value)})
	})
	return list
}
