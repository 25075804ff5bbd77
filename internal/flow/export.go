package flow

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"

	"oauth-test-client/internal/redact"
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

// HAR returns a flow as a HAR file for a bug report, without secrets, codes and tokens. Steps that are not requests, such
// as the user's, are left out.
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

// harParams reads a query or a form, in order.
func harParams(raw string, hide *redactor) []harPair {
	list := []harPair{}
	eachParameter(raw, func(name, value string) {
		list = append(list, harPair{hide.text(name), hide.parameter(name, value)})
	})
	return list
}

// Markdown returns a flow for an issue or a chat: the verdict, the diagram in Mermaid, and the steps. It contains no
// secret: the values that can be followed appear only by name.
func Markdown(steps []*wire.Exchange, s Secrets) string {
	hide := newFileRedactor(s, steps)
	tell := newTeller(steps, hide)
	var out strings.Builder
	fmt.Fprintf(&out, "# %s\n\n```mermaid\n%s```\n\n", verdict(steps, hide), mermaid(steps, tell))
	for i, e := range steps {
		fmt.Fprintf(&out, "%d. **%s**", i+1, e.Name())
		if e.URL != "" {
			out.WriteString(" " + code(e.Method+" "+hide.text(wire.WithoutQuery(e.URL))))
		}
		if o := outcome(e); o != "" {
			out.WriteString(": " + o)
		}
		if e.Fault != "" {
			out.WriteString(". " + code(hide.text(e.Fault)))
		}
		if e.Note != "" {
			out.WriteString(". " + code(hide.text(e.Note)))
		}
		out.WriteString("\n")
	}
	out.WriteString("\n")
	for _, l := range legend {
		fmt.Fprintf(&out, "%s %s  \n", l.Mark.Sign(), l.Words)
	}
	out.WriteString("\nSecrets, codes and tokens are left out.\n")
	return out.String()
}

// verdict says in one line how a flow ended.
func verdict(steps []*wire.Exchange, hide *redactor) string {
	login := false
	for i, e := range steps {
		login = login || e.Purpose == wire.TokenRequest && !e.Failed()
		if !e.Failed() || e.Purpose == wire.Consent || e.Status == 0 && e.Fault == "" {
			continue
		}
		why := outcome(e)
		if e.Fault != "" {
			why = code(hide.text(e.Fault))
		}
		failed := fmt.Sprintf("tep %d, %s, failed: %s", i+1, e.Purpose, why)
		if login && e.Purpose != wire.IDTokenCheck && e.Purpose != wire.Keys {
			return "The login works. S" + failed
		}
		return "The login failed. S" + failed
	}
	return "The login works"
}

// mermaid returns the flow as a sequence diagram (https://mermaid.js.org/syntax/sequenceDiagram.html).
func mermaid(steps []*wire.Exchange, tell *teller) string {
	var out strings.Builder
	out.WriteString("sequenceDiagram\n")
	for i, name := range partyNames[:theThief] {
		fmt.Fprintf(&out, "  participant %s as %s\n", mermaidNames[i], name)
	}
	front := false
	for i, e := range steps {
		if f := isFront(e.Purpose); i == 0 || f != front {
			if i > 0 {
				out.WriteString("  end\n")
			}
			front = f
			out.WriteString(bandStart(front))
		}
		for j, l := range tell.lines(e, false) {
			words := l.words
			if j == 0 {
				words = fmt.Sprintf("%d %s", i+1, words)
			}
			for _, v := range l.values {
				words += " " + v.String()
			}
			out.WriteString(mermaidLine(l, words))
		}
	}
	if len(steps) > 0 {
		out.WriteString("  end\n")
	}
	return out.String()
}

var mermaidNames = []string{"B", "C", "S", "A", "T"}

// bandStart opens a tinted band. Mermaid bands have no title, so a note has it.
func bandStart(front bool) string {
	if front {
		return "  rect rgba(79, 70, 229, 0.10)\n    Note over B,S: browser traffic\n"
	}
	return "  rect rgba(21, 113, 63, 0.10)\n    Note over C,A: server to server\n"
}

func mermaidLine(l line, words string) string {
	from, to := mermaidNames[l.from], mermaidNames[l.to]
	if l.from == l.to {
		return fmt.Sprintf("    Note over %s: %s\n", from, label(words))
	}
	arrow := "->>"
	switch {
	case l.both:
		arrow = "<<->>"
	case l.answer:
		arrow = "-->>"
	}
	text := fmt.Sprintf("    %s%s%s: %s\n", from, arrow, to, label(words))
	if l.found != "" {
		text += fmt.Sprintf("    Note over %s: %s\n", to, label(l.found))
	}
	return text
}

