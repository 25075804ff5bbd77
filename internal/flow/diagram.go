package flow

import "oauth-test-client/internal/wire"

// Diagram is a flow as a sequence diagram: lifelines from left to right, steps from top to bottom.
// Every number is a coordinate of the SVG in part-flow.html.
type Diagram struct {
	Width, Height int
	Lifelines     []Lifeline
	Arrows        []Arrow
}

// Lifeline is one of the parties.
type Lifeline struct {
	Name string
	X    int
}

// Arrow is one step. A step with an answer has a second, dashed arrow below the first.
type Arrow struct {
	Step             Step
	X1, X2, Y        int
	LabelX           int
	Self             bool // the client does it alone
	Answer           bool
	AnswerY          int
	HeadX            int // where the points of the first arrow's head are
	AnswerHeadX      int
	Top, BoxX, Width int // of the area that can be clicked
}

const (
	columnWidth = 190
	firstColumn = 85
	rowHeight   = 58
	headerRoom  = 46
)

// draw lays out a flow.
func draw(steps []Step, flow []*wire.Exchange) Diagram {
	last := theAuthorizationServer
	for _, e := range flow {
		if e.Purpose == wire.API {
			last = theResourceServer
		}
	}
	names := []string{"Browser", "Client (this app)", "Authorization server", "Resource server"}
	d := Diagram{Width: 2*firstColumn + int(last)*columnWidth, Height: headerRoom + len(steps)*rowHeight + 10}
	for p := theBrowser; p <= last; p++ {
		d.Lifelines = append(d.Lifelines, Lifeline{names[p], column(p)})
	}
	for i, step := range steps {
		d.Arrows = append(d.Arrows, newArrow(step, flow[i], headerRoom+i*rowHeight))
	}
	return d
}

func column(p party) int { return firstColumn + int(p)*columnWidth }

func newArrow(step Step, e *wire.Exchange, top int) Arrow {
	from, to := between(e.Purpose)
	a := Arrow{Step: step, X1: column(from), X2: column(to), Y: top + 26, Top: top, Self: from == to}
	a.LabelX = (a.X1 + a.X2) / 2
	a.HeadX = a.X2 - 8
	a.AnswerHeadX = a.X1 + 8
	a.Answer = e.Status > 0 || e.Purpose == wire.Consent
	a.AnswerY = a.Y + 16
	a.BoxX, a.Width = a.X1, a.X2-a.X1
	if a.Self {
		a.LabelX, a.BoxX, a.Width = a.X1, a.X1-90, 180
	}
	return a
}
