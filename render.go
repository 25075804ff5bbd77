package main

import (
	"bytes"
	"embed"
	"encoding/json"
	"html/template"
	"io/fs"
	"net/http"
	"net/url"
	"oauth-test-client/internal/wire"
	"path"
	"slices"
	"strings"
)

//go:embed templates
var templates embed.FS

// parsePages parses every page with the layout around it and the parts that several pages have, so
// that a broken template is found at the start and not by a user.
func parsePages() (map[string]*template.Template, error) {
	files, err := fs.Glob(templates, "templates/*.html")
	if err != nil {
		return nil, err
	}
	pages := map[string]*template.Template{}
	for _, file := range files {
		if path.Base(file) == "layout.html" || strings.HasPrefix(path.Base(file), "part-") {
			continue
		}
		page, err := template.New("layout.html").Option("missingkey=error").ParseFS(templates, "templates/layout.html", "templates/part-*.html", file)
		if err != nil {
			return nil, err
		}
		pages[path.Base(file)] = page
	}
	return pages, nil
}

// page is what the layout shows around every page. A page's own data embeds it.
type page struct {
	Title string
	Demo  bool
}

func (s *server) page(title string) page { return page{Title: title, Demo: s.cfg.Demo} }

// wantsHTML reports whether a browser asks, and not curl or a program.
func wantsHTML(r *http.Request) bool {
	return strings.Contains(r.Header.Get("Accept"), "text/html")
}

// respond answers with the page, or with the JSON document for everyone but browsers. Nothing is
// written until it is whole.
func (s *server) respond(w http.ResponseWriter, r *http.Request, status int, name string, data any, document []byte) error {
	w.Header().Set("Vary", "Accept")
	if !wantsHTML(r) {
		write(w, status, "application/json", document)
		return nil
	}
	var out bytes.Buffer
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

// marshal writes JSON as people read it: indented, and with & and < as themselves.
func marshal(v any) ([]byte, error) {
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	err := e.Encode(v)
	return out.Bytes(), err
}

// errorPage is the data of error.html.
type errorPage struct {
	page
	Failure *failure
	Heading string
	Link    string // the server's error_uri, when it is one that may be followed
	Denied  bool   // access_denied: nothing is wrong with the setup
	Where   string // the server's name in the table of what we sent
	Field   string // what its dashboard calls the setting at fault; empty when none is suspected
	Flow    *flowView
}

// errorDocument is an error as OAuth writes it (RFC 6749 section 5.2), with what we have to add.
type errorDocument struct {
	Error       string    `json:"error"`
	Description string    `json:"error_description"`
	URI         string    `json:"error_uri,omitempty"`
	Hint        string    `json:"hint,omitempty"`
	Tried       []tried   `json:"tried,omitempty"`
	Setting     setting   `json:"setting,omitempty"` // the likely one
	Field       string    `json:"field,omitempty"`   // what the server's dashboard calls it
	Sent        []sent    `json:"sent,omitempty"`
	Checks      []verdict `json:"checks,omitempty"`
}

// fail is the one place that turns an error into a status, a log line and a page.
func (s *server) fail(w http.ResponseWriter, r *http.Request, err error) {
	f := s.withoutSecret(asFailure(err))
	if n, ok := w.(*noted); ok {
		n.code = f.Code
	}
	words := dashboardOf(s.cfg)
	document, err := marshal(errorDocument{limit(f.Code), limit(f.Description), limit(f.URI), f.Hint, f.Tried, f.Setting, words.Fields[f.Setting], f.Sent, f.Verdicts})
	if err != nil {
		document = []byte(`{"error": "server_error", "error_description": "the error could not be written"}`)
	}
	data := errorPage{page: s.page(heading(f)), Failure: f, Heading: heading(f), Link: safeLink(f.URI), Denied: f.Code == "access_denied", Where: words.Name, Field: words.Fields[f.Setting]}
	if len(f.Flow) > 0 {
		view := s.viewFlow(f.Flow, false)
		data.Flow = &view
	}
	if f.Allow != "" {
		w.Header().Set("Allow", f.Allow)
	}
	if err := s.respond(w, r, f.Status, "error.html", data, document); err != nil {
		write(w, f.Status, "application/json", document)
	}
}

// withoutSecret takes the client secret out of a failure: a server may repeat what it was sent.
func (s *server) withoutSecret(f *failure) *failure {
	hide := s.provider.hide
	clean := *f
	clean.Code, clean.Description, clean.URI, clean.Hint = hide.Replace(f.Code), hide.Replace(f.Description), hide.Replace(f.URI), hide.Replace(f.Hint)
	clean.Verdicts = slices.Clone(f.Verdicts)
	for i := range clean.Verdicts {
		clean.Verdicts[i].Found = hide.Replace(clean.Verdicts[i].Found)
	}
	return &clean
}

// limit bounds a text from outside in a JSON document, which otherwise passes it on unchanged.
func limit(s string) string {
	const most = 4096
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + "…"
}

// heading says in a few words whose turn it is.
func heading(f *failure) string {
	switch {
	case f.Code == "access_denied":
		return "Access was denied"
	case f.Status == http.StatusBadGateway && f.Code == "server_not_found":
		return "The authorization server was not found"
	case f.Status == http.StatusBadGateway && f.Code == "server_unreachable":
		return "The authorization server did not answer"
	case f.Status == http.StatusBadGateway && f.Theirs:
		return "The authorization server refused the token request"
	case f.Status == http.StatusBadGateway && f.Code == "server_error":
		return "The server failed"
	case f.Status == http.StatusBadGateway:
		return "The authorization server’s answer cannot be used"
	case f.Theirs:
		return "The authorization server refused the login"
	case f.Code == "not_supported":
		return "This server does not offer that"
	case f.Status == http.StatusUnauthorized:
		return "No token is held"
	case f.Status == http.StatusNotFound:
		return "Nothing here"
	case f.Status == http.StatusForbidden, f.Status == http.StatusMisdirectedRequest, f.Status == http.StatusMethodNotAllowed:
		return "This request is not for here"
	case f.Code == "session_store_failed":
		return "The session store cannot be used"
	case f.Status >= 500:
		return "Something went wrong here"
	}
	return "This login cannot be finished"
}

// safeLink returns an address only if following it does no harm.
func safeLink(address string) string {
	u, err := url.Parse(address)
	if err != nil || (u.Scheme != "https" && u.Scheme != "http") || u.Host == "" || u.User != nil || wire.Visible(address) != address {
		return ""
	}
	return address
}

// Visible is for templates: text from outside, with nothing in it that a reader cannot see.
func (f *failure) Visible(s string) string { return wire.Clip(s, 4096) }