// label returns a text from outside as the label of an arrow. Mermaid has numeric codes for characters. This encodes every
// character except letters, digits and a few safe signs, so that none can start or end anything there.
func label(s string) string {
	var out strings.Builder
	for _, r := range wire.Clip(s, 200) {
		if unicode.IsLetter(r) || unicode.IsDigit(r) || strings.ContainsRune(labelSigns, r) {
			out.WriteRune(r)
		} else {
			fmt.Fprintf(&out, "#%d;", r)
		}
	}
	return out.String()
}

const labelSigns = " ,._-/=…✓●◆▲■★"

// code returns a text from outside as a Markdown code span, the only place where no character has a meaning. Elsewhere,
// a site that shows the text makes links of what looks like an address, a user, an issue or a commit, even if it is
// escaped.
func code(s string) string {
	return "`" + strings.ReplaceAll(wire.Clip(s, 500), "`", "'") + "`"
}

// curl returns a request as a command to paste into a shell. A variable stands for the client secret ("$CLIENT_SECRET")
// and, unless they are shown whole, for the tokens ("$ACCESS_TOKEN" and the like). It returns "" for an address that is
// too long for a command line.
func curl(e *wire.Exchange, s Secrets, hide *redactor) string {
	if len(e.URL) > 8000 {
		return ""
	}
	var lines []string
	address := shellQuote(hide.text(e.URL)) // the callback's address contains the server's words
	line := "curl -sSi " + address
	if e.Method != http.MethodGet {
		line = "curl -sSi -X " + e.Method + " " + address
	}
	lines = append(lines, line)
	if accept := e.RequestHeader.Get("Accept"); accept != "" {
		lines = append(lines, "-H "+shellQuote("Accept: "+accept))
	}
	scheme, credentials, _ := strings.Cut(e.RequestHeader.Get("Authorization"), " ")
	switch {
	case strings.EqualFold(scheme, "Basic"):
		lines = append(lines, "-u "+basicArgument(scheme+" "+credentials, s))
	case strings.EqualFold(scheme, "Bearer"):
		lines = append(lines, "-H "+hide.shell("Authorization: Bearer ", credentials))
	}
	if e.RequestBody != formOf(e) {
		for _, name := range []string{"Content-Type", "MCP-Protocol-Version", "Mcp-Method", "Mcp-Name"} {
			if value := e.RequestHeader.Get(name); value != "" {
				lines = append(lines, "-H "+shellQuote(name+": "+hide.text(value)))
			}
		}
		lines = append(lines, "--data-raw "+shellQuote(hide.text(e.RequestBody)))
	}
	eachParameter(formOf(e), func(name, value string) {
		if name == "client_secret" {
			lines = append(lines, `--data-urlencode "client_secret=`+s.variableOf(value)+`"`)
			return
		}
		lines = append(lines, "--data-urlencode "+hide.shell(name+"=", value))
	})
	return strings.Join(lines, " \\\n  ")
}

var unreserved = regexp.MustCompile(`^[A-Za-z0-9._~-]*$`)

// basicArgument returns the client for curl's -u. A secret with special characters is form-encoded first (RFC 6749 section
// 2.3.1). The command encodes every byte, with tools that every system has.
func basicArgument(authorization string, s Secrets) string {
	client := s.Client
	if sent := redact.FromBasic(authorization); slices.Contains(sent, s.Other) {
		client = s.Other
	}
	id, variable := shellQuote(url.QueryEscape(client.ID)+":"), s.variableOf(client.Secret)
	if unreserved.MatchString(client.Secret) {
		return id + `"` + variable + `"`
	}
	return id + `"$(printf %s "` + variable + `" | od -An -v -tx1 | tr -d ' \n' | sed 's/../%&/g')"`
}

// shell quotes a prefix and a value, with the variable in place of a token.
func (r *redactor) shell(prefix, value string) string {
	if name := r.tokens[value]; name != "" && !r.full {
		return `"` + prefix + "$" + name + `"`
	}
	return shellQuote(prefix + value)
}

// shellQuote quotes a text as one word of any POSIX shell.
func shellQuote(s string) string {
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
