package wire

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"iter"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode/utf8"
)

// Purpose is the purpose of a request, as a page names it. The step at which an error arose has the same name.
type Purpose string

// The steps of a login and the uses of its tokens. Some are not requests of ours: what the browser carries, what the user
// does elsewhere, and what we check locally.
const (
	APIAsked             Purpose = "API asked who issues its tokens"
	ResourceMetadata     Purpose = "API metadata"
	Metadata             Purpose = "metadata"
	Registration         Purpose = "client registration"
	PushedRequest        Purpose = "pushed authorization request"
	AuthorizationRequest Purpose = "authorization request"
	Consent              Purpose = "sign-in and consent"
	Response             Purpose = "authorization response"
	StolenCode           Purpose = "token request of a thief"
	ForgedResponse       Purpose = "forged authorization response"
	TokenRequest         Purpose = "token request"
	Keys                 Purpose = "keys"
	IDTokenCheck         Purpose = "ID token check"
	Refresh              Purpose = "refresh"
	Userinfo             Purpose = "userinfo"
	Introspection        Purpose = "introspection"
	Revocation           Purpose = "revocation"
	APIProbe             Purpose = "how to call the API"
	API                  Purpose = "API call"
	APIWithout           Purpose = "API call without the token"
	APIAltered           Purpose = "API call with an altered token"
	APIWithIDToken       Purpose = "API call with the ID token"
)

// Exchange is one request and its answer, byte for byte. It is complete when the request ends, and does not change after
// that.
type Exchange struct {
	Purpose        Purpose
	Method         string
	URL            string // empty for a step that is no request
	RequestHeader  Header
	RequestBody    string
	Proto          string // of the answer: HTTP/1.1 or HTTP/2.0
	Status         int    // 0 when no answer came
	ResponseHeader Header
	ResponseBody   string
	Began          time.Time
	Took           time.Duration
	CertExpires    time.Time // of the server's certificate; zero without TLS
	Fault          string    // why this step failed, in a sentence; empty when it did not
	Note           string    // a remark about a good answer; may be empty
	Try            string    // the attempt that the request belongs to; empty for a step of a user's login
}

// Name returns the purpose of the exchange, as a page shows it.
func (e *Exchange) Name() string {
	if e.Try == "" {
		return string(e.Purpose)
	}
	return strings.TrimPrefix(string(e.Purpose)+": "+e.Try, ": ")
}

// Size estimates the memory that an exchange needs, in bytes.
func (e *Exchange) Size() int {
	return 512 + len(e.URL) + len(e.RequestHeader) + len(e.RequestBody) + len(e.ResponseHeader) + len(e.ResponseBody)
}

// Failed reports whether the step is shown in red. Every step fails without an answer. Attempts of /misuse, discovery and
// attacks fail in no other way. A wrong-token call fails if the API accepts it. Any other step fails on a 4xx or 5xx, and a
// use of a token also on an error in the body.
func (e *Exchange) Failed() bool {
	if e.Try != "" {
		return e.Fault != ""
	}
	switch e.Purpose {
	case APIWithout, APIAltered, APIWithIDToken:
		return e.Fault != "" || e.Status < 400 && !e.ErrorInside()
	case API, Userinfo, Refresh, Introspection, Revocation:
		return e.Fault != "" || e.Status >= 400 || e.ErrorInside()
	case APIAsked, APIProbe, ResourceMetadata, Metadata, StolenCode, ForgedResponse:
		return e.Fault != ""
	}
	return e.Fault != "" || e.Status >= 400
}

// StatusLine returns the status as people read it, "404 Not Found", with the target of a redirect. Like Words, it is raw.
func (e *Exchange) StatusLine() string {
	text := fmt.Sprintf("%d %s", e.Status, http.StatusText(e.Status))
	if to := e.ResponseHeader.Get("Location"); to != "" && e.Status/100 == 3 {
		text += " to " + WithoutQuery(to) + ", which is not followed"
	}
	return strings.TrimSpace(text)
}

// MediaType returns the media type of the answer, in lower case and without parameters (RFC 9110 section 8.3.1).
func (e *Exchange) MediaType() string {
	mediaType, _, _ := strings.Cut(e.ResponseHeader.Get("Content-Type"), ";")
	return strings.ToLower(strings.TrimSpace(mediaType))
}

// Header is the header of a message as it went over the wire: lines of "Name: value", sorted by name. Exchanges are stored
// by the ten thousand, and the garbage collector would visit each part of an http.Header.
type Header string

// NewHeader converts a header to lines.
func NewHeader(h http.Header) Header {
	lines := bytes.NewBuffer(make([]byte, 0, 512)) // most fit
	h.Write(lines)                                 // writing to a buffer never fails
	return Header(lines.String())
}

// All yields each name with each of its values.
func (h Header) All() iter.Seq2[string, string] {
	return func(yield func(name, value string) bool) {
		for line := range strings.Lines(string(h)) {
			name, value, _ := strings.Cut(line, ":")
			if !yield(name, strings.TrimSpace(value)) {
				return
			}
		}
	}
}

