package flow

import (
	"unicode"

	"oauth-test-client/internal/wire"
)

// Diagram is a flow as a sequence diagram: lifelines from left to right, steps from top to bottom.
// Every number is a coordinate of the SVG in part-flow.html.
type Diagram struct {
	Width, Height int
	Lifelines     []Lifeline
	Bands         []Band
	Arrows        []Arrow
}

// Lifeline is one of the parties.
type Lifeline struct {
	Name string
	X    int
}

// Band is a stretch of the picture in which everything goes one way: through the browser, or from
// server to server.
type Band struct {
	Name           string
	Front          bool // through the browser
	Y, Height      int
	NameX, NameY   int
	X, Width, Edge int
}

// Arrow is one step, with all its lines.
type Arrow struct {
	Step   Step
	Front  bool
	Lines  []Line
	Y      int // of the area that can be clicked
	Height int
}

// Line is one arrow of a step.
type Line struct {
	Words        string
	WordsX       int
	WordsY       int
	First        bool // the step's number stands before the words
	Pills        []Pill
	X1, X2, Y    int
	Head, Tail   int // +1 for a point to the right, -1 to the left, 0 for none
	Answer, Self bool
	Found        string
	FoundY       int
}

// Pill is a value on a line.
type Pill struct {
	Value
	X, Y, Width int
	TextX       int
}

// The measures of the picture. Text is 15 high, values are 14.
const (
	diagramWidth = 760
	headRoom     = 40
	bandEdge     = 8  // from the picture's side to the band
	bandGap      = 6  // between two bands
	bandPadding  = 4  // above the first and below the last step of a band
	textHeight   = 20 // of a line of words
	pillHeight   = 24
	arrowDrop    = 8 // from what is written to the arrow below it
	stepGap      = 5
	indent       = 10 // from a lifeline to the words
)

// columns are where the lifelines stand.
var columns = [...]int{theBrowser: 56, theClient: 318, theAuthorizationServer: 574, theAPI: 706}

// draw lays out a flow.
func draw(steps []Step, flow []*wire.Exchange, tell *teller) Diagram {
	d := Diagram{Width: diagramWidth}
	for p, name := range partyNames {
		d.Lifelines = append(d.Lifelines, Lifeline{name, columns[p]})
	}
	y := headRoom
	for i, e := range flow {
		front := isFront(e.Purpose)
		if i == 0 || d.Bands[len(d.Bands)-1].Front != front {
			if i > 0 {
				y += bandPadding + bandGap
			}
			d.Bands = append(d.Bands, newBand(front, y))
			y += bandPadding
		}
		a := Arrow{Step: steps[i], Front: front, Y: y}
		for j, l := range tell.lines(e, steps[i].Coming) {
			drawn := newLine(l, j == 0, y)
			a.Lines = append(a.Lines, drawn)
			y = drawn.bottom()
		}
		y += stepGap
		a.Height = y - a.Y
		d.Arrows = append(d.Arrows, a)
		band := &d.Bands[len(d.Bands)-1]
		band.Height = y + bandPadding - band.Y
	}
	d.Height = y + bandPadding + bandEdge
	return d
}

// isFront reports a step that the browser takes part in.
func isFront(p wire.Purpose) bool {
	return p == wire.AuthorizationRequest || p == wire.Consent || p == wire.Response
}

func newBand(front bool, y int) Band {
	b := Band{Name: "server to server", Front: front, Y: y, X: bandEdge, Width: diagramWidth - 2*bandEdge, Edge: 4}
	if front {
		b.Name = "browser traffic"
	}
	// Between the last two lifelines little is drawn.
	b.NameX, b.NameY = (columns[theAuthorizationServer]+columns[theAPI])/2, y+19
	return b
}

// newLine lays out a line from y downwards: words, values behind them or below, the arrow.
func newLine(l line, first bool, y int) Line {
	left, right := columns[min(l.from, l.to)], columns[max(l.from, l.to)]
	d := Line{Words: l.words, First: first, WordsX: left + indent, WordsY: y + 15, Answer: l.answer, Self: l.from == l.to, Found: l.found}
	room := right - left - 2*indent
	if d.Self {
		room, d.WordsX = columns[theAPI]-left-2*indent, left+2*indent
	}
	written := textWidth(l.words) + 4
	if first {
		written += 24 // the number
	}
	d.Pills = newPills(l.values, d.WordsX, y+textHeight)
	bottom := y + textHeight
	if n := len(d.Pills); n > 0 {
		last := d.Pills[n-1]
		if shift := written + indent; shift+last.X+last.Width-d.WordsX <= room { // behind the words
			for i := range d.Pills {
				d.Pills[i].X, d.Pills[i].TextX, d.Pills[i].Y = d.Pills[i].X+shift, d.Pills[i].TextX+shift, y
			}
		} else {
			bottom += pillHeight
		}
	}
	d.X1, d.X2, d.Y = left, right, bottom+arrowDrop
	if d.Self {
		d.Y = y + 10
		return d
	}
	switch {
	case l.both:
		d.Head, d.Tail = 1, 1
	case l.from < l.to:
		d.Head = 1
	default:
		d.Tail = 1
	}
	d.FoundY = d.Y + 19
	return d
}

// bottom is where the next line may begin.
func (l Line) bottom() int {
	switch {
	case l.Self && len(l.Pills) > 0 && l.Pills[0].Y > l.WordsY:
		return l.WordsY + 5 + pillHeight
	case l.Self:
		return l.WordsY + 9
	case l.Found != "":
		return l.FoundY + 5
	}
	return l.Y + 5
}

// newPills sets values side by side.
func newPills(values []Value, x, y int) []Pill {
	var list []Pill
	for _, v := range values {
		width := 14 + 84*len([]rune(v.String()))/10 // of the monospaced 14 high
		list = append(list, Pill{v, x, y, width, x + width/2})
		x += width + 6
	}
	return list
}

// textWidth is about how wide a text 15 high is.
func textWidth(s string) int {
	tenths := 0
	for _, r := range s {
		switch {
		case unicode.IsUpper(r):
			tenths += 105
		case r == ' ' || r == '.' || r == ',' || r == ':' || r == 'i' || r == 'l' || r == 't' || r == '/':
			tenths += 45
		case r == 'm' || r == 'w':
			tenths += 120
		default:
			tenths += 83
		}
	}
	return tenths / 10
}
