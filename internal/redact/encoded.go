package redact

import (
	"encoding/base64"
	"encoding/hex"
	"strings"
)

// maxEncodings is the maximum number of nested base64 or hexadecimal encodings that are decoded.
const maxEncodings = 2

const (
	shortestRun  = 12 // characters that are looked into
	shortestLine = 40 // characters after which base64 may go on in the next line (RFC 2045 section 6.8)
	sampleSize   = 16 // characters that tell text from a key or a hash
)

// run is a part of a text that encodes another text. If that contains a secret, the whole run is removed.
type run struct {
	from, to int // in the source
	text     *Text
}

// runsIn returns the encoded parts of a layer that the layer before did not have.
func (t *Text) runsIn(l *layer, encodings int) []run {
	var runs []run
	for i := 0; i < len(l.text); i++ {
		if !t.isRunByte(l, i) {
			continue
		}
		end, plain := t.runEnd(l, i)
		if end-i >= shortestRun && l.changed(i, end) {
			if decoded := decode(t.runBytes(l, i, end, plain)); decoded != "" {
				runs = append(runs, run{int(l.place(i)), int(l.place(end)), read(decoded, encodings)})
			}
		}
		i = end
	}
	return runs
}

// changed reports whether an escape was undone between two places, or right before the first. In the source, everything
// counts as changed.
func (l *layer) changed(from, to int) bool {
	before := max(from-1, 0)
	return l.at == nil || int(l.place(to)-l.place(before)) != to-before
}

// isRunByte reports whether a character belongs to either base64 alphabet. A space counts if it was a plus sign in the
// source.
func (t *Text) isRunByte(l *layer, i int) bool {
	c := l.text[i]
	return isBase64(c) || c == ' ' && l.at != nil && t.source[l.place(i)] == '+'
}

// runEnd returns where a run ends, across line breaks. It reports whether the run stands there unchanged.
func (t *Text) runEnd(l *layer, begin int) (end int, plain bool) {
	line, plain := begin, true
	for end = begin; end < len(l.text); {
		if t.isRunByte(l, end) {
			plain = plain && l.text[end] != ' '
			end++
			continue
		}
		next := end
		for next < len(l.text) && next < end+2 && strings.IndexByte("\r\n ", l.text[next]) >= 0 {
			next++
		}
		if next == end || end-line < shortestLine || next == len(l.text) || !t.isRunByte(l, next) {
			break
		}
		end, line, plain = next, next, false
	}
	return end, plain
}

// runBytes returns a run without its line breaks.
func (t *Text) runBytes(l *layer, from, to int, plain bool) string {
	if plain {
		return l.text[from:to]
	}
	out := make([]byte, 0, to-from)
	for i := from; i < to; i++ {
		switch {
		case !t.isRunByte(l, i):
		case l.text[i] == ' ':
			out = append(out, '+')
		default:
			out = append(out, l.text[i])
		}
	}
	return string(out)
}

// decode returns the text that hexadecimal digits or base64 stand for, or "" if they don't stand for text. What stands
// before the encoded text, such as a path, may look like a part of it, so decode tries each of the first positions.
func decode(s string) string {
	if strings.Trim(s, "0123456789abcdefABCDEF") == "" {
		for from := range 2 {
			if digits := whole(s[from:], 2); isText(digits, decodeHex) {
				return decodeAll(digits, decodeHex)
			}
		}
	}
	for from := range 4 {
		if characters := whole(s[from:], 4); isText(characters, decodeBase64) {
			rest := s[from:]
			if len(rest)%4 == 1 { // no byte ends there
				rest = rest[:len(rest)-1]
			}
			return decodeAll(rest, decodeBase64)
		}
	}
	return ""
}

// whole returns the longest prefix that consists of complete groups.
func whole(s string, group int) string { return s[:len(s)-len(s)%group] }

// isText reports whether a text, once decoded, is printable at its beginning or at its end.
func isText(s string, decode func(to, from []byte) int) bool {
	size := min(len(s), sampleSize)
	for _, sample := range []string{s[:size], s[len(s)-size:]} {
		var from, to [sampleSize]byte
		n := decode(to[:], from[:copy(from[:], sample)])
		printable := n > 0
		for _, c := range to[:n] {
			printable = printable && (c >= ' ' && c < 0x7f || c == 0 || c == '\t' || c == '\r' || c == '\n')
		}
		if printable {
			return true
		}
	}
	return false
}

func decodeAll(s string, decode func(to, from []byte) int) string {
	to := make([]byte, len(s))
	return string(to[:decode(to, []byte(s))])
}

func decodeHex(to, from []byte) int {
	n, _ := hex.Decode(to, from) // as far as it goes
	return n
}

// decodeBase64 decodes either alphabet. It overwrites from.
func decodeBase64(to, from []byte) int {
	for i, c := range from {
		switch c {
		case '-':
			from[i] = '+'
		case '_':
			from[i] = '/'
		}
	}
	n, _ := base64.RawStdEncoding.Decode(to, from) // as far as it goes
	return n
}

// markInside runs work on the encoded parts of the text, and marks each of them in which work has marked something.
func (t *Text) markInside(work func(*Text)) {
	for _, r := range t.inside {
		if work(r.text); len(r.text.marks) > 0 {
			t.marks = append(t.marks, mark{r.from, r.to, r.text.marks[0].standIn})
		}
	}
}
