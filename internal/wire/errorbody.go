package wire

import (
	"bytes"
	"cmp"
	"encoding/json"
	"iter"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Refusal holds an answer's refusal, in whatever form the server writes it: as in RFC 6749 section 5.2, as an error
// object or a list of them, a problem document (RFC 9457), a JSON-RPC error, a form, a page or a line of text. The
// texts are raw: sanitize and shorten them before you show them.
type Refusal struct {
	Format  Format
	Code    string   // the error code: OAuth's, or one of the server's own
	Words   string   // the sentence about it: the error_description, or what stands in its place
	Hint    string   // what the server adds to that: error_hint, hint, reason
	Field   string   // the parameter that it names as the one at fault
	URI     string   // error_uri
	Status  int      // the status that the body repeats; 0 for none
	Details []string // further sentences: of errors inside the error, the title of a page
	Text    string   // all that a person would read in a page or a text
}

// Format is the format of an answer's body.
type Format string

// The formats that are recognized. Anything else counts as text, such as XML and invalid JSON.
const (
	FormatNone Format = "" // there is no body
	FormatJSON Format = "JSON"
	FormatForm Format = "form"
	FormatPage Format = "HTML" // the whole answer is a page
	FormatText Format = "text"
)

// Refusal reads the answer as a refusal. Whether it is one depends on its status, or on ErrorInside. What the body omits
// comes from the challenge (RFC 6750 section 3).
func (e *Exchange) Refusal() Refusal {
	r := e.readRefusal()
	for _, challenge := range e.Challenges() {
		if r.Code == "" && r.Words == "" && challenge.Params["error"] != "" {
			r.Code, r.Words, r.URI = challenge.Params["error"], challenge.Params["error_description"], challenge.Params["error_uri"]
		}
	}
	return r
}

func (e *Exchange) readRefusal() Refusal {
	body := strings.TrimSpace(strings.TrimPrefix(e.JSONMessage(), "\ufeff"))
	switch {
	case body == "":
		return Refusal{}
	case (body[0] == '{' || body[0] == '[') && json.Valid([]byte(body)): // whatever its content type
		reader := errorReader{Refusal: Refusal{Format: FormatJSON}, status: e.Status}
		reader.read([]byte(body), 0)
		reader.Words = cmp.Or(reader.Words, reader.Hint)
		return reader.Refusal
	case e.isForm(body):
		return e.readForm(body)
	case e.isPage(body):
		p := readPage(body)
		r := Refusal{Format: FormatPage, Words: p.said, Text: p.text}
		if p.title != "" {
			r.Details = []string{p.title}
		}
		return r
	case body[0] == '<': // XML
		body = readPage(body).text
	}
	text := oneLine(body)
	return Refusal{Format: FormatText, Words: text, Text: text}
}

// isForm reports whether the answer is a form: by its media type, or by an error in it, as some servers send a form as
// text.
func (e *Exchange) isForm(body string) bool {
	hasError := strings.HasPrefix(body, "error=") || strings.Contains(body, "&error=")
	return e.MediaType() == "application/x-www-form-urlencoded" && body[0] != '<' || hasError && !strings.ContainsAny(body, " \n<{")
}

// readForm reads the members of a form like those of a JSON object.
func (e *Exchange) readForm(body string) Refusal {
	reader := errorReader{Refusal: Refusal{Format: FormatForm}, status: e.Status}
	form, err := url.ParseQuery(body)
	if err != nil || len(form) > maxMembers {
		return reader.Refusal
	}
	members := map[string]json.RawMessage{}
	for name := range form {
		members[name], _ = json.Marshal(form.Get(name)) // a string always can
	}
	reader.object(members, 0)
	reader.Words = cmp.Or(reader.Words, reader.Hint)
	return reader.Refusal
}

// isPage reports whether the answer is an HTML page: by its beginning, or by its media type.
func (e *Exchange) isPage(body string) bool {
	start := strings.ToLower(body[:min(len(body), 1000)])
	mediaType := e.MediaType()
	switch {
	case strings.HasPrefix(start, "<?xml"):
		return strings.Contains(start, "<html")
	case strings.HasSuffix(mediaType, "/xml"), strings.HasSuffix(mediaType, "+xml") && mediaType != "application/xhtml+xml":
		return false
	case strings.HasPrefix(start, "<"), strings.Contains(start, "<html"):
		return true
	}
	return mediaType == "text/html" && aTag.MatchString(start)
}

var aTag = regexp.MustCompile(`</?[a-z!]`)

// errorReader reads the members that servers use for an error: first those of the object itself, then those of the errors
// inside it.
type errorReader struct {
	Refusal
	status int // of the answer
}

// The limits for an error object: the depth, the elements of a list, and the additional sentences that are kept.
const (
	maxErrorLevels = 4
	maxErrors      = 20
	maxDetails     = 20
	maxDetail      = 2000 // bytes of one
	maxCode        = 200
)

// The members in which servers write a refusal, in lower case, the standard ones first: errorCode is errorcode here.
var (
	codeNames = []string{"error", "error_code", "errorcode", "errcode", "code", "ret", "error_type", "errortype"}
	typeNames = []string{"type", "__type"}
	wordNames = []string{"error_description", "errordescription", "message", "msg", "error_message", "errormessage", "error_msg", "errmsg", "errorsummary",
		"detail", "title", "error_verbose", "description", "faultstring"}
	hintNames  = []string{"error_hint", "errorhint", "hint", "reason", "error_reason", "error_detail", "error_debug"}
	fieldNames = []string{"field", "param", "parameter", "loc"}
	innerNames = []string{"error", "errors", "error_description", "detail", "details", "extensions", "fault", "error_response", "errorcauses", "invalid-params",
		"invalid_params"}
)

// read reads a JSON value with an error: an object, a sentence, or a list of these.
func (r *errorReader) read(value json.RawMessage, level int) {
	if level > maxErrorLevels || len(value) == 0 {
		return
	}
	switch value[0] {
	case '{':
		var document map[string]json.RawMessage
		if !hasManyMembers(value) && json.Unmarshal(value, &document) == nil {
			r.object(document, level)
		}
	case '[':
		for element := range elements(value, maxErrors) {
			r.read(element, level+1)
		}
	case '"':
		r.say(stringIn(value))
	}
}

// hasManyMembers reports whether an object in valid JSON has more members than are read. It is called before they are
// put into a map, as a large map costs more for each member.
func hasManyMembers(object json.RawMessage) bool {
	depth, members := 0, 1
	for i := 0; i < len(object); i++ {
		switch object[i] {
		case '"':
			for i++; i < len(object) && object[i] != '"'; i++ {
				if object[i] == '\\' {
					i++
				}
			}
		case '{', '[':
			depth++
		case '}', ']':
			depth--
		case ',':
			if depth != 1 {
				continue
			}
			if members++; members > maxMembers {
				return true
			}
		}
	}
	return false
}

// object reads the members of an error, then those of the errors inside it.
func (r *errorReader) object(document map[string]json.RawMessage, level int) {
	members := smallNames(document)
	for _, name := range []string{"status", "status_code", "statuscode"} {
		r.readStatus(members[name])
	}
	var named []string
	for _, name := range codeNames {
		if sentence := r.readCode(members[name], name); sentence != "" {
			named = append(named, sentence)
		}
	}
	if text := stringIn(members["status"]); r.isStatusCode(text) {
		r.Code = cmp.Or(r.Code, text)
	}
	for _, name := range wordNames {
		r.say(sentenceIn(members[name]))
	}
	for _, sentence := range named {
		r.say(sentence)
	}
	for _, name := range hintNames {
		r.hint(sentenceIn(members[name]))
	}
	for _, name := range fieldNames {
		r.Field = cmp.Or(r.Field, lastStringIn(members[name]))
	}
	r.URI = cmp.Or(r.URI, stringIn(members["error_uri"]))
	for _, name := range innerNames {
		if inner := members[name]; len(inner) > 0 && inner[0] != '"' && (sentenceIn(inner) == "" || !slices.Contains(wordNames, name)) {
			r.read(inner, level+1)
		}
	}
	r.readFields(members["errors"])
	if level == 0 && r.status >= 400 && r.Code == "" && r.Words == "" && r.Hint == "" { // {"client_id": ["is invalid"]}
		lists := maps.Clone(document)
		maps.DeleteFunc(lists, func(_ string, value json.RawMessage) bool { return len(value) == 0 || value[0] != '[' }) // a string may be what was sent
		r.readFieldsOf(lists)
	}
	r.readTool(members["result"])
	for _, name := range typeNames {
		if kind := stringIn(members[name]); r.Words != "" && kind != "error" && isCode(kind) && !strings.ContainsAny(kind, ":/") {
			r.Code = cmp.Or(r.Code, kind)
		}
	}
}

// say adds a sentence: as the words, or as a detail.
func (r *errorReader) say(sentence string) {
	if r.Words == "" {
		r.Words = sentence
		return
	}
	r.add(sentence)
}

// hint adds a sentence that a server sends besides its words.
func (r *errorReader) hint(sentence string) {
	if r.Hint == "" {
		r.Hint = sentence
		return
	}
	r.add(sentence)
}

func (r *errorReader) add(sentence string) {
	if sentence == "" || sentence == r.Words || sentence == r.Hint || len(sentence) > maxDetail || len(r.Details) == maxDetails {
		return
	}
	if !slices.Contains(r.Details, sentence) {
		r.Details = append(r.Details, sentence)
	}
}

// readCode reads a member with a code, and returns the sentence if it contains one instead. A number may be a status
// (Reddit). The name of a status counts as a sentence (Spring).
func (r *errorReader) readCode(value json.RawMessage, name string) (sentence string) {
	text := stringIn(value)
	switch {
	case text != "" && (!isCode(text) || text == http.StatusText(r.status) || text == http.StatusText(r.Status)):
		return text
	case text != "" && !slices.Contains(noError, strings.ToLower(text)):
		r.Code = cmp.Or(r.Code, text)
	case isNumber(value) && !r.readStatus(value) && name != "error" && string(value) != "0":
		r.Code = cmp.Or(r.Code, string(value))
	}
	return ""
}

// isStatusCode reports whether a status is an error code of the server's own, such as HubSpot's BAD_CLIENT_SECRET: it
// has several words, and isn't the name of an HTTP status (Spring).
func (r *errorReader) isStatusCode(text string) bool {
	words := strings.ReplaceAll(text, "_", " ")
	return isCode(text) && words != text && !strings.EqualFold(words, http.StatusText(r.status)) && !strings.EqualFold(words, http.StatusText(r.Status))
}

// noError lists codes of answers that are not a refusal.
var noError = []string{"0", "00000", "ok", "success"}

// readStatus reads a number if it is the answer's status, or any 4xx or 5xx, and reports whether it is one.
func (r *errorReader) readStatus(value json.RawMessage) bool {
	n, err := strconv.Atoi(string(value))
	if err != nil || n != r.status && n/100 != 4 && n/100 != 5 {
		return false
	}
	r.Status = cmp.Or(r.Status, n)
	return true
}

// readFields reads errors that are listed by parameter: {"errors": {"redirect_uri": ["is invalid"]}}.
func (r *errorReader) readFields(value json.RawMessage) {
	var byField map[string]json.RawMessage
	if json.Unmarshal(value, &byField) == nil {
		r.readFieldsOf(byField)
	}
}

func (r *errorReader) readFieldsOf(byField map[string]json.RawMessage) {
	if len(byField) > maxErrors {
		return
	}
	for _, field := range slices.Sorted(maps.Keys(byField)) {
		text := sentenceIn(byField[field])
		if text == "" || slices.Contains(slices.Concat(codeNames, wordNames, hintNames, fieldNames, typeNames), strings.ToLower(field)) {
			continue
		}
		r.Field = cmp.Or(r.Field, field)
		r.say(field + ": " + text)
	}
}

// readTool reads the result of an MCP tool that failed.
func (r *errorReader) readTool(value json.RawMessage) {
	var result struct {
		IsError bool `json:"isError"`
		Content []struct{ Text string }
	}
	if json.Unmarshal(value, &result) != nil || !result.IsError {
		return
	}
	for _, content := range result.Content[:min(len(result.Content), maxErrors)] {
		r.say(content.Text)
	}
}

// smallNames returns members with their names in lower case, as some servers write Error, or errorCode. Of two, the one
// that was in lower case counts.
func smallNames(document map[string]json.RawMessage) map[string]json.RawMessage {
	members := make(map[string]json.RawMessage, len(document))
	for _, name := range slices.Sorted(maps.Keys(document)) { // capitals come first
		members[strings.ToLower(name)] = document[name]
	}
	return members
}

// isCode reports whether a text may be a code: a single word.
func isCode(text string) bool {
	return text != "" && len(text) <= maxCode && !strings.ContainsAny(text, " \t\r\n")
}

// isNumber reports whether a JSON value is a number.
func isNumber(value json.RawMessage) bool {
	return len(value) > 0 && (value[0] == '-' || value[0] >= '0' && value[0] <= '9')
}

// stringIn returns a JSON string, or "".
func stringIn(value json.RawMessage) (text string) {
	if len(value) > 0 && value[0] == '"' {
		json.Unmarshal(value, &text) // it is valid
	}
	return text
}

// sentenceIn returns a JSON string, or the joined strings of a list, or "".
func sentenceIn(value json.RawMessage) string {
	var list []string
	if len(value) > 0 && value[0] == '[' && len(value) < maxDetail && json.Unmarshal(value, &list) == nil {
		return strings.Join(list, "; ")
	}
	return stringIn(value)
}

// lastStringIn returns a JSON string, or the last string of a list: {"loc": ["body", "client_id"]}.
func lastStringIn(value json.RawMessage) (text string) {
	var list []json.RawMessage
	if len(value) == 0 || value[0] != '[' || len(value) > maxDetail {
		return stringIn(value)
	}
	json.Unmarshal(value, &list) // it is valid
	for _, element := range list {
		text = cmp.Or(stringIn(element), text)
	}
	return text
}

// Sentence returns the answer's message for people: its words or, if these fit many causes, its hint.
func (r Refusal) Sentence() string {
	if r.Hint != "" && strings.TrimSpace(fitsMany(r.Words)) == "" {
		return r.Hint
	}
	return cmp.Or(r.Words, r.Hint)
}

// All returns all texts of the answer, for comparing two answers, or for searching.
func (r Refusal) All() string {
	texts := append([]string{r.Code, r.Words}, r.Details...)
	for _, text := range []string{r.Hint, r.Field, r.Text} {
		if text != r.Words {
			texts = append(texts, text)
		}
	}
	return strings.Join(slices.DeleteFunc(texts, func(text string) bool { return text == "" }), "; ")
}

// Specific returns the beginning of All in lower case, without the sentences that name many causes at once. What remains
// tells which cause it is.
func (r Refusal) Specific() string {
	all := r.All()
	return fitsMany(all[:min(len(all), maxText)])
}

// manyCauses matches the sentences of RFC 6749 sections 4.1.2.1 and 5.2 for invalid_request, invalid_client and
// invalid_grant, also as Doorkeeper writes them. Many servers send them for any cause.
var manyCauses = regexp.MustCompile(`the request is missing a required parameter,[^.]*otherwise malformed\.?` +
	`|client authentication failed (?:\(e\.g\.,? |due to )unknown client,[^.)]*unsupported[^.)]*method\)?\.?` +
	`|the provided (?:authorization )?(?:access )?grant (?:\(e\.g\.[^)]*\) )?(?:or refresh token )?is invalid, expired, revoked,[^.]*another client\.?`)

// fitsMany removes those sentences from a text, and returns the rest in lower case.
func fitsMany(text string) string {
	return manyCauses.ReplaceAllString(strings.ToLower(strings.Join(strings.Fields(text), " ")), "")
}

// Words returns the readable text of the answer, in one line. It is raw: remove secrets before you make it visible or
// shorten it.
func (e *Exchange) Words() string {
	r := e.Refusal()
	return cmp.Or(r.Words, r.Code, oneLine(e.ResponseBody))
}

// JSONMessage returns the JSON of an answer's body: all of it or, from an event stream as APIs that speak MCP send it, the
// data of the event that answers the request, else of the last event.
func (e *Exchange) JSONMessage() string {
	if e.MediaType() != "text/event-stream" {
		return e.ResponseBody
	}
	message := e.ResponseBody
	for data := range events(e.ResponseBody) {
		var answer struct{ Result, Error json.RawMessage }
		message = data
		mayAnswer := strings.Contains(data, `"result"`) || strings.Contains(data, `"error"`) // the others are not worth parsing
		if mayAnswer && json.Unmarshal([]byte(data), &answer) == nil && (answer.Result != nil || answer.Error != nil) {
			break
		}
	}
	return message
}

// events yields the data of each event in a stream, if it has any (HTML, section 9.2.6).
func events(stream string) iter.Seq[string] {
	return func(yield func(string) bool) {
		var data []string
		stream = strings.TrimPrefix(strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(stream), "\ufeff")
		for line := range strings.SplitSeq(stream+"\n\n", "\n") { // the last event may have no end yet
			if text, ok := strings.CutPrefix(line, "data:"); ok {
				data = append(data, strings.TrimPrefix(text, " "))
			} else if line == "" && len(data) > 0 {
				if !yield(strings.Join(data, "\n")) {
					return
				}
				data = data[:0]
			}
		}
	}
}

// ErrorInside reports whether an answer with a success status says in its body that the call failed: by a JSON-RPC
// error, alone or in a batch (sections 5 and 6), by a failed result of an MCP tool, or by an error of the API's own, in
// JSON or in a form. Such an answer does not show that a token is valid.
func (e *Exchange) ErrorInside() bool {
	if e.Status/100 != 2 {
		return false
	}
	if e.MediaType() == "application/x-www-form-urlencoded" {
		form, _ := url.ParseQuery(e.ResponseBody)
		return form.Get("error") != ""
	}
	message := []byte(e.JSONMessage())
	return saysFailed(message) || json.Valid(message) && batchFailed(message)
}

// maxBatch is the number of messages of a batch that are read. A single request gets a single answer.
const maxBatch = 1000

// batchFailed reports whether a message in a batch says that its call failed. The batch is valid JSON.
func batchFailed(batch []byte) bool {
	for one := range elements(batch, maxBatch) {
		if isRPC(one) && saysFailed(one) {
			return true
		}
	}
	return false
}

// elements yields the first elements of a list in valid JSON, without reading the rest. It yields none for any other value.
func elements(list []byte, most int) iter.Seq[json.RawMessage] {
	return func(yield func(json.RawMessage) bool) {
		decoder := json.NewDecoder(bytes.NewReader(list))
		if start, err := decoder.Token(); err != nil || start != json.Delim('[') {
			return
		}
		for n := 0; n < most && decoder.More(); n++ {
			var one json.RawMessage
			if decoder.Decode(&one) != nil || !yield(one) {
				return
			}
		}
	}
}

// Succeeded reports whether the status is a success and the body has no error.
func (e *Exchange) Succeeded() bool { return e.Status/100 == 2 && !e.ErrorInside() }

// SpeaksRPC reports whether an answer is a JSON-RPC message, whatever its status.
func (e *Exchange) SpeaksRPC() bool { return isRPC([]byte(e.JSONMessage())) }

func isRPC(message []byte) bool {
	var m struct{ JSONRPC string }
	return json.Unmarshal(message, &m) == nil && m.JSONRPC != ""
}

func saysFailed(message []byte) bool {
	var answer struct {
		Error, Errors, Result json.RawMessage
		ErrCode               json.RawMessage // WeChat's
		OK, Success           json.RawMessage // Slack's and Fitbit's
	}
	if json.Unmarshal(message, &answer) != nil {
		return false
	}
	var result struct {
		IsError bool `json:"isError"`
	}
	failedTool := json.Unmarshal(answer.Result, &result) == nil && result.IsError
	return failedTool || string(answer.OK) == "false" || string(answer.Success) == "false" ||
		says(answer.Error) || says(answer.Errors) || says(answer.ErrCode)
}

// says reports whether a JSON value is not empty. Many APIs send an empty error with each success, and some write it
// with a space inside: [ ].
func says(raw json.RawMessage) bool {
	switch strings.Join(strings.Fields(string(raw)), "") {
	case "", "null", "false", "0", `""`, "[]", "{}":
		return false
	}
	return true
}
