package main

import (
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"oauth-test-client/internal/causes"
	"oauth-test-client/internal/config"
)

// problem is a cause of trouble as its page explains it. Its texts may hold `code` in backticks, **words**, [owner/repo#N]
// for an issue on GitHub, and [words](link), where the link may be #name for another problem. The explanation may have
// paragraphs and lists.
type problem struct {
	Name        causes.Name `json:"name"`
	Group       string      `json:"group,omitempty"`
	Sees        string      `json:"sees,omitempty"`  // what a user sees, in a few words
	Write       string      `json:"write,omitempty"` // what to write, in a few words
	Title       string      `json:"title"`
	Setting     string      `json:"setting,omitempty"`
	Explanation string      `json:"explanation,omitempty"`
	Looks       []look      `json:"looks,omitempty"`
	Wrong       []string    `json:"wrong,omitempty"`
	Right       []string    `json:"right,omitempty"`
	ToldBy      string      `json:"told_by,omitempty"`
	SeenIn      string      `json:"seen_in,omitempty"`
}

// look is an example of a problem on one server.
type look struct {
	Server string `json:"server"`
	Says   string `json:"says"`
	Source string `json:"source,omitempty"`
}

// problemTable lists the problems that have a page, by group. Addresses of this app in the examples have its own port.
func problemTable(cfg config.Effective) []problem {
	var table []problem
	here := strings.NewReplacer("localhost:3000", "localhost:"+cfg.Port, "127.0.0.1:3000", "127.0.0.1:"+cfg.Port).Replace
	for _, c := range causes.Table {
		p := problem{Name: c.Name, Group: c.Group, Sees: c.Sees, Write: here(c.Write), Title: c.Title, Setting: string(c.Setting), Explanation: here(c.Explanation),
			ToldBy: c.ToldBy, SeenIn: c.SeenIn}
		for _, line := range c.Wrong {
			p.Wrong = append(p.Wrong, here(line))
		}
		for _, line := range c.Right {
			p.Right = append(p.Right, here(line))
		}
		for _, quote := range c.Looks {
			p.Looks = append(p.Looks, look(quote))
		}
		table = append(table, p)
	}
	return table
}

// problemsPage is the data of problems.html.
type problemsPage struct {
	layout
	Problems []problem `json:"problems"`

	Groups []problemGroup `json:"-"`
}

// problemGroup is the problems under one heading.
type problemGroup struct {
	group   string
	Heading []inline
	Rows    []problemRow
}

// problemRow is one problem in the list.
type problemRow struct {
	Name        causes.Name
	Title       string
	Sees, Write []inline
}

// handleProblems lists the problems with a name.
func (s *server) handleProblems(w http.ResponseWriter, r *http.Request) error {
	return s.respond(w, r, http.StatusOK, "problems.html", newProblemsPage(s.page(r, "Problems"), problemTable(s.cfg)))
}

func newProblemsPage(page layout, table []problem) problemsPage {
	v := problemsPage{layout: page, Problems: table}
	for _, p := range table {
		if n := len(v.Groups); n == 0 || v.Groups[n-1].group != p.Group {
			v.Groups = append(v.Groups, problemGroup{group: p.Group, Heading: inlines(p.Group)})
		}
		group := &v.Groups[len(v.Groups)-1]
		group.Rows = append(group.Rows, problemRow{p.Name, p.Title, inlines(p.Sees), inlines(p.Write)})
	}
	return v
}

// problemPage is the data of problem.html.
type problemPage struct {
	layout
	Problem problem `json:"problem"`

	Back   link      `json:"-"`
	Says   []sayRow  `json:"-"` // the user's own server first
	Lines  []lineRow `json:"-"`
	Write  []inline  `json:"-"` // what helps, in a few words
	Text   []block   `json:"-"`
	Finder []inline  `json:"-"`
	Seen   []inline  `json:"-"`
}

// sayRow is one server's words for a problem.
type sayRow struct {
	Yours                bool
	Server, Says, Source []inline
}

// lineRow is a wrong or a right line.
type lineRow struct {
	Right bool
	Label string   // what the line is about
	Text  []chunk  // the line, with what differs from its counterpart marked; nil where it is no line
	Words []inline // instead
}

// handleProblem explains one problem.
func (s *server) handleProblem(w http.ResponseWriter, r *http.Request) error {
	table := problemTable(s.cfg)
	i := slices.IndexFunc(table, func(p problem) bool { return string(p.Name) == r.PathValue("name") })
	if i < 0 {
		f := refuse(http.StatusNotFound, "not_found", "No problem has this name.", "")
		f.Heading = "No problem has this name"
		return f
	}
	page := newProblemPage(s.page(r, table[i].Title), table[i], causes.ProviderOf(s.cfg).Name, backTo(s.cfg, r.Referer()))
	return s.respond(w, r, http.StatusOK, "problem.html", page)
}

