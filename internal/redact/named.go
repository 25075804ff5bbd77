package redact

import (
	"slices"
	"strings"
)

// eachNamed visits the values that a text names as secrets. It reads the text once, and doesn't parse any language: names,
// and the ends of values, are alike in most of them.
func eachNamed(text string, isSecret func(name string) bool, visit func(from, to int)) {
	r := namedReader{text: text, isSecret: isSecret, visit: visit, objects: make([]pair, 1, 8)}
	for i := 0; i < len(text); {
		if !isNameByte(text[i]) {
			i += r.readSign(i)
			continue
		}
		begin := i
		for i < len(text) && isNameByte(text[i]) {
			i++
		}
		i = r.readName(begin, i)
	}
}

// namedReader reads a text from one name to the next.
type namedReader struct {
	text     string
	isSecret func(name string) bool
	visit    func(from, to int)
	objects  []pair // what was read of the object that is open, and of those around it
	tag      pair   // and of the tag
	inTag    bool
	seen     int // the end of the last element that was visited whole
	unclosed int // elements without an end
}

// pair is a name and a value that are separate members or attributes: {"name": "api_key", "value": …
type pair struct {
	named    bool // as a secret
	from, to int  // the value, which may come first
}

var (
	pairNames  = []string{"name", "id", "key", "header", "field", "param", "parameter", "property"}
	pairValues = []string{"value", "content", "val"}
)

func (r *namedReader) pair() *pair {
	if r.inTag {
		return &r.tag
	}
	return &r.objects[len(r.objects)-1]
}

// readSign reads a character that belongs to no name, and returns its length.
func (r *namedReader) readSign(i int) int {
	switch r.text[i] {
	case '{':
		r.inTag = false
		if len(r.objects) <= maxLevels {
			r.objects = append(r.objects, pair{})
		}
	case '}':
		r.inTag = false
		if r.objects = r.objects[:len(r.objects)-1]; len(r.objects) == 0 {
			r.objects = append(r.objects, pair{})
		}
	case '<':
		r.readElement(i)
	case '>':
		r.inTag = false
		r.readLabel(i)
	case ':':
		if from, to, ok := passwordIn(r.text, i); ok {
			r.visit(from, to)
		}
	}
	return 1
}

// readName reads what may be a name, and returns where to continue.
func (r *namedReader) readName(begin, end int) int {
	name := r.text[begin:end]
	v, ok := valueAfter(r.text, end)
	if !ok {
		return r.readWord(begin, end)
	}
	if v.isLiteral(r.text) && !IsSecret(name) { // the code of an error, not that of a login
		return end
	}
	p := r.pair()
	if contains(pairNames, name) {
		const longest = 128
		from, to := v.scalar(r.text[:min(len(r.text), v.from+longest)])
		if label := r.text[from:to]; r.isSecret(label) || label == Redacted || strings.Contains(label, "…") { // a label that is redacted already named a secret
			p.named = true
			if p.from < p.to {
				r.visit(p.from, p.to)
			}
			r.readPart(begin, to)
		}
	}
	isValue := contains(pairValues, name)
	if !isValue && !r.isSecret(name) {
		return end
	}
	from, to := v.scalar(r.text)
	if from == to {
		return end
	}
	if isValue && !r.isSecret(name) {
		if p.from, p.to = from, to; !p.named {
			return end
		}
	}
	r.visit(from, to)
	return to
}

func contains(names []string, name string) bool {
	return slices.ContainsFunc(names, func(n string) bool { return strings.EqualFold(n, name) })
}

// readWord reads a name without a value of its own: Bearer in front of a credential (RFC 9110 section 11.4), or a Java
// class with its fields, as in Token[value=…].
func (r *namedReader) readWord(begin, end int) int {
	const shortest, longest = 16, 256
	rest := r.text[end:min(len(r.text), end+longest)]
	if len(rest) < shortest {
		return end
	}
	switch {
	case rest[0] == ' ' && contains([]string{"Bearer", "Basic", "DPoP"}, r.text[begin:end]):
		from := end + 1
		to := len(r.text) - len(strings.TrimLeft(r.text[from:], token68))
		value := strings.TrimRight(r.text[from:to], "=")
		if len(value) >= shortest && !strings.Contains(value, "=") && strings.ContainsAny(value, token68[:36]) { // no parameter, and no word
			r.visit(from, to)
			return to
		}
	case (rest[0] == '[' || rest[0] == '(') && r.isSecret(r.text[begin:end]):
		inside := rest[1 : 1+upTo(rest[1:], "])\r\n")]
		if strings.Contains(inside, "=") && looksRandom(inside) {
			r.visit(end+1, end+1+len(inside))
		}
	}
	return end
}

