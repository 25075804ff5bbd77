package main

import (
	"bytes"
	"crypto/x509"
	"embed"
	"encoding/json"
	"fmt"
	"html/template"
	"log"
	"net/http"
	"oauth-test-client/internal/check"
	"oauth-test-client/internal/cli"
	"oauth-test-client/internal/config"
	"oauth-test-client/internal/display"
	"oauth-test-client/internal/flow"
	"oauth-test-client/internal/oauth"
	"oauth-test-client/internal/session"
	"oauth-test-client/internal/wire"
	"reflect"
	"strings"
	"time"
)

// server is the client of the protocol: it begins logins and finishes them. Everything that it
// needs comes in through newServer.
type server struct {
	cfg       config.Config
	wire      *wire.Client
	oauth     *oauth.Client
	checks    *check.Runner
	sessions  *session.Store
	starter   *oauth.Starter            // of logins that begin at an API
	refreshes *oauth.Shared[*refreshed] // by the state of the login
	pages     map[string]*template.Template
	log       *log.Logger
	now       func() time.Time
	traffic   *cli.Traffic
	notice    *display.Notice // about the settings; nil when there is nothing to say
	broken    bool            // the demo server is, on purpose

	found func(*oauth.Client) *server // puts what was found at the API to use
	ended func(cli.Verdict)           // is told what came of a login; nil while nobody waits for one
}

// refreshed is what came of a refresh, for everyone who waited for it.
type refreshed struct {
	answer        *wire.Exchange
	response      *oauth.TokenResponse // nil when the server refused
	before, after oauth.Tokens
}

// newServer wires the client together. Nothing is asked of the authorization server yet.
func newServer(cfg config.Config, roots *x509.CertPool, log *log.Logger, now func() time.Time) (*server, error) {
	sessions, err := session.New(cfg, roots, now)
	if err != nil {
		return nil, err
	}
	pages, err := display.ParsePages(templates)
	if err != nil {
		return nil, fmt.Errorf("templates: %w", err)
	}
	s := &server{sessions: sessions, starter: oauth.NewStarter(cfg), refreshes: new(oauth.Shared[*refreshed]), traffic: new(cli.Traffic),
		pages: pages, log: log, now: now}
	return s.with(cfg, roots), nil
}

// with is the server with other settings. What depends on the authorization server is made anew; the
// sessions, their locks and what has been spent stay.
func (s *server) with(cfg config.Config, roots *x509.CertPool) *server {
	next := *s
	next.cfg = cfg
	next.wire = wire.New(roots, s.now)
	next.oauth = oauth.New(cfg, next.wire, s.now)
	next.checks = check.NewRunner(cfg, next.wire, s.now) // what was found with other settings is nothing now
	return &next
}

// at is the server with what was found at the API.
func (s *server) at(c *oauth.Client) *server {
	next := *s
	next.cfg, next.oauth = c.Config(), c
	if !reflect.DeepEqual(next.cfg, s.cfg) {
		next.checks = s.checks.For(next.cfg, s.wire)
	}
	return &next
}

// noting is the server with something to say about its settings, or with nothing.
func (s *server) noting(n *display.Notice) *server {
	next := *s
	next.notice = n
	return &next
}

// secrets are what no page and no file of a flow may hold.
func (s *server) secrets() flow.Secrets {
	return flow.Secrets{ClientID: s.cfg.ClientID, ClientSecret: s.cfg.ClientSecret, Issued: s.cfg.Issued}
}

//go:embed templates
var templates embed.FS

//go:embed static
var static embed.FS

// page is what the layout shows around a page.
func (s *server) page(title string) display.Page {
	return display.Page{Title: title, Demo: s.cfg.Demo, Notice: s.notice, Broken: s.broken, Paste: display.NewPaste(s.cfg)}
}

// signIn is the button that begins a login, with its options.
func (s *server) signIn(label string) display.SignIn { return display.NewSignIn(label, s.cfg) }

// wantsHTML reports whether a browser asks, and not curl or a program.
func wantsHTML(r *http.Request) bool {
	return strings.Contains(r.Header.Get("Accept"), "text/html")
}

// respond answers with the page, or with the same data as JSON for everyone but browsers. Nothing is
// written until it is whole.
func (s *server) respond(w http.ResponseWriter, r *http.Request, status int, name string, data any) error {
	w.Header().Set("Vary", "Accept")
	var out bytes.Buffer
	if !wantsHTML(r) {
		e := json.NewEncoder(&out)
		e.SetEscapeHTML(false) // & and < as people read them
		if err := e.Encode(data); err != nil {
			return err
		}
		write(w, status, "application/json", []byte(wire.Pretty(out.String()))) // a server's answer may be in it
		return nil
	}
	if err := s.pages[name].Execute(&out, data); err != nil {
		return err
	}
	write(w, status, "text/html; charset=utf-8", out.Bytes())
	return nil
}

func write(w http.ResponseWriter, status int, contentType string, body []byte) {
	w.Header().Set("Content-Type", contentType)
	w.WriteHeader(status)
	w.Write(body) // a browser that has gone away is no error of ours
}

// leavePage is the data of paste.html.
type leavePage struct {
	display.Page
	To, Server string // the authorization request, and its host
}

// leave sends the browser to the authorization server. Where it does not come back by itself, that is a link
// beside the form for the way back, as a page that has been left cannot take the address.
func (s *server) leave(w http.ResponseWriter, r *http.Request, to string) error {
	if !s.cfg.IsPasted() || !wantsHTML(r) {
		http.Redirect(w, r, to, http.StatusFound)
		return nil
	}
	return s.respond(w, r, http.StatusOK, "paste.html", leavePage{s.page("Sign in, then paste the address"), to, display.HostOf(to)})
}

// answerOf prepares an exchange to be shown, without the client secret.
func (s *server) answerOf(kind string, e *wire.Exchange) display.Answer {
	return display.Answer{Answer: flow.NewAnswer(e, s.cfg.Hide), Kind: kind}
}

// answersPage is the data of answers.html.
type answersPage struct {
	display.Page
	Heading string
	Lead    string
	Answers display.Answers
}

// MarshalJSON writes the answers alone.
func (p answersPage) MarshalJSON() ([]byte, error) { return json.Marshal(p.Answers) }

// showAnswers answers with what the server said, below a heading that says what that means: the first
// when every answer is what it should be, else the second.
func (s *server) showAnswers(w http.ResponseWriter, r *http.Request, good, bad string, answers ...display.Answer) error {
	heading, lead := display.Answers(answers).Verdict(good, bad)
	return s.respond(w, r, http.StatusOK, "answers.html", answersPage{s.page(heading), heading, lead, answers})
}

// handleStatic serves what the pages load. The browser asks each time whether it has changed.
func handleStatic(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-cache")
	http.ServeFileFS(w, r, static, "static/"+r.PathValue("file"))
}

// statusRecorder remembers what was answered, for the log line.
type statusRecorder struct {
	http.ResponseWriter
	status int
	code   string // our own error code, if it was an error
}

func (n *statusRecorder) WriteHeader(status int) {
	n.status = status
	n.ResponseWriter.WriteHeader(status)
}

// Unwrap lets http.ResponseController reach the connection.
func (n *statusRecorder) Unwrap() http.ResponseWriter { return n.ResponseWriter }
