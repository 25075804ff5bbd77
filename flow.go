package main

import (
	"net/http"
	"oauth-test-client/internal/flow"
	"oauth-test-client/internal/session"
)

// flowPage is the data of flow.html.
type flowPage struct {
	layout
	Flow     flow.Page
	Markdown string // what Copy copies: a script of ours may fetch nothing
}

// handleFlow shows every exchange of this session: as a diagram and a list, or for programs as HAR.
func (s *server) handleFlow(w http.ResponseWriter, r *http.Request) error {
	if !wantsHTML(r) {
		w.Header().Set("Vary", "Accept")
		return s.handleHAR(w, r)
	}
	l, err := s.recorded(w, r)
	if err != nil {
		return err
	}
	query := r.URL.Query()
	full := query.Get("tokens") == "full"
	address := "/flow?step="
	if full {
		address = "/flow?tokens=full&step="
	}
	told := s.told(s.steps(l), l.IDToken != nil)
	view := flow.View(told, s.secrets(), full)
	if l.IDToken != nil {
		view.AddChecks(flowChecks(l.IDToken.Verdicts))
	}
	view.ShowAt(address, query.Get("step"))
	return s.respond(w, r, http.StatusOK, "flow.html", flowPage{s.page("What went over the wire"), view, flow.Markdown(told, s.secrets())})
}

// recorded is the newest login of this browser, with what it takes to tell its flow.
func (s *server) recorded(w http.ResponseWriter, r *http.Request) (*session.Login, error) {
	l, err := s.current(w, r)
	if err == nil {
		s.oauth.Metadata(r.Context()) // for the first step's address, when another process began the login
	}
	return l, err
}

// handleHAR is the same as a file to keep, or to add to a bug report.
func (s *server) handleHAR(w http.ResponseWriter, r *http.Request) error {
	l, err := s.recorded(w, r)
	if err != nil {
		return err
	}
	document, err := flow.HAR(s.steps(l), s.secrets())
	if err != nil {
		return err
	}
	if r.URL.Path != "/flow" { // where a program reads it
		w.Header().Set("Content-Disposition", `attachment; filename="oauth-flow.har"`)
	}
	write(w, http.StatusOK, "application/json", document)
	return nil
}

// handleReport is the same as Markdown, with the picture as Mermaid draws it.
func (s *server) handleReport(w http.ResponseWriter, r *http.Request) error {
	l, err := s.recorded(w, r)
	if err != nil {
		return err
	}
	report := flow.Markdown(s.told(s.steps(l), l.IDToken != nil), s.secrets())
	write(w, http.StatusOK, "text/markdown; charset=utf-8", []byte(report))
	return nil
}
