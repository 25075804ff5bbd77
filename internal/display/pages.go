package display

import (
	"html/template"
	"io/fs"
	"path"
	"strings"
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
