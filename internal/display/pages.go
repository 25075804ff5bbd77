package display

import (
	"html/template"
	"io/fs"
	"path"
	"strings"

	"oauth-test-client/internal/wire"
)

// ParsePages parses every page with the layout around it and the parts that several pages have, so
// that a broken template is found at the start and not by a user.
func ParsePages(templates fs.FS) (map[string]*template.Template, error) {
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

// Page is what the layout shows around every page. A page's own data embeds it.
type Page struct {
	Title  string  `json:"-"`
	Demo   bool    `json:"-"`
	Notice *Notice `json:"notice,omitempty"`
	Broken bool    `json:"demo_is_broken,omitempty"` // on purpose
	Paste  *Paste  `json:"-"`                        // the form for the way back; nil where the browser comes by itself
}

// SignInPath is where the buttons that begin a login lead. The demo remembers consent, as servers do; who
// presses a button wants to see it.
func (p Page) SignInPath() string {
	if p.Demo {
		return "/login?prompt=consent"
	}
	return "/login"
}

// Visible is for templates: text from outside, with nothing in it that a reader cannot see.
func (Page) Visible(s string) string { return wire.Clip(s, 2000) }