// token68 lists the characters of a credential (RFC 9110 section 11.2), the digits and capitals first.
const token68 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-._~+/="

// readPart reads the part of a form if its name is that of a secret (RFC 7578 section 4.2).
func (r *namedReader) readPart(begin, nameEnd int) {
	const before, header = "form-data; ", 256
	if begin < len(before) || !strings.EqualFold(r.text[begin-len(before):begin], before) {
		return
	}
	rest := r.text[nameEnd:min(len(r.text), nameEnd+header)]
	for _, blank := range []string{"\r\n\r\n", "\n\n"} {
		if i := strings.Index(rest, blank); i >= 0 {
			from := nameEnd + i + len(blank)
			r.visit(from, from+upTo(r.text[from:], "\r\n"))
			return
		}
	}
}

// The limits for one element, and for the number of elements without an end.
const (
	longestTag     = 1 << 10
	longestContent = 4 << 10
	maxUnclosed    = 1000
)

// readElement reads an XML or HTML element if its name, or an attribute of it, names a secret.
func (r *namedReader) readElement(i int) {
	begin := i + 1
	end := begin
	for end < len(r.text) && (isNameByte(r.text[end]) || r.text[end] == ':') {
		end++
	}
	if end == begin {
		return
	}
	r.inTag, r.tag = true, pair{}
	name := r.text[begin:end]
	rest := r.text[end:min(len(r.text), end+longestTag)]
	close := upTo(rest, "<>")
	if !r.isSecret(name[strings.LastIndexByte(name, ':')+1:]) && !(strings.EqualFold(name, "textarea") && r.namesSecret(rest[:close])) ||
		close == len(rest) || rest[close] == '<' || strings.HasSuffix(rest[:close], "/") {
		return
	}
	from := end + close + 1
	if from < r.seen {
		return
	}
	to := from + upTo(r.text[from:], "<")
	if r.unclosed < maxUnclosed && !strings.HasPrefix(r.text[to:], "</"+name) {
		length := strings.Index(r.text[from:min(len(r.text), from+longestContent)], "</"+name)
		if length < 0 {
			r.unclosed++
		}
		to = max(to, from+length)
	}
	if !strings.HasPrefix(r.text[to:], "</"+name) { // no element, or not a short one
		if to = from + upTo(r.text[from:], "< \t\r\n"); !looksRandom(r.text[from:to]) {
			return
		}
	}
	if strings.TrimSpace(r.text[from:to]) != "" {
		r.visit(from, to)
		r.seen = to
	}
}

// namesSecret reports whether attributes have a name attribute that names a secret.
func (r *namedReader) namesSecret(attributes string) bool {
	named := false
	eachNamed(attributes, func(name string) bool { return strings.EqualFold(name, "name") }, func(from, to int) {
		named = named || r.isSecret(attributes[from:to])
	})
	return named
}

// readLabel reads the value that a cell, a term or a key of a property list labels: <th>API key</th><td>…</td>.
func (r *namedReader) readLabel(end int) {
	const longest, between = 64, 256
	rest := r.text[end+1:]
	label := rest[:upTo(rest[:min(len(rest), longest)], "<")]
	if label == "" || len(label) == longest || !strings.HasPrefix(rest[len(label):], "</") || !r.isSecret(strings.Trim(label, " \t\r\n:")) {
		return
	}
	gap := rest[len(label):min(len(rest), len(label)+between)]
	from := end + 1 + len(label)
	for strings.HasPrefix(gap, "<") {
		tag := upTo(gap, ">")
		if tag == len(gap) {
			return
		}
		next := strings.TrimLeft(gap[tag+1:], " \t\r\n")
		from += len(gap) - len(next)
		gap = next
	}
	if value := r.text[from : from+upTo(gap, "< \t\r\n")]; looksRandom(value) {
		r.visit(from, from+len(value))
	}
}

// namedValue holds the place where a value starts, and how it is written.
type namedValue struct {
	from  int
	quote byte // around the value; 0 for none
	sep   byte // between the name and the value: = or :
	bare  bool // the name has no quotes
}

