package demo

import (
	"bytes"
	"embed"
	"net/http"
	"path"
	"strings"
)

//go:embed templates
var templates embed.FS

// page is what every page has.
type page struct {
	Base, Title string
	Wide        bool
	SetUp       SetUp // that is on
}

func (s *Server) page(title string) page {
	return page{Base: s.base, Title: title, SetUp: s.SetUp()}
}

// person is the data of the template "person".
type person struct {
	Base string
	User *user
}

// Person is for the templates: whoever is shown with face, name and address.
func (p page) Person(u *user) person { return person{p.Base, u} }

// render answers with a page, once it is whole.
func (s *Server) render(w http.ResponseWriter, status int, name string, data any) {
	var out bytes.Buffer
	if err := s.pages.ExecuteTemplate(&out, name, data); err != nil {
		s.writeError(w, http.StatusInternalServerError, "server_error", "the page could not be made")
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	w.Write(out.Bytes())
}

// messagePage is the data of message.html.
type messagePage struct {
	page
	Code, Text string
}

// showError tells the person, or the program, that the request cannot go on here. It is for errors
// that must not be sent to the redirect URI (RFC 6749 section 4.1.2.1).
func (s *Server) showError(w http.ResponseWriter, r *http.Request, code, description string) {
	if !strings.Contains(r.Header.Get("Accept"), "text/html") {
		s.writeError(w, http.StatusBadRequest, code, description)
		return
	}
	s.render(w, http.StatusBadRequest, "message.html", messagePage{s.page("This request cannot go on"), code, description})
}

// handleFile serves what the pages load.
func (s *Server) handleFile(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-cache")
	http.ServeFileFS(w, r, templates, "templates"+strings.TrimPrefix(path.Clean(r.URL.Path), s.base))
}
