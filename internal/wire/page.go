package wire

import (
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/html"
)

// The maximum number of bytes kept of a page, of its elements that are considered as error messages, and of those
// nested in each other.
const (
	maxText   = 16 << 10
	maxMarked = 50
	maxNested = 8
)

// page holds the readable text of an HTML page.
type page struct {
	title string
	said  string // the heading and what the page says is wrong, else its text from the heading on
	text  string // all of it, without the title
}

// readPage reads a page in one pass, in time linear to its size. It leaves out what a browser does not show.
func readPage(body string) page {
	r := &pageReader{tokens: html.NewTokenizer(strings.NewReader(body))}
	for kind := r.tokens.Next(); kind != html.ErrorToken; kind = r.tokens.Next() {
		switch kind {
		case html.TextToken:
			r.addText(r.tokens.Text())
		case html.StartTagToken, html.SelfClosingTagToken:
			r.start(kind)
		case html.EndTagToken:
			name, _ := r.tokens.TagName()
			r.end(string(name))
		}
	}
	p := page{title: r.title.String(), text: r.text.String()}
	p.said = r.said(p)
	return p
}

// pageReader is the state while a page is read.
type pageReader struct {
	tokens      *html.Tokenizer
	text, title oneLineText
	headings    [2]heading // the first h1, and the first h2
	in          string     // title, h1 or h2, while one of these is open
	skipping    openTag    // the outermost element that is not shown, while it is open
	open        []*marked  // the error messages that are open, outermost first
	marked      []*marked  // all error messages, in the order of the page
}

// heading is the text of a heading, and its place in the text of the page.
type heading struct {
	found bool
	text  oneLineText
	at    int
}

// openTag is an open element, with the number of open elements of the same name inside it. If end tags are missing, the
// only effect is that an element is too long.
type openTag struct {
	name  string
	depth int
}

// marked is an element whose role, class or id marks it as an error message.
type marked struct {
	openTag
	text    oneLineText
	message bool // it says no more than "message"
	inside  bool // another one inside it says enough
	parent  *marked
}

// notShown lists the elements that a reader doesn't see. A select is mostly a choice of languages.
var notShown = []string{"script", "style", "noscript", "template", "svg", "iframe", "noembed", "noframes", "object", "select", "textarea", "datalist",
	"audio", "video", "canvas"}

