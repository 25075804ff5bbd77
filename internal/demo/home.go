package demo

import (
	"net/http"
	"slices"
)

// homePage is the data of home.html.
type homePage struct {
	page
	Home      string // the client's own page
	User      *user  // who is signed in; may be nil
	Users     []*user
	Addresses []address
	SetUps    []setUpChoice
	Groups    []Group
	On        *Group // that of what is on; nil for a riddle
	Reset     bool   // it has just been done
}

// address is one line of the table of addresses.
type address struct{ What, URL string }

// setUpChoice is a set-up as the page offers it: by number, as its name would give it away.
type setUpChoice struct {
	SetUp
	Number int
	On     bool
}

// handleHome shows what this server is, who is signed in, and what can be tried here.
func (s *Server) handleHome(w http.ResponseWriter, r *http.Request) {
	data := homePage{page: s.page("What this is"), Home: s.home, Users: users, Reset: r.URL.Query().Get("done") == "reset"}
	data.Wide = true
	if here, signedIn := s.session(r); signedIn {
		data.User = userByID(here.user)
	}
	md := s.metadata()
	data.Addresses = []address{
		{"Issuer", md.Issuer},
		{"Metadata", s.root() + "/.well-known/openid-configuration"},
		{"Authorization", md.AuthorizationEndpoint},
		{"Pushed requests", md.PAREndpoint},
		{"Token", md.TokenEndpoint},
		{"Keys", md.JWKSURI},
		{"Userinfo", md.UserinfoEndpoint},
		{"Introspection", md.IntrospectionEndpoint},
		{"Revocation", md.RevocationEndpoint},
		{"Registration", md.RegistrationEndpoint},
		{"Sign-out", md.EndSessionEndpoint},
		{"API, scope profile", s.root() + "/api/me"},
		{"API, scope notes", s.root() + "/api/notes"},
	}
	current := s.SetUp()
	for i, o := range s.offered() {
		data.SetUps = append(data.SetUps, setUpChoice{o, i + 1, o == current})
	}
	data.Groups = s.Groups()
	if i := slices.IndexFunc(data.Groups, func(g Group) bool { return slices.Contains(g.SetUps, current) }); i >= 0 {
		data.On = &data.Groups[i]
	}
	s.render(w, http.StatusOK, "home.html", data)
}

// handleReset forgets sign-ins, consents, codes and tokens, of every browser, and mends what is broken on purpose.
func (s *Server) handleReset(w http.ResponseWriter, r *http.Request) {
	s.Break("") // which mends, and never fails
	http.Redirect(w, r, s.base+"/?done=reset", http.StatusSeeOther)
}
