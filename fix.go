package main

import (
	"cmp"
	"net/url"
	"path/filepath"
	"slices"
	"strings"

	"oauth-test-client/internal/causes"
	"oauth-test-client/internal/config"
)

// mask stands for a secret in a line of .env that is not shown.
const mask = "••••••••"

// fixBox is the data of part-fix.html: a fix, and the place of the line that it changes.
type fixBox struct {
	Kind    causes.FixKind
	Title   string
	Where   string   // the file, or the server
	Path    []string // through the server's dashboard
	Line    int      // of the file; 0 where it has none
	Old     []chunk  // what differs from New is marked
	New     []chunk
	Value   string // what the reader should know about a value that is not shown
	ID      string // of the element that Copy copies
	Text    []string
	Then    string // what to do after the change
	Problem string // what is wrong, where the heading of the page says something else
	Name    causes.Name
	NewTab  bool // the page would be lost by following a link
}

// settingsFile is the file in which a user sets the variables.
type settingsFile struct {
	Path   string // as the user knows it; empty where there is none
	Origin func(variable string) config.Origin

	Once     bool     // the program ends with this login
	Restart  []string // variables that have changed and need a restart
	Mistaken bool     // it has been changed, and something in it is wrong: the settings in use are not those in it
}

// newSettingsFile names the file by its whole path where the user sits at this machine, as there may be several.
func newSettingsFile(cfg config.Effective, path string, origin func(variable string) config.Origin) settingsFile {
	f := settingsFile{Path: path, Origin: origin}
	u, err := url.Parse(cfg.BaseURL)
	if err != nil || !config.IsLoopback(u.Hostname()) {
		return f
	}
	if whole, err := filepath.Abs(path); err == nil {
		f.Path = whole
	}
	return f
}

// name returns what a title calls the file.
func (f settingsFile) name() string {
	if f.Path == "" {
		return ".env"
	}
	return filepath.Base(f.Path)
}

// origin looks a variable up in the file and in the environment.
func (f settingsFile) origin(variable string) config.Origin {
	if f.Origin == nil || variable == "" {
		return config.Origin{}
	}
	return f.Origin(variable)
}

// place returns where a variable is set: the file, or the environment.
func (f settingsFile) place(variable string) string {
	if f.origin(variable).FromEnvironment {
		return causes.Environment
	}
	return f.name()
}

// previous says why a result may not fit what the file says.
const previous = "This result is for the previous settings, which are still in use."

// first says what to do before anything else.
func (f settingsFile) first() string {
	if !f.Mistaken {
		return "First restart this app"
	}
	return "First fix the mistake in " + f.name()
}

// hides reports whether a fix must not be shown: its line may be there already, or may have changed.
func (f settingsFile) hides(fix causes.Fix) bool {
	return fix.Variable != "" && (f.Mistaken || slices.Contains(f.Restart, fix.Variable))
}

// advise returns advice that says where its line is, or what to do first if its fix is hidden.
func (f settingsFile) advise(a causes.Advice) causes.Advice {
	if f.hides(a.Remedy) {
		a.Hint, a.Remedy = f.first()+". "+previous, causes.Fix{}
	}
	return a.In(f.place)
}

// newFixBox prepares a fix for a page. The id is unique on the page.
func newFixBox(cfg config.Effective, f causes.Fix, id string, file settingsFile) *fixBox {
	if file.hides(f) {
		return &fixBox{Kind: causes.Look, ID: id, Title: file.first(), Text: []string{previous}}
	}
	box := &fixBox{Kind: f.Kind, ID: id, Where: serverName(cfg), Path: stepsTo(f.Where), Text: sentences(besidesTheLine(f, file.place(f.Variable)))}
	from := file.origin(f.Variable)
	if f.Variable != "" {
		box.Line, box.Where = from.Line, file.Path
		if box.Where == file.name() {
			box.Where = "" // the title has it
		}
	}
	if from.FromEnvironment {
		box.Line, box.Where = 0, "set in the environment, which overrides "+file.name()
	}
	switch f.Kind {
	case causes.Change:
		box.change(f, from, file)
	case causes.Add:
		box.Title, box.New = "Add on the server", breakable(f.Line)
		if f.Old != "" {
			box.Old, box.New = compare(f.Old, f.Line)
		}
	default:
		box.look(f, from)
	}
	if cfg.Demo { // the settings are the demo's own
		box.Where, box.Then = "", ""
		if f.Kind == causes.Look {
			box.Value, box.New = "", nil
		}
		if f.Variable != "" || f.Kind == causes.Add { // a change that would fix the demo's mistake
			box.Then = inDemo
		}
	}
	return box
}