// Values returns the values of a field.
func (h Header) Values(name string) []string {
	var values []string
	for n, value := range h.All() {
		if strings.EqualFold(n, name) {
			values = append(values, value)
		}
	}
	return values
}

// Get returns the first value of a field, or "".
func (h Header) Get(name string) string {
	for n, value := range h.All() {
		if strings.EqualFold(n, name) {
			return value
		}
	}
	return ""
}

// Recorder collects the exchanges of one request to us, in its context.
type Recorder struct {
	mu        sync.Mutex // guards exchanges
	exchanges []*Exchange
}

// Exchanges returns the exchanges so far, in the order in which they ended.
func (r *Recorder) Exchanges() []*Exchange {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.exchanges)
}

// Last returns the newest exchange, or nil.
func (r *Recorder) Last() *Exchange {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.exchanges) == 0 {
		return nil
	}
	return r.exchanges[len(r.exchanges)-1]
}

// Recorded returns the exchanges of the context's recorder, or none if it has none.
func Recorded(ctx context.Context) []*Exchange {
	r, ok := ctx.Value(recorderKey).(*Recorder)
	if !ok {
		return nil
	}
	return r.Exchanges()
}

// Note adds a sentence to the newest exchange of the context's recorder, if it has one.
func Note(ctx context.Context, text string) {
	revise(ctx, func(e *Exchange) { e.Note = strings.TrimSpace(e.Note + " " + text) })
}

// WasProbe marks the newest exchange of the context's recorder as one that only found out how to call an API.
func WasProbe(ctx context.Context) {
	revise(ctx, func(e *Exchange) { e.Purpose = APIProbe })
}

// revise replaces the newest exchange of the context's recorder, if it has one, by a changed copy.
func revise(ctx context.Context, change func(*Exchange)) {
	r, ok := ctx.Value(recorderKey).(*Recorder)
	if !ok {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if last := len(r.exchanges) - 1; last >= 0 {
		revised := *r.exchanges[last]
		change(&revised)
		r.exchanges[last] = &revised
	}
}

func (r *Recorder) add(e *Exchange) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.exchanges = append(r.exchanges, e)
}

type contextKey int

const (
	recorderKey contextKey = iota
	purposeKey
	tryKey
)

// Record returns the context with its recorder, or with a new one if it has none.
func Record(ctx context.Context) (context.Context, *Recorder) {
	if r, ok := ctx.Value(recorderKey).(*Recorder); ok {
		return ctx, r
	}
	return RecordApart(ctx)
}

// RecordApart returns the context with its own recorder, for work that several requests to us share.
func RecordApart(ctx context.Context) (context.Context, *Recorder) {
	r := new(Recorder)
	return context.WithValue(ctx, recorderKey, r), r
}

// Keep adds exchanges from RecordApart to the context's recorder, if it has one.
func Keep(ctx context.Context, recorded []*Exchange) {
	if r, ok := ctx.Value(recorderKey).(*Recorder); ok {
		for _, e := range recorded {
			r.add(e)
		}
	}
}

// For sets the purpose of the requests in the context.
func For(ctx context.Context, p Purpose) context.Context {
	return context.WithValue(ctx, purposeKey, p)
}

// WhichSetting is the attempt that asks, after a failed login, which setting is wrong.
const WhichSetting = "which setting is wrong?"

// ForTry sets the attempt that the requests in the context belong to.
func ForTry(ctx context.Context, what string) context.Context {
	return context.WithValue(ctx, tryKey, what)
}

const inventedPrefix = "invented-"

// Invented returns a value that no server has issued.
func Invented() string { return inventedPrefix + rand.Text() }

// IsInvented reports whether Invented returned a value.
func IsInvented(value string) bool { return strings.HasPrefix(value, inventedPrefix) }

// Challenge is one challenge of a WWW-Authenticate header (RFC 9110 section 11.6.1).
type Challenge struct {
	Scheme string            `json:"scheme"`
	Params map[string]string `json:"params,omitempty"`
}

// Challenges returns the challenges in all WWW-Authenticate headers of the answer.
func (e *Exchange) Challenges() []Challenge {
	var list []Challenge
	for _, value := range e.ResponseHeader.Values("WWW-Authenticate") {
		list = append(list, ParseChallenges(value)...)
	}
	return list
}

// ParseChallenges parses a WWW-Authenticate header as far as possible.
func ParseChallenges(s string) []Challenge {
	const most = 4096
	s = s[:min(len(s), most)]
	var list []Challenge
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
		list = append(list, Challenge{word, map[string]string{}})
		s = rest
	}
	return list
}

// parseParam parses what follows a parameter's name: "=" and a token or a quoted string.
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
			return Visible(out.String()), s[i+1:], true
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

// leadingToken returns the token at the beginning of s (RFC 9110 section 5.6.2). It also accepts the characters of URLs,
// which servers forget to quote.
func leadingToken(s string) string {
	for i, r := range s {
		if r >= utf8.RuneSelf || r <= ' ' || strings.ContainsRune(`",=;()<>[]{}@\`, r) {
			return s[:i]
		}
	}
	return s
}