// valueAfter finds the start of the value after what may be a name.
func valueAfter(text string, end int) (namedValue, bool) {
	v := namedValue{bare: true}
	i := end
	if i < len(text) && text[i] == '[' { // token[0]=
		const longest = 32
		i += 1 + strings.IndexByte(text[i:min(len(text), i+longest)], ']')
	}
	end = i
	for i < len(text) && i < end+2 && strings.IndexByte(`"'])`, text[i]) >= 0 {
		v.bare = false
		i++
	}
	const most = 64 // of white space on either side
	space := func() {
		for n := 0; i < len(text) && n < most && strings.IndexByte(" \t\r\n", text[i]) >= 0; n++ {
			i++
		}
	}
	if serialized, ok := strings.CutPrefix(text[i:], ";s:"); ok && !v.bare { // of PHP: s:5:"token";s:8:"…"
		const longest = 12
		if quote := strings.Index(serialized[:min(len(serialized), longest)], `:"`); quote > 0 {
			return namedValue{from: i + len(";s:") + quote + len(`:"`), quote: '"', sep: ':'}, true
		}
	}
	space()
	if i == len(text) {
		return v, false
	}
	switch v.sep = text[i]; {
	case v.sep == '=' || v.sep == ':':
	default:
		return v, false
	}
	i++
	if v.sep == '=' && i < len(text) && text[i] == '>' { // of Ruby and PHP
		i++
	}
	space()
	if dumped, ok := strings.CutPrefix(text[i:], "string("); ok { // var_dump of PHP
		const longest = 12
		if quote := strings.IndexByte(dumped[:min(len(dumped), longest)], '"'); quote > 0 {
			i += len("string(") + quote
		}
	}
	if v.sep == ':' && v.bare && i+1 < len(text) && (text[i] == '|' || text[i] == '>') && (text[i+1] == '\n' || text[i+1] == '\r') { // of YAML
		i++
		space()
	}
	if i < len(text) && (text[i] == '"' || text[i] == '\'') {
		v.quote = text[i]
		i++
	}
	v.from = i
	return v, true
}

// isLiteral reports whether a value, if the text is JSON, is a number, true, false or null.
func (v namedValue) isLiteral(text string) bool {
	return v.sep == ':' && !v.bare && v.quote == 0 && v.from < len(text) && text[v.from] != '{' && text[v.from] != '['
}

// scalar returns the place of a value. An object or a list extends to its own end.
func (v namedValue) scalar(text string) (from, to int) {
	rest := text[v.from:]
	switch {
	case v.quote != 0:
		return v.from, v.from + quotedEnd(rest, v.quote)
	case rest != "" && (rest[0] == '{' || rest[0] == '['):
		return v.from, v.from + bracketEnd(rest)
	case v.sep == ':' && v.bare: // a header field, or a sentence
		const looked = 256 // bytes
		if stop := "\r\n<;,\""; looksRandom(rest[:upTo(rest[:min(len(rest), looked)], stop)]) {
			return v.from, v.from + len(strings.TrimRight(rest[:upTo(rest, stop)], " \t"))
		}
		return v.from, v.from
	case v.sep == ':':
		to = v.from + upTo(rest, ",}] \t\r\n\"<")
		if word := text[v.from:to]; word == "true" || word == "false" || word == "null" {
			return v.from, v.from
		}
		return v.from, to
	}
	return v.from, v.from + upTo(rest, "&#;< \t\r\n\"'")
}

// upTo returns the length of the text before any of the characters.
func upTo(s, stop string) int {
	if i := strings.IndexAny(s, stop); i >= 0 {
		return i
	}
	return len(s)
}

// quotedEnd returns the end of a quoted text, without its quote.
func quotedEnd(s string, quote byte) int {
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case quote:
			return i
		case '\\':
			i++
		}
	}
	return len(s)
}

// bracketEnd returns the end of the object or list at the start of a text, whether or not it is valid.
func bracketEnd(s string) int {
	depth := 0
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '"':
			i += stringEnd(s[i:]) - 1
		case '{', '[':
			depth++
		case '}', ']':
			if depth--; depth == 0 {
				return i + 1
			}
		}
	}
	return len(s)
}

// looksRandom tells a credential after a colon from the words of a sentence: one of its words contains a digit, a sign, or
// a capital letter after the first.
func looksRandom(value string) bool {
	for word := range strings.FieldsSeq(value) {
		word = strings.Trim(word, ".,:!?()'")
		if len(word) < Shortest {
			continue
		}
		if strings.ContainsAny(word, "0123456789_+/=~") || strings.ContainsAny(word[1:], "ABCDEFGHIJKLMNOPQRSTUVWXYZ") {
			return true
		}
	}
	return false
}

// passwordIn finds a password in a URL, from its :// on, such as https://user:password@host.
func passwordIn(text string, at int) (from, to int, ok bool) {
	rest, ok := strings.CutPrefix(text[at:], "://")
	if !ok {
		return 0, 0, false
	}
	const longest = 512
	rest = rest[:min(len(rest), longest)]
	authority := rest[:upTo(rest, "/?# \t\r\n\"'<>")]
	end := strings.LastIndexByte(authority, '@')
	colon := strings.IndexByte(authority, ':')
	if colon < 0 || colon+1 >= end {
		return 0, 0, false
	}
	begin := at + len("://")
	return begin + colon + 1, begin + end, true
}
