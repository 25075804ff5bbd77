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
// characters, and some invisible characters reorder text. The runners of CI services obey lines: GitHub's a line that
// starts with ::, and ##[ anywhere; Azure Pipelines' ##vso[ anywhere.

// Harmless turns a text into one line without a command for a terminal or a runner.
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

// ipv6 matches an address in a URL, which is no command unless a line begins inside it.
var ipv6 = regexp.MustCompile(`\[[0-9A-Fa-f:.]{2,45}\]`)

// apart separates the signs that a command begins with, however often they are repeated.
var apart = repeated{":", "#"}

// repeated lists signs that must not stand twice in a row.
type repeated []string

// Replace puts a space between two equal signs.
func (r repeated) Replace(text string) string {
	for _, sign := range r {
		for strings.Contains(text, sign+sign) {
			text = strings.ReplaceAll(text, sign+sign, sign+" "+sign)
		}
	}
	return text
}

// say prints one line: lead is ours, and the text may be anything.
func say(out io.Writer, lead, text string) {
	fmt.Fprintln(out, strings.TrimRight(lead+Harmless(text), " "))
}

// Say prints any text line by line.
func Say(out io.Writer, text string) {
	for line := range strings.Lines(text) {
		say(out, "", strings.TrimRight(line, "\r\n"))
	}
}

// sayJSON prints a JSON document. Only its strings can contain what a terminal or a runner would obey. sayJSON escapes
// that, which doesn't change the meaning.
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

// Lines returns a writer for a log: it makes each written line harmless.
func Lines(out io.Writer) io.Writer { return lines{out} }

type lines struct{ out io.Writer }

func (l lines) Write(p []byte) (int, error) {
	Say(l.out, string(p))
	return len(p), nil
}
