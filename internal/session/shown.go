package session

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"net/http"
)

// Show remembers in a cookie that a login with these parameters was shown to this browser, and returns what its button
// carries to prove it: another site can send the browser to the same address, but cannot know that.
func (s *Store) Show(w http.ResponseWriter, parameters string) (ticket string) {
	ticket = rand.Text()
	http.SetCookie(w, s.pendingCookie(s.shownName, shown(ticket, parameters), int(pendingAge.Seconds())))
	return ticket
}

// WasShown reports that the button was pressed for exactly these parameters, in the browser that was shown them.
func (s *Store) WasShown(r *http.Request, parameters, ticket string) bool {
	return ticket != "" && only(r, s.shownName) == shown(ticket, parameters)
}

func shown(ticket, parameters string) string {
	sum := sha256.Sum256([]byte(ticket + "?" + parameters))
	return base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(sum[:])
}
