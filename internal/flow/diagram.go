package flow

import (
	"math"
	"strconv"
	"unicode"

	"oauth-test-client/internal/wire"
)

// Diagram is a flow as a sequence diagram: lifelines from left to right, steps from top to bottom. Horizontal positions are
// percentages of the width, vertical ones multiples of the text size: the text never shrinks with the picture.
type Diagram struct {
	Height    Em
	Narrow    bool // the browser takes no part in it
	Lifelines []Lifeline
	Bands     []Band
	Arrows    []Arrow
}

// Em is a length, as a multiple of the picture's text size.
type Em float64

// String returns the length as SVG writes it.
func (e Em) String() string { return decimal(float64(e)) + "em" }

// Percent is a horizontal position in the picture.
type Percent float64

// String returns the place as SVG writes it.
func (p Percent) String() string { return decimal(float64(p)) + "%" }

func decimal(f float64) string { return strconv.FormatFloat(math.Round(f*100)/100, 'f', -1, 64) }

// Lifeline is one of the parties.
type Lifeline struct {
	Name  string
	X     Percent
	Thief bool
}

// Band is a part of the picture in which everything goes one way: through the browser, or from server to server.
type Band struct {
	Name      string
	Front     bool // through the browser
	Y, Height Em
	NameX     Percent
	NameY     Em
}

// Arrow is one step, with all its lines.
type Arrow struct {
	Step   Step
	Front  bool
	Thief  bool // an attack, and no step of the login
	Lines  []Line
	Y      Em // of the area that can be clicked
	Height Em
}

// Line is one arrow of a step.
type Line struct {
	Words        string
	At           Percent // the words and the values start here, moved to the right by Indent
	Indent       Em
	WordsY       Em
	First        bool // the step's number stands before the words
	Pills        []Pill
	X1, X2       Percent
	Y            Em
	Head, Tail   bool // a point to the right at X2, to the left at X1
	Answer, Self bool
	Found        string
	FoundY       Em
}

// Pill is a value on a line.
type Pill struct {
	Value
	X, Y, Width Em
}

// The dimensions of the picture.
const (
	headRoom    Em = 2.6
	bandGap     Em = .4  // between two bands
	bandPadding Em = .3  // above the first and below the last step of a band
	textHeight  Em = 1.4 // of a line of words
	pillHeight  Em = 1.5
	pillGap     Em = .4
	arrowDrop   Em = .5 // from what is written to the arrow below it
	stepGap     Em = .4
	indent      Em = .7 // from a lifeline to the words
)

// frame holds the positions of the lifelines, and the width for the words.
type frame struct {
	columns [theThief + 1]Percent
	width   Em
}

var (
	wideFrame = frame{[theThief + 1]Percent{theBrowser: 7, theThief: 25, theClient: 46.5, theAuthorizationServer: 77.5, theAPI: 94.5}, 48}
	// narrowFrame leaves the browser out.
	narrowFrame = frame{[theThief + 1]Percent{theClient: 15, theAuthorizationServer: 61.5, theAPI: 93.5}, 31}
)

// draw lays out steps of a flow, each with its exchange.
func draw(steps []Step, flow []*wire.Exchange, tell *teller) Diagram {
	return drawIn(wideFrame, steps, flow, tell)
}

// drawStrip draws a part of a flow, without the browser if it takes no part.
func drawStrip(steps []Step, flow []*wire.Exchange, tell *teller) Diagram {
	for _, e := range flow {
		if isFront(e.Purpose) || isAttack(e.Purpose) {
			return draw(steps, flow, tell)
		}
	}
	return drawIn(narrowFrame, steps, flow, tell)
}

func drawIn(in frame, steps []Step, flow []*wire.Exchange, tell *teller) Diagram {
	d := Diagram{Lifelines: in.lifelines(flow), Narrow: in == narrowFrame}
	y := headRoom
	for i, e := range flow {
		front := isFront(e.Purpose)
		if i == 0 || d.Bands[len(d.Bands)-1].Front != front {
			if i > 0 {
				y += bandPadding + bandGap
			}
			d.Bands = append(d.Bands, in.newBand(front, y))
			y += bandPadding
		}
		a := Arrow{Step: steps[i], Front: front, Thief: isAttack(e.Purpose), Y: y}
		for j, l := range tell.lines(e, steps[i].Coming) {
			number := ""
			if j == 0 {
				number = strconv.Itoa(steps[i].Number)
			}
			drawn := in.newLine(l, number, y)
			a.Lines = append(a.Lines, drawn)
			y = drawn.bottom()
		}
		y += stepGap
		a.Height = y - a.Y
		d.Arrows = append(d.Arrows, a)
		band := &d.Bands[len(d.Bands)-1]
		band.Height = y + bandPadding - band.Y
		band.NameY = y - 1.65 // in its last row, where little is drawn between the last two lifelines
	}
	d.Height = y + bandPadding
	return d
}

