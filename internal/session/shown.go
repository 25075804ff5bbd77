package session

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"net/http"
)

// Show records, in a cookie, that this browser was shown a login with these parameters. It returns a ticket for the
// button, as proof: a different site can send the browser to the same address, but can't know the ticket.
func (s *Store) Show(w http.ResponseWriter, parameters string) (ticket string) {
	ticket = rand.Text()
	http.SetCookie(w, s.pendingCookie(s.shownName, shown(ticket, parameters), int(pendingAge.Seconds())))
	return ticket
}

// WasShown reports whether the user pressed the button for exactly these parameters, in the browser that showed them.
func (s *Store) WasShown(r *http.Request, parameters, ticket string) bool {
	return ticket != "" && only(r, s.shownName) == shown(ticket, parameters)
}

func shown(ticket, parameters string) string {
	sum := sha256.Sum256([]byte(ticket + "?" + parameters))
	return base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(sum[:])
}
