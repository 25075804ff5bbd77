package redact

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"net/url"
	"slices"
	"strings"
)

// Values are the values to remove from texts, each with its stand-in. All are searched at once, so that even many long ones
// cost no more than their total length and that of the text.
type Values struct {
	patterns []pattern
	compiled *automaton // nil until a text is searched, and after another value
}

// pattern is one spelling of a value.
type pattern struct {
	text    string
	standIn string
	order   int
	encoded bool // in base64: the text around it is encoded as well, and goes too
}

// Add adds a value, unless it is too short to look for.
func (v *Values) Add(value, standIn string) {
	if len(value) < Shortest {
		return
	}
	var first [1]layer
	for _, spelling := range layersOf(first[:], value) { // it may hold what looks like an escape itself
		v.add(spelling.text, standIn, false)
	}
}

// AddSecret adds a value that is also looked for in base64 and in hexadecimal digits, unless it is longer than a header can
// carry.
func (v *Values) AddSecret(secret, standIn string) {
	const longest = 8 << 10
	v.Add(secret, standIn)
	if len(secret) < Shortest || len(secret) > longest {
		return
	}
	for _, plain := range []string{secret, url.QueryEscape(secret)} {
		for _, encoded := range insideBase64(plain) {
			v.add(encoded, standIn, true)
			v.add(urlSafe.Replace(encoded), standIn, true)
		}
		digits := hex.EncodeToString([]byte(plain))
		v.add(digits, standIn, false)
		v.add(strings.ToUpper(digits), standIn, false)
	}
}

// AddClient adds a client secret: alone, and with the client ID as HTTP Basic sends them (RFC 6749 section 2.3.1), with the
// form-encoding that the section requires, and without.
func (v *Values) AddClient(c Credentials, standIn string) {
	if c.Secret == "" {
		return
	}
	v.AddSecret(c.Secret, standIn)
	for _, pair := range []string{c.ID + ":" + c.Secret, url.QueryEscape(c.ID) + ":" + url.QueryEscape(c.Secret)} {
		v.add(base64.RawStdEncoding.EncodeToString([]byte(pair)), standIn, true) // of a short secret, too
	}
}

func (v *Values) add(text, standIn string, encoded bool) {
	if len(text) < Shortest {
		return
	}
	v.patterns = append(v.patterns, pattern{text, standIn, len(v.patterns), encoded})
	v.compiled = nil
}

// urlSafe converts base64 to its other alphabet (RFC 4648 section 5).
var urlSafe = strings.NewReplacer("+", "-", "/", "_")

// insideBase64 returns the characters that the base64 of any text with the secret in it contains, for each of the three
// positions where the secret may start. The characters at either end also depend on the neighboring text.
func insideBase64(secret string) []string {
	var list []string
	for before := range 3 {
		encoded := base64.RawStdEncoding.EncodeToString([]byte("\x00\x00"[:before] + secret))
		list = append(list, encoded[(8*before+5)/6:8*(before+len(secret))/6])
	}
	return list
}

// isPadded reports whether a character is one of base64, or its padding.
func isPadded(c byte) bool { return isBase64(c) || c == '=' }

// Replace marks the values wherever they are, in any spelling.
func (t *Text) Replace(v *Values) {
	if len(v.patterns) == 0 || t.source == "" {
		return
	}
	v.Compile()
	for _, l := range t.layers {
		for _, m := range v.compiled.find(l.text) {
			t.mark(&l, m.from, m.to, m.standIn)
		}
	}
	t.markInside(func(inside *Text) { inside.Replace(v) })
}

// Compile prepares the search. After it, several goroutines may search texts, until another value is added.
func (v *Values) Compile() {
	if v.compiled == nil {
		v.compiled = newAutomaton(v.patterns)
	}
}

// automaton finds many texts in one pass (Aho and Corasick, Efficient String Matching, 1975). Its nodes are numbered
// by depth; node 0 is the beginning.
type automaton struct {
	patterns []pattern // sorted, each once
	root     [256]int32
	label    []byte  // of each node: the byte that leads there
	first    []int32 // of each node: its first child; the others follow, up to the first child of the next node
	fail     []int32 // of each node: the node of its longest proper suffix
	match    []int32 // of each node: the longest pattern that ends there, counted from one; 0 for none
}

func newAutomaton(patterns []pattern) *automaton {
	sorted := slices.SortedFunc(slices.Values(patterns), func(a, b pattern) int {
		if c := strings.Compare(a.text, b.text); c != 0 {
			return c
		}
		return a.order - b.order
	})
	a := &automaton{patterns: slices.CompactFunc(sorted, func(a, b pattern) bool { return a.text == b.text })}
	most := 2 // nodes, and one more
	for _, p := range a.patterns {
		most += len(p.text)
	}
	type group struct{ from, to, depth int32 } // of the patterns that a node begins
	groups := append(make([]group, 0, most), group{0, int32(len(a.patterns)), 0})
	a.label, a.first = make([]byte, 1, most), make([]int32, 0, most)
	a.fail, a.match = make([]int32, 1, most), make([]int32, 1, most)
	for n := 0; n < len(groups); n++ {
		g := groups[n]
		a.first = append(a.first, int32(len(a.label)))
		a.match[n] = a.match[a.fail[n]]
		if g.from < g.to && int32(len(a.patterns[g.from].text)) == g.depth {
			a.match[n] = g.from + 1
			g.from++
		}
		for from := g.from; from < g.to; {
			b, to := a.patterns[from].text[g.depth], from+1
			for to < g.to && a.patterns[to].text[g.depth] == b {
				to++
			}
			child := int32(len(a.label))
			fail := int32(0)
			if n == 0 {
				a.root[b] = child
			} else {
				fail = a.step(a.fail[n], b)
			}
			a.label, a.fail, a.match = append(a.label, b), append(a.fail, fail), append(a.match, 0)
			groups = append(groups, group{from, to, g.depth + 1})
			from = to
		}
	}
	a.first = append(a.first, int32(len(a.label)))
	return a
}

// step returns the next node after a byte.
func (a *automaton) step(node int32, b byte) int32 {
	for node != 0 {
		from := a.first[node]
		if i := bytes.IndexByte(a.label[from:a.first[node+1]], b); i >= 0 {
			return from + int32(i)
		}
		node = a.fail[node]
	}
	return a.root[b]
}

// find returns the places of the patterns. Overlapping places become one mark, with the stand-in of the pattern that starts
// first or, if several start together, of the longest.
func (a *automaton) find(text string) []mark {
	var marks []mark
	node := int32(0)
	for i := range len(text) {
		node = a.step(node, text[i])
		if a.match[node] == 0 {
			continue
		}
		p := a.patterns[a.match[node]-1]
		m := mark{i + 1 - len(p.text), i + 1, p.standIn}
		last := len(marks) - 1
		if last >= 0 && m.from >= marks[last].from && m.to <= marks[last].to {
			continue
		}
		if p.encoded {
			for m.from > 0 && isPadded(text[m.from-1]) {
				m.from--
			}
			for m.to < len(text) && isPadded(text[m.to]) {
				m.to++
			}
		}
		for ; last >= 0 && marks[last].to > m.from; last-- {
			if marks[last].from < m.from {
				m.from, m.standIn = marks[last].from, marks[last].standIn
			}
			m.to = max(m.to, marks[last].to)
		}
		marks = append(marks[:last+1], m)
	}
	return marks
}
