package flow

import (
	"fmt"
	"strings"

	"oauth-test-client/internal/wire"
)

// Markdown writes a flow for an issue or a chat: the verdict, the picture as Mermaid draws it, and the
// steps. Nothing secret is in it: the values that can be followed are there by name only.
func Markdown(steps []*wire.Exchange, s Secrets) string {
	hide := newFileRedactor(s, steps)
	tell := newTeller(steps, hide)
	var out strings.Builder
	fmt.Fprintf(&out, "# %s\n\n```mermaid\n%s```\n\n", plain(verdict(steps, hide)), mermaid(steps, tell))
	for i, e := range steps {
		fmt.Fprintf(&out, "%d. **%s**", i+1, e.Name())
		if e.URL != "" {
			fmt.Fprintf(&out, " `%s`", code(e.Method+" "+hide.text(wire.WithoutQuery(e.URL))))
		}
		if o := outcome(e); o != "" {
			out.WriteString(": " + o)
		}
		if e.Fault != "" {
			out.WriteString(". " + plain(hide.text(e.Fault)))
		}
		if e.Note != "" {
			out.WriteString(". " + plain(hide.text(e.Note)))
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
			why = hide.text(e.Fault)
		}
		failed := fmt.Sprintf("tep %d, %s, failed: %s", i+1, e.Purpose, why)
		if login && e.Purpose != wire.IDTokenCheck && e.Purpose != wire.Keys {
			return "The login works. S" + failed
		}
		return "The login failed. S" + failed
	}
	return "The login works"
}

// mermaid draws the picture as a sequence diagram (https://mermaid.js.org/syntax/sequenceDiagram.html).
func mermaid(steps []*wire.Exchange, tell *teller) string {
	var out strings.Builder
	out.WriteString("sequenceDiagram\n")
	for i, name := range partyNames {
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

var mermaidNames = []string{"B", "C", "S", "A"}

// bandStart opens a tinted band, which Mermaid has no name for: a note says it.
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

// labelEscapes are what would end a label of Mermaid's, or begin something else in it. It writes
// characters as numbers of its own.
var labelEscapes = strings.NewReplacer("#", "#35;", ";", "#59;", "<", "#60;", ">", "#62;", "`", "#96;", "%", "#37;", "{", "#123;", "}", "#125;", "\\", "#92;")

func label(s string) string { return labelEscapes.Replace(wire.Clip(s, 200)) }

// markdownEscapes are the characters with which Markdown or HTML would begin something.
var markdownEscapes = strings.NewReplacer("\\", "\\\\", "`", "\\`", "*", "\\*", "_", "\\_", "[", "\\[", "]", "\\]",
	"<", "&lt;", ">", "&gt;", "&", "&amp;", "#", "\\#", "!", "\\!", "|", "\\|",
	"@", "\\@", "~", "\\~", "://", ":&#8203;//")

// plain is a text from outside in Markdown: one line, nothing of it markup, a link or a mention.
func plain(s string) string { return markdownEscapes.Replace(wire.Clip(s, 500)) }

// code is a text from outside between backticks.
func code(s string) string { return strings.ReplaceAll(wire.Clip(s, 300), "`", "'") }