// lifelines returns the parties of a flow. The thief is one only if there is an attack.
func (in frame) lifelines(flow []*wire.Exchange) []Lifeline {
	var list []Lifeline
	attacked := false
	for _, e := range flow {
		attacked = attacked || isAttack(e.Purpose)
	}
	for p, name := range partyNames {
		if thief := party(p) == theThief; in.columns[p] > 0 && (!thief || attacked) {
			list = append(list, Lifeline{name, in.columns[p], thief})
		}
	}
	return list
}

// isFront reports whether the browser takes part in a step.
func isFront(p wire.Purpose) bool {
	return p == wire.AuthorizationRequest || p == wire.Consent || p == wire.Response || p == wire.ForgedResponse
}

// isAttack reports whether a step is a thief's.
func isAttack(p wire.Purpose) bool { return p == wire.StolenCode || p == wire.ForgedResponse }

func (in frame) newBand(front bool, y Em) Band {
	b := Band{Name: "server to server", Front: front, Y: y}
	if front {
		b.Name = "browser traffic"
	}
	b.NameX = (in.columns[theAuthorizationServer] + in.columns[theAPI]) / 2
	return b
}

// newLine lays out a line from y downwards: words, values after them or below, the arrow. The first line of a step has its
// number.
func (in frame) newLine(l line, number string, y Em) Line {
	left, right := min(in.columns[l.from], in.columns[l.to]), max(in.columns[l.from], in.columns[l.to])
	d := Line{Words: l.words, First: number != "", At: left, Indent: indent, WordsY: y + 1, Answer: l.answer, Self: l.from == l.to, Found: l.found}
	if d.Self {
		right, d.Indent = in.columns[theAPI], 2*indent
	}
	room := Em(right-left)/100*in.width - 2*d.Indent
	var written Em
	if l.words != "" {
		written = textWidth(l.words) + .3
	}
	if number != "" {
		written += .7 + .7*Em(len(number))
	}
	bottom := y + textHeight
	if width := widthOf(l.values); len(l.values) > 0 && written+pillGap+width <= room { // behind the words
		if written > 0 {
			written += pillGap
		}
		d.Pills, _ = newPills(l.values, written, y-.05, room+written)
	} else if len(l.values) > 0 {
		d.Pills, bottom = newPills(l.values, 0, bottom, room)
	}
	for i := range d.Pills {
		d.Pills[i].X += d.Indent
	}
	d.X1, d.X2, d.Y = left, right, bottom+arrowDrop
	if d.Self {
		d.Y = y + .65
		return d
	}
	d.Head, d.Tail = l.both || in.columns[l.from] < in.columns[l.to], l.both || in.columns[l.from] > in.columns[l.to]
	d.FoundY = d.Y + 1.3
	return d
}

// bottom returns the position where the next line may start.
func (l Line) bottom() Em {
	switch {
	case l.Self && len(l.Pills) > 0 && l.Pills[0].Y > l.WordsY:
		return l.Pills[len(l.Pills)-1].Y + pillHeight + .2
	case l.Self:
		return l.WordsY + .6
	case l.Found != "":
		return l.FoundY + .35
	}
	return l.Y + .35
}

// newPills sets values side by side, and in a new row if there is no room. It returns the end of the last row.
func newPills(values []Value, x, y, room Em) ([]Pill, Em) {
	var list []Pill
	start := x
	for i, v := range values {
		width := pillWidth(v)
		if i > 0 && x+width > room {
			x, y = start, y+pillHeight+.15
		}
		list = append(list, Pill{v, x, y, width})
		x += width + pillGap
	}
	return list, y + pillHeight
}

// pillWidth returns the width of a value, which is monospaced. The sign of PKCE comes from a font with wider letters.
func pillWidth(v Value) Em {
	width := .9 + .605*Em(len([]rune(v.String())))
	if v.Mark == PKCEMark {
		width += .35
	}
	return width
}

// widthOf returns the width of values side by side.
func widthOf(values []Value) Em {
	width := -pillGap
	for _, v := range values {
		width += pillWidth(v) + pillGap
	}
	return width
}

// textWidth estimates how wide a text is.
func textWidth(s string) Em {
	var width Em
	for _, r := range s {
		switch {
		case unicode.IsUpper(r):
			width += .7
		case r == ' ' || r == '.' || r == ',' || r == ':' || r == 'i' || r == 'l' || r == 't' || r == '/':
			width += .3
		case r == 'm' || r == 'w':
			width += .95
		default:
			width += .555
		}
	}
	return width
}