func newProblemPage(page layout, p problem, server string, back link) problemPage {
	v := problemPage{layout: page, Problem: p, Back: back, Write: inlines(p.Write), Text: blocks(p.Explanation), Finder: inlines(p.ToldBy), Seen: inlines(p.SeenIn)}
	for _, l := range p.Looks {
		yours := server != "" && strings.HasPrefix(l.Server, server)
		v.Says = append(v.Says, sayRow{yours, inlines(l.Server), inlines(l.Says), inlines(l.Source)})
	}
	slices.SortStableFunc(v.Says, func(a, b sayRow) int {
		switch {
		case a.Yours == b.Yours:
			return 0
		case a.Yours:
			return -1
		}
		return 1
	})
	v.Lines = linesOf(p.Wrong, p.Right)
	return v
}

// linesOf lists the wrong lines, each with its right one, or all wrong lines first if there are more of them.
func linesOf(wrong, right []string) []lineRow {
	var list []lineRow
	if len(wrong) > len(right) {
		for _, text := range wrong {
			list = append(list, newLineRow(text, false))
		}
		wrong = nil
	}
	for i, text := range right {
		good := newLineRow(text, true)
		if i < len(wrong) {
			bad := newLineRow(wrong[i], false)
			if bad.Text != nil && good.Text != nil {
				bad.Text, good.Text = compare(bad.Text[0].Text, good.Text[0].Text)
			}
			list = append(list, bad)
		}
		list = append(list, good)
	}
	return list
}

// newLineRow splits a line that is code, with or without a label and a colon before it, and keeps any other as words.
func newLineRow(text string, right bool) lineRow {
	label, code, _ := strings.Cut(text, "`")
	code, isCode := strings.CutSuffix(code, "`")
	if !isCode || strings.Contains(code, "`") || label != "" && !strings.HasSuffix(label, ": ") {
		return lineRow{Right: right, Words: inlines(text)}
	}
	return lineRow{Right: right, Label: strings.TrimRight(label, ": "), Text: []chunk{{Text: code}}}
}

// backTo returns the link back to the page of ours that the browser came from, if it is safe to open that again.
func backTo(cfg config.Effective, referer string) link {
	u, err := url.Parse(referer)
	if err == nil && cfg.IsOwnOrigin(u.Scheme+"://"+u.Host) {
		switch u.Path {
		case "/check":
			return link{"Back to Check", u.Path}
		case "/session":
			return link{"Back to Session", u.Path}
		case "/problems":
			return link{"All problems", u.Path}
		}
	}
	return link{"Home", "/"}
}

// block is a paragraph of a text, or a list.
type block struct {
	Words []inline
	List  [][]inline
}

// blocks splits a text into its paragraphs and lists. The items of a list begin with "- ".
func blocks(text string) []block {
	var all []block
	for paragraph := range strings.SplitSeq(text, "\n\n") {
		var b block
		for line := range strings.SplitSeq(paragraph, "\n") {
			if item, ok := strings.CutPrefix(line, "- "); ok {
				b.List = append(b.List, inlines(item))
			} else if line != "" {
				b.Words = append(b.Words, inlines(line)...)
			}
		}
		if b.Words != nil || b.List != nil {
			all = append(all, b)
		}
	}
	return all
}

// inline is a piece of a text: words, code or a link.
type inline struct {
	Text   string
	Code   bool
	Strong bool
	Link   string // to GitHub, or to a page of ours; may be empty
}

// Foreign reports whether a link leads to another site.
func (r inline) Foreign() bool { return strings.HasPrefix(r.Link, "https://") }

// markup matches what the texts of problems hold: `code`, [owner/repo#N], [words](link), **words**.
var markup = regexp.MustCompile("`([^`]+)`" + `|\[([\w.-]+/[\w.-]+)#(\d+)\]|\[([^\]]+)\]\(([^)\s]+)\)|\*\*([^*]+)\*\*`)

// inlines splits a text into its pieces. A link to a document of the repository is only named: this program doesn't serve it.
func inlines(text string) []inline {
	var list []inline
	at := 0
	for _, m := range markup.FindAllStringSubmatchIndex(text, -1) {
		group := func(n int) string {
			if m[2*n] < 0 {
				return ""
			}
			return text[m[2*n]:m[2*n+1]]
		}
		if m[0] > at {
			list = append(list, inline{Text: text[at:m[0]]})
		}
		at = m[1]
		switch target := group(5); {
		case group(1) != "":
			list = append(list, inline{Text: group(1), Code: true})
		case group(2) != "":
			list = append(list, inline{Text: group(2) + "#" + group(3), Link: "https://github.com/" + group(2) + "/issues/" + group(3)})
		case group(6) != "":
			list = append(list, inline{Text: group(6), Strong: true})
		case strings.HasPrefix(target, "#"):
			list = append(list, inline{Text: group(4), Link: "/problems/" + target[1:]})
		case strings.HasPrefix(target, "https://"):
			list = append(list, inline{Text: group(4), Link: target})
		case target == group(4):
			list = append(list, inline{Text: "docs/" + target, Code: true})
		default:
			list = append(list, inline{Text: group(4)})
		}
	}
	if at < len(text) {
		list = append(list, inline{Text: text[at:]})
	}
	return list
}