const inDemo = "In your own setup, this is the fix. The demo has no .env to change."

// change prepares a line of .env that changes, or that is added.
func (box *fixBox) change(f causes.Fix, from config.Origin, file settingsFile) {
	then := "save the file, then try again. No restart needed."
	switch {
	case file.Once:
		then = "save the file, then run the command again."
	case config.NeedsRestart(f.Variable):
		then = "save the file, then restart this app."
	}
	box.Title, box.Then = "Change in "+file.name(), capital(then)
	switch box.Old, box.New = compare(f.Old, f.Line); {
	case from.FromEnvironment:
		box.Title, box.Then = "Change in the environment", "Set the variable where you start this app, then restart the app."
	case from.Line == 0: // there is no line to strike out
		box.Old, box.Then = nil, "Add the line, "+then
	}
	if f.Old == "" {
		box.Old, box.New = nil, breakable(f.Line)
	}
}

// look prepares a fix without a better value: a line or a place to look at. For several lines the page has a button that
// finds out which.
func (box *fixBox) look(f causes.Fix, from config.Origin) {
	if f.Several && len(box.Text) > 1 {
		box.Title, box.Text, box.Line = "One of these is wrong", box.Text[1:], 0
		return
	}
	if f.Variable == "" {
		box.Title = "What to do"
		if len(box.Path) > 0 {
			box.Title = "Look at " + box.Where
		} else if place, ok := strings.CutPrefix(f.Where, "In "); ok { // the file, or the environment
			box.Title = "Look at " + place
		}
		box.Where = ""
		return
	}
	box.Title = "Look at " + f.Variable
	line, masked := strings.CutSuffix(f.Old, mask)
	switch {
	case masked:
		box.Value = "value not shown"
	case f.Old == "":
		line = f.Variable + "="
		box.Value = "empty"
		if from == (config.Origin{}) {
			box.Value = "not set"
		}
	}
	box.New = breakable(line)
}

// breakable splits a text that isn't compared with another, at the places where a line may end.
func breakable(text string) []chunk {
	chunks, _ := compare(text, text)
	return chunks
}

// stepsTo splits the way through a dashboard, as a fix writes it: "In Clerk: OAuth applications → Scopes, add".
func stepsTo(where string) []string {
	_, where, found := strings.Cut(where, ": ")
	if !found {
		return nil // a line of .env
	}
	list := strings.Split(strings.TrimSuffix(where, ", add"), "→")
	for i := range list {
		list[i] = strings.TrimSpace(list[i])
	}
	return list
}

// besidesTheLine returns what the sentence of a fix adds to the line, the value or the location that the box shows. The
// place is where the variable is set.
func besidesTheLine(f causes.Fix, place string) string {
	text := f.Text
	if stepsTo(f.Where) != nil {
		text = strings.Replace(text, " ("+strings.ToLower(f.Where[:1])+f.Where[1:]+")", "", 1)
	}
	for _, shown := range []string{"Write " + f.Line + " in .env", "Add " + f.Line + " (" + causes.LowerFirst(strings.TrimSuffix(f.Where, ", add")) + ")"} {
		rest, ok := strings.CutPrefix(f.Text, shown)
		if ok && f.Line != "" {
			text = strings.TrimLeft(rest, "., ")
		}
	}
	return capital(causes.Fix{Text: text}.In(place).Text)
}

// sentences splits a text of three or more sentences, which are alternatives, into a list. It keeps a shorter text
// whole.
func sentences(text string) []string {
	if text == "" {
		return nil
	}
	list := strings.SplitAfter(text, ". ")
	if len(list) < 3 {
		return []string{text}
	}
	for i := range list {
		list[i] = strings.TrimSpace(list[i])
	}
	return list
}

// serverName returns what a page calls the authorization server: the provider's name, or the host.
func serverName(cfg config.Effective) string {
	return cmp.Or(causes.ProviderOf(cfg).Name, causes.HostOf(cmp.Or(cfg.Issuer, cfg.Endpoints.Authorization)), "the server")
}

// fixOf returns the fix of a finding. Some findings have a sentence only.
func fixOf(f causes.Finding) causes.Fix {
	if f.Remedy.Kind != "" || f.Fix == "" {
		return f.Remedy
	}
	return causes.Fix{Kind: causes.Look, Text: sentence(strings.TrimSuffix(f.Fix, "."))}
}
