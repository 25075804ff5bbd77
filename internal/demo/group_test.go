package demo

import (
	"go/ast"
	"go/parser"
	"go/token"
	"html"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// declared are the faults that fault.go has.
func declared(t *testing.T) []Fault {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "fault.go", nil, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	var faults []Fault
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok {
			return true
		}
		if kind, ok := spec.Type.(*ast.Ident); ok && kind.Name == "Fault" && len(spec.Values) == 1 {
			value, err := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
			if err != nil {
				t.Fatal(err)
			}
			faults = append(faults, Fault(value))
		}
		return true
	})
	return faults
}

// Every fault is offered on the page, once: by its number or by its mistake. A button turns it on, and off again.
func TestGroups_OfferEveryFault(t *testing.T) {
	h := start(t)
	groups := h.server.Groups()
	offered := SetUps()
	for _, g := range groups {
		offered = append(offered, g.SetUps...)
	}
	faults := declared(t)
	if len(faults) < 54 || len(groups) != 5 {
		t.Fatalf("fault.go has %d faults, and there are %d groups: this test looks at nothing", len(faults), len(groups))
	}
	for _, f := range faults {
		rows := slices.DeleteFunc(slices.Clone(offered), func(o SetUp) bool { return o.Fault != f })
		if len(rows) != 1 {
			t.Errorf("%q is offered %d times", f, len(rows))
			continue
		}
		row := rows[0]
		if row.Mistake == "" || row.Looks == "" || row.Fix == "" {
			t.Errorf("%q lacks words: %+v", f, row)
		}
		if button := `value="` + string(f) + `" class="plain">`; strings.Count(h.do("GET", "/", nil, nil).body, button) != 1 {
			t.Errorf("%q has no button, or more than one", f)
		}
		h.choose(f)
		if on := h.server.SetUp(); on != row || !h.server.breaks(f) || row.With != "" && !h.server.breaks(row.With) {
			t.Errorf("%q does not turn itself on: %+v", f, on)
		}
		if pressed := `value="` + string(f) + `" class="plain" aria-pressed="true">`; !strings.Contains(h.do("GET", "/", nil, nil).body, pressed) {
			t.Errorf("%q is on, and its button does not say so", f)
		}
		h.choose("")
		if h.server.SetUp() != (SetUp{}) || slices.ContainsFunc(faults, h.server.breaks) {
			t.Errorf("%q is not turned off", f)
		}
	}
	if len(offered) != len(faults) {
		t.Errorf("%d set-ups are offered, and fault.go has %d faults", len(offered), len(faults))
	}
}

// What a button of a group turns on shows, and is gone when it is turned off.
func TestGroups_TurnFaultsOnAndOff(t *testing.T) {
	h := start(t)
	for _, row := range faultTests {
		h.choose(row.fault)
		if !row.broken(h) {
			t.Errorf("%q is on, and doesn't show", row.fault)
		}
		h.choose("")
		if row.broken(h) {
			t.Errorf("%q is off, and shows", row.fault)
		}
	}
	h.choose(APIWantsJWT) // shows with opaque tokens only
	if !h.refuses("the access token must be a JWT") {
		t.Error("an API that wants a JWT is on, and not seen")
	}
}

// The page keeps the named ones folded, until one of them is on: then it says which, how to find it and what
// has to be changed. A sound server is not called broken.
func TestHome_NamesFaultsThatAreOn(t *testing.T) {
	for _, row := range []struct {
		fault  Fault
		open   bool
		banner string
		words  []string
	}{
		{"", false, "", nil},
		{SecretWrong, false, "Broken on purpose.", nil},
		{APIOpen, true, "Broken on purpose.", []string{"It accepts calls without a token.", "Try wrong tokens", "this API has to change."}},
		{APINoChallenge, true, "Broken on purpose.", []string{"It refuses without saying why.", "/check", "WWW-Authenticate"}},
		{RefreshNotRotated, true, "Broken on purpose.", []string{"It doesn't replace refresh tokens.", "/misuse", "RFC 9700"}},
		{LoopbackPortFixed, true, "Broken on purpose.", []string{"Only the registered port", "-env second.env", "RFC 8252"}},
		{LocalhostAnyPort, true, "Changed on purpose.", []string{"Any port of localhost", "The sign-in works."}},
		{ResourceMetadataLies, true, "Broken on purpose.", []string{"Its metadata describes a different API.", "/demo/api/me go run .", "Or set ISSUER"}},
		{OpaqueAccessTokens, true, "Changed on purpose.", []string{"Access tokens are opaque.", "Nothing has to change."}},
	} {
		h := start(t)
		h.choose(row.fault)
		page := html.UnescapeString(h.do("GET", "/", nil, nil).body)
		if open := strings.Contains(page, "<details open>\n<summary>More mistakes, by name"); open != row.open {
			t.Errorf("%q: the named mistakes are open: %t", row.fault, open)
		}
		if folded := strings.Contains(page, "<details>\n<summary>More mistakes, by name"); folded == row.open {
			t.Errorf("%q: the named mistakes are folded: %t", row.fault, folded)
		}
		_, note, named := strings.Cut(page, `<div class="note">`)
		note, _, _ = strings.Cut(note, "</div>")
		if named != row.open {
			t.Errorf("%q: a note says what is on: %t", row.fault, named)
		}
		for _, words := range row.words {
			if !strings.Contains(note, words) {
				t.Errorf("%q: the note lacks %q:\n%s", row.fault, words, note)
			}
		}
		for _, banner := range []string{"Broken on purpose.", "Changed on purpose."} {
			if strings.Contains(page, banner) != (banner == row.banner) {
				t.Errorf("%q: the banner is not %q", row.fault, row.banner)
			}
		}
	}
}
