package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"regexp"
	"strings"
	"unicode/utf16"

	"oauth-test-client/internal/wire"
)

// Everything that this program prints goes through this file, as a server's words may be in it. A terminal obeys control
// characters, and some that nobody sees reorder what is read. The runners of CI services obey lines: that of GitHub one
// that begins with ::, and ##[ anywhere; that of Azure Pipelines ##vso[ anywhere.

// Harmless makes one line of a text, in which neither a terminal nor a runner finds a command.
func Harmless(text string) string {
	text = wire.Visible(text)
	if !strings.Contains(text, "::") && !strings.Contains(text, "##") {
		return text
	}
	var out strings.Builder
	last := 0
	for _, address := range ipv6.FindAllStringIndex(text, -1) {
		out.WriteString(apart.Replace(text[last:address[0]]))
		out.WriteString(text[address[0]:address[1]])
		last = address[1]
	}
	out.WriteString(apart.Replace(text[last:]))
	return out.String()
}

// ipv6 is an address as it stands in a URL, which is no command unless a line begins inside it.
var ipv6 = regexp.MustCompile(`\[[0-9A-Fa-f:.]{2,45}\]`)

// apart sets the signs apart with which a command begins, however often they are repeated.
var apart = repeated{":", "#"}

// repeated are signs that must not stand twice in a row.
type repeated []string

// Replace puts a space between two of them.
func (r repeated) Replace(text string) string {
	for _, sign := range r {
		for strings.Contains(text, sign+sign) {
			text = strings.ReplaceAll(text, sign+sign, sign+" "+sign)
		}
	}
	return text
}

// say prints one line: what leads is ours, and the text may be anything.
func say(out io.Writer, lead, text string) {
	fmt.Fprintln(out, strings.TrimRight(lead+Harmless(text), " "))
}

// Say prints a text line by line, whatever is in it.
func Say(out io.Writer, text string) {
	for line := range strings.Lines(text) {
		say(out, "", strings.TrimRight(line, "\r\n"))
	}
}

// sayJSON prints a JSON document. What a terminal or a runner would obey can only be in its strings, and is escaped
// there, which says the same.
func sayJSON(out io.Writer, document string) {
	if !json.Valid([]byte(document)) {
		Say(out, document)
		return
	}
	var b strings.Builder
	previous := ' '
	for _, r := range strings.ToValidUTF8(document, "\uFFFD") {
		switch {
		case r == '#' && previous == '#', r >= 0x7f && r != '\uFFFD' && wire.Visible(string(r)) != string(r):
			for _, unit := range utf16.Encode([]rune{r}) {
				fmt.Fprintf(&b, `\u%04x`, unit)
			}
		default:
			b.WriteRune(r)
		}
		previous = r
	}
	fmt.Fprintln(out, strings.TrimSuffix(b.String(), "\n"))
}

// Lines returns a writer for a log: each write is some lines, which are made harmless.
func Lines(out io.Writer) io.Writer { return lines{out} }

type lines struct{ out io.Writer }

func (l lines) Write(p []byte) (int, error) {
	Say(l.out, string(p))
	return len(p), nil
}
