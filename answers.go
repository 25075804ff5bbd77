package main

import (
	"encoding/json"
	"net/http"
	"oauth-test-client/internal/wire"
	"strings"
	"unicode/utf8"
)

// answerView is a server's answer as it was sent, as far as it matters.
type answerView struct {
	Kind       string // which token it is about, when there are several; else empty
	Request    string
	Status     int
	StatusText string
	Headers    []header
	Challenges []challenge
	Body       string // JSON indented
	Duration   string
	Note       string // ours
	Changes    []change
	raw        string
}

// shownHeaders are the ones that matter to whoever tests a token.
var shownHeaders = []string{"Content-Type", "WWW-Authenticate", "Cache-Control", "Retry-After"}

// answerOf prepares an exchange to be shown, without the client secret.
func (s *server) answerOf(kind string, e *wire.Exchange) answerView {
	raw := s.provider.hide.Replace(e.ResponseBody)
	v := answerView{Kind: kind, Request: e.Method + " " + e.URL, Status: e.Status, StatusText: http.StatusText(e.Status),
		Body: clipBody(pretty(raw)), Duration: showDuration(e.Took), raw: raw}
	for _, name := range shownHeaders {
		for _, value := range e.ResponseHeader.Values(name) {
			v.Headers = append(v.Headers, header{name, s.provider.hide.Replace(wire.Clip(value, 1000))})
		}
	}
	for _, value := range e.ResponseHeader.Values("WWW-Authenticate") {
		v.Challenges = append(v.Challenges, parseChallenges(s.provider.hide.Replace(value))...)
	}
	return v
}

// MarshalJSON writes the answer for programs: the server's status in a field, its body as it is.
func (v answerView) MarshalJSON() ([]byte, error) {
	headers := map[string]string{}
	for _, h := range v.Headers {
		headers[h.Name] = h.Value
	}
	var body any = json.RawMessage(v.raw)
	if !json.Valid([]byte(v.raw)) {
		body = strings.ToValidUTF8(v.raw, "\uFFFD")
	}
	return json.Marshal(struct {
		Request    string            `json:"request"`
		Status     int               `json:"status"`
		Headers    map[string]string `json:"headers"`
		Challenges []challenge       `json:"www_authenticate,omitempty"`
		Body       any               `json:"body"`
		Note       string            `json:"note,omitempty"`
		Changes    []change          `json:"changes,omitempty"`
	}{v.Request, v.Status, headers, v.Challenges, body, v.Note, v.Changes})
}

// answersPage is the data of answers.html.
type answersPage struct {
	page
	Heading string
	Answers []answerView
}

// showAnswers answers with what the server said: one answer as it is, several by their kind.
func (s *server) showAnswers(w http.ResponseWriter, r *http.Request, heading string, answers ...answerView) error {
	var document any = answers[0]
	if answers[0].Kind != "" {
		byKind := map[string]answerView{}
		for _, v := range answers {
			byKind[v.Kind] = v
		}
		document = byKind
	}
	body, err := marshal(document)
	if err != nil {
		return err
	}
	return s.respond(w, r, http.StatusOK, "answers.html", answersPage{s.page(heading), heading, answers}, body)
}

// challenge is one challenge of a WWW-Authenticate header (RFC 9110 section 11.6.1).
type challenge struct {
	Scheme string            `json:"scheme"`
	Params map[string]string `json:"params,omitempty"`
}

// parseChallenges reads a WWW-Authenticate header as far as it can be read.
func parseChallenges(s string) []challenge {
	const most = 4096
	s = s[:min(len(s), most)]
	var list []challenge
	for s = strings.TrimLeft(s, " \t,"); s != ""; s = strings.TrimLeft(s, " \t,") {
		word := leadingToken(s)
		if word == "" {
			break
		}
		rest := strings.TrimLeft(s[len(word):], " \t")
		if value, after, ok := parseParam(rest); ok && len(list) > 0 {
			params := list[len(list)-1].Params
			if _, twice := params[strings.ToLower(word)]; !twice {
				params[strings.ToLower(word)] = value
			}
			s = after
			continue
		}
		list = append(list, challenge{word, map[string]string{}})
		s = rest
	}
	return list
}

// parseParam reads what follows a parameter's name: "=" and a token or a quoted string.
func parseParam(s string) (value, rest string, ok bool) {
	s, ok = strings.CutPrefix(s, "=")
	if !ok {
		return "", s, false
	}
	s = strings.TrimLeft(s, " \t")
	if !strings.HasPrefix(s, `"`) {
		value = leadingToken(s)
		return value, s[len(value):], value != ""
	}
	var out strings.Builder
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case '"':
			return wire.Visible(out.String()), s[i+1:], true
		case '\\':
			if i++; i < len(s) {
				out.WriteByte(s[i])
			}
		default:
			out.WriteByte(s[i])
		}
	}
	return "", "", false
}

// leadingToken is the token at the beginning of s (RFC 9110 section 5.6.2), with the characters of
// URLs, which servers forget to quote.
func leadingToken(s string) string {
	for i, r := range s {
		if r >= utf8.RuneSelf || r <= ' ' || strings.ContainsRune(`",=;()<>[]{}@\`, r) {
			return s[:i]
		}
	}
	return s
}
