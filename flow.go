package main

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"oauth-test-client/internal/flow"
	"oauth-test-client/internal/session"
	"oauth-test-client/internal/wire"
)

// flowPage is the data of flow.html.
type flowPage struct {
	layout
	Flow  flow.Page
	At    string // the address of this page
	SoFar bool   // the login waits

	Chosen   bool   // the address names a step
	Markdown string // what Copy copies: a script of ours may fetch nothing
}

// handleFlow shows every exchange of this session: as a diagram and a list, or for programs as HAR. If a login that started
// later is waiting, it shows that login so far.
func (s *server) handleFlow(w http.ResponseWriter, r *http.Request) error {
	if !wantsHTML(r) {
		w.Header().Set("Vary", "Accept")
		return s.handleHAR(w, r)
	}
	l, err := s.recorded(w, r)
	query := r.URL.Query()
	full, number := query.Get("tokens") == "full", query.Get("step")
	address := "/flow?step="
	if full {
		address = "/flow?tokens=full&step="
	}
	data := flowPage{layout: s.stagePage(r, "What went over the wire"), At: address + url.QueryEscape(number), Chosen: number != ""}
	if waiting := s.waiting(r); waiting != nil && (err != nil || waiting.Request.Began.After(l.Request.Began)) {
		timeline, err := s.waitingTimeline(r.Context(), waiting)
		if err != nil {
			return err
		}
		current := timeline.Current
		timeline.Current = nil // only the chosen step is current
		data.Title, data.SoFar, data.Flow = "What went over the wire so far", true, timeline.View(s.secrets(), full)
		i := slices.IndexFunc(data.Flow.Steps, func(step flow.Step) bool { return slices.Contains(current, wire.Purpose(step.Name)) })
		if number == "" && i >= 0 {
			number = strconv.Itoa(data.Flow.Steps[i].Number)
		}
		data.Flow.ShowAt(address, number, !data.Large)
		return s.respond(w, r, http.StatusOK, "flow.html", data)
	}
	if err != nil {
		return err
	}
	sequence := s.sequence(s.steps(l), l.IDToken != nil)
	data.Flow, data.Markdown = flow.View(sequence, s.secrets(), full), flow.Markdown(sequence, s.secrets())
	if l.IDToken != nil {
		data.Flow.AddChecks(flowChecks(l.IDToken.Verdicts))
	}
	data.Flow.ShowAt(address, number, !data.Large)
	return s.respond(w, r, http.StatusOK, "flow.html", data)
}

// recorded returns the newest login of this browser, with all that its flow needs.
func (s *server) recorded(w http.ResponseWriter, r *http.Request) (*session.Login, error) {
	l, err := s.current(w, r)
	if err == nil {
		s.oauth.Metadata(r.Context()) // for the first step's address, when another process began the login
	}
	return l, err
}

// handleHAR returns the flow as a file, to keep or to attach to a bug report.
func (s *server) handleHAR(w http.ResponseWriter, r *http.Request) error {
	l, err := s.recorded(w, r)
	if err != nil {
		return err
	}
	document, err := flow.HAR(s.steps(l), s.secrets())
	if err != nil {
		return err
	}
	if r.URL.Path != "/flow" { // at /flow, a program reads it
		w.Header().Set("Content-Disposition", `attachment; filename="oauth-flow.har"`)
	}
	write(w, http.StatusOK, "application/json", document)
	return nil
}

// handleReport returns the flow as Markdown, with the diagram in Mermaid.
func (s *server) handleReport(w http.ResponseWriter, r *http.Request) error {
	l, err := s.recorded(w, r)
	if err != nil {
		return err
	}
	report := flow.Markdown(s.sequence(s.steps(l), l.IDToken != nil), s.secrets())
	write(w, http.StatusOK, "text/markdown; charset=utf-8", []byte(report))
	return nil
}