// void lists the elements without an end tag (HTML section 13.1.2).
var void = []string{"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}

// inWords lists the elements inside words and sentences: their start and end don't separate words.
var inWords = []string{"a", "abbr", "b", "code", "em", "font", "i", "kbd", "mark", "s", "samp", "small", "strong", "sub", "sup", "tt", "u", "var", "wbr"}

// start handles a start tag.
func (r *pageReader) start(kind html.TokenType) {
	tag, more := r.tokens.TagName()
	name := string(tag)
	var says attributes
	for i := 0; more && i < 100; i++ {
		var key, value []byte
		key, value, more = r.tokens.TagAttr()
		says.read(string(key), value)
	}
	if !slices.Contains(inWords, name) {
		r.boundary()
	}
	hidden := slices.Contains(notShown, name)
	switch {
	case slices.Contains(void, name), kind == html.SelfClosingTagToken && !hidden:
	case r.skipping.name == name:
		r.skipping.depth++
	case r.skipping.name != "":
	case hidden, says.hidden:
		r.skipping = openTag{name, 1}
	case name == "title":
		r.in = name
	case name == "h1", name == "h2":
		r.startHeading(name)
	default:
		r.mark(name, says)
	}
}

func (r *pageReader) startHeading(name string) {
	if h := &r.headings[name[1]-'1']; !h.found {
		h.found, h.at, r.in = true, r.text.Len(), name
	}
}

// mark records an element if it is an error message. For any element, it increases the depth of the open error messages
// of the same name.
func (r *pageReader) mark(name string, says attributes) {
	for _, m := range r.open {
		if m.name == name {
			m.depth++
		}
	}
	if !says.fault() && (!says.message || says.harmless) || slices.Contains(notMarked, name) || len(r.open) == maxNested || len(r.marked) == maxMarked {
		return
	}
	m := &marked{openTag: openTag{name, 1}, message: !says.fault()}
	if len(r.open) > 0 {
		m.parent = r.open[len(r.open)-1]
	}
	r.open, r.marked = append(r.open, m), append(r.marked, m)
}

// notMarked lists the elements that contain a whole page, or are a control, whatever their class.
var notMarked = []string{"html", "body", "head", "form", "button", "label", "header", "footer", "nav"}

// end handles an end tag.
func (r *pageReader) end(name string) {
	if !slices.Contains(inWords, name) {
		r.boundary()
	}
	if r.skipping.name != "" {
		if r.skipping.name == name {
			if r.skipping.depth--; r.skipping.depth == 0 {
				r.skipping = openTag{}
			}
		}
		return
	}
	if r.in == name {
		r.in = ""
	}
	for _, m := range r.open {
		if m.name == name {
			m.depth--
		}
	}
	r.open = slices.DeleteFunc(r.open, func(m *marked) bool { return m.depth == 0 })
}

// boundary marks a place where a word ends.
func (r *pageReader) boundary() {
	r.text.edge, r.title.edge = true, true
	r.headings[0].text.edge, r.headings[1].text.edge = true, true
	for _, m := range r.open {
		m.text.edge = true
	}
}

func (r *pageReader) addText(text []byte) {
	switch {
	case r.skipping.name != "":
		return
	case r.in == "title":
		r.title.add(text)
		return
	case r.in != "":
		r.headings[r.in[1]-'1'].text.add(text)
	}
	r.text.add(text)
	for _, m := range r.open {
		m.text.add(text)
	}
}

// enough is the length in bytes of a text that means something by itself: an icon or a number does not.
const enough = 12

// said returns the heading and the texts that say what is wrong. If a page marks none, it returns the text from the heading
// on.
func (r *pageReader) said(p page) string {
	for _, m := range r.marked {
		if m.parent != nil && m.text.Len() >= enough && m.parent.message == m.message {
			m.parent.inside = true
		}
	}
	first := r.headings[0]
	if first.text.Len() == 0 {
		first = r.headings[1]
	}
	heading := first.text.String()
	if heading == "" && tellsFault.MatchString(p.title) {
		heading = p.title
	}
	texts := r.texts(false)
	if texts == nil {
		texts = r.texts(true)
	}
	switch {
	case texts != nil:
		return joinTexts(append([]string{heading}, texts...))
	case p.text == "":
		return p.title
	case first.found:
		from := strings.TrimSpace(p.text[min(first.at, len(p.text)):])
		rest, begins := strings.CutPrefix(from, heading+" ")
		if !begins {
			return from
		}
		return joinTexts([]string{heading, rest})
	}
	return joinTexts([]string{heading, p.text})
}

// texts returns the texts of the marked elements.
func (r *pageReader) texts(messages bool) []string {
	var list []string
	for _, m := range r.marked {
		text := m.text.String()
		if m.message == messages && !m.inside && strings.ContainsFunc(text, unicode.IsLetter) && len(text) > 2 {
			list = append(list, text)
		}
	}
	return list
}

// joinTexts joins texts, each once. The first is the heading.
func joinTexts(texts []string) string {
	all := ""
	for i, text := range texts {
		between := " "
		if last, _ := utf8.DecodeLastRuneInString(all); unicode.IsLetter(last) || unicode.IsDigit(last) || strings.ContainsRune(`)"'”’`, last) {
			between = ". "
			if i == 1 {
				between = ": "
			}
		}
		switch {
		case strings.Contains(all, text) || len(all)+len(text) > maxText:
		case strings.Contains(text, all):
			all = text
		default:
			all += between + text
		}
	}
	return all
}

// tellsFault matches a title that says that something is wrong: many titles name only the site.
var tellsFault = regexp.MustCompile(`(?i)\b(?:[45]\d\d|error|invalid|denied|forbidden|not found|bad request|wrong|sorry|oops|unauthori[sz]ed|fail(?:ed|ure)?|` +
	`problem|mismatch|expired|blocked)\b`)

// attributes hold what an element's attributes say about it.
type attributes struct{ alert, message, harmless, hidden bool }

// fault reports whether the element says what is wrong.
func (a attributes) fault() bool { return a.alert && !a.harmless }

func (a *attributes) read(key string, value []byte) {
	if len(value) > 1000 {
		value = value[:1000]
	}
	switch text := string(value); key {
	case "hidden":
		a.hidden = true
	case "aria-hidden":
		a.hidden = a.hidden || text == "true"
	case "style":
		style := strings.ToLower(strings.Join(strings.Fields(text), ""))
		a.hidden = a.hidden || strings.Contains(style, "display:none") || strings.Contains(style, "visibility:hidden")
	case "role":
		a.alert = a.alert || text == "alert"
	case "class", "id":
		a.readName(text)
	}
}

// readName reads classes or an id, such as kc-error-message, alertDanger or form_errors.
func (a *attributes) readName(names string) {
	for _, word := range wordsIn(names) {
		switch word {
		case "error", "errors", "err", "alert", "danger", "exception", "failure", "fault":
			a.alert = true
		case "message", "messages", "msg":
			a.message = true
		case "success", "info", "cookie", "cookies":
			a.harmless = true
		}
	}
}

// wordsIn splits a name at characters that are not letters, and where a capital follows a small letter.
func wordsIn(name string) []string {
	var words []string
	start := 0
	for i := range len(name) + 1 {
		letter := i < len(name) && ('a' <= name[i]|0x20 && name[i]|0x20 <= 'z')
		capital := letter && i > 0 && name[i] <= 'Z' && name[i-1] >= 'a'
		if letter && !capital {
			continue
		}
		if i > start {
			words = append(words, strings.ToLower(name[start:i]))
		}
		if start = i; !letter {
			start++
		}
	}
	return words
}

// oneLineText collects text as one line: each run of blanks becomes one space. It keeps maxText bytes up to the last
// complete word, as half of a word might be half of a secret.
type oneLineText struct {
	text  []byte
	space bool // a space is due before the next character
	edge  bool // also due, except before punctuation: an element began or ended
	full  bool
}

func (t *oneLineText) Len() int { return len(t.text) }

func (t *oneLineText) add(text []byte) {
	for i := 0; i < len(text) && !t.full; {
		r, size := utf8.DecodeRune(text[i:])
		if unicode.IsSpace(r) {
			t.space = true
			i += size
			continue
		}
		if len(t.text) > 0 && (t.space || t.edge && !strings.ContainsRune(".,:;!?)", r)) {
			t.text = append(t.text, ' ')
		}
		t.space, t.edge = false, false
		t.text = append(t.text, text[i:i+size]...)
		i += size
		t.full = len(t.text) >= maxText
	}
}

func (t *oneLineText) String() string {
	text := string(t.text)
	if t.full {
		text = text[:strings.LastIndexByte(text, ' ')+1] // a single word of that length says nothing
	}
	return strings.TrimSpace(text)
}

// oneLine returns a text in one line.
func oneLine(s string) string {
	var t oneLineText
	t.add([]byte(s))
	return t.String()
}
