package session

import (
	"crypto/rand"
	"net/http"
)

// BeginLogout returns the state of a sign-out at the server (OpenID Connect RP-Initiated Logout section 2),
// and remembers it in a cookie until the browser is back.
func (s *Store) BeginLogout(w http.ResponseWriter) string {
	state := rand.Text()
	http.SetCookie(w, s.pendingCookie(s.logoutName, state, int(pendingAge.Seconds())))
	return state
}

// EndLogout compares the state that the server returned (section 3). A state is known when this browser
// has begun a sign-out, and right when it is that one's. A reload finds the same.
func (s *Store) EndLogout(r *http.Request, state string) (known, right bool) {
	ours := only(r, s.logoutName)
	return ours != "", ours != "" && ours == state
}
