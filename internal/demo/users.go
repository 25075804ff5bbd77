package demo

import "slices"

// user is somebody who can sign in. The names are the protocol literature's.
type user struct {
	Subject, Name, GivenName, Username, Email string
	Notes                                     []string
}

var users = []*user{
	{"user_alice", "Alice Example", "Alice", "alice", "alice@example.com", []string{"Send Bob the key.", "Ask Carol who is listening."}},
	{"user_bob", "Bob Example", "Bob", "bob", "bob@example.com", []string{"Wait for Alice's key.", "Write back."}},
	{"user_carol", "Carol Example", "Carol", "carol", "carol@example.com", []string{"Nobody ever writes to me."}},
}

// userByID returns the user with a subject, or nil.
func userByID(subject string) *user {
	for _, u := range users {
		if u.Subject == subject {
			return u
		}
	}
	return nil
}

// profileClaims are what the scopes profile and email open (OpenID Connect Core section 5.4).
type profileClaims struct {
	Name          string `json:"name,omitempty"`
	GivenName     string `json:"given_name,omitempty"`
	Username      string `json:"preferred_username,omitempty"`
	Picture       string `json:"picture,omitempty"`
	Email         string `json:"email,omitempty"`
	EmailVerified bool   `json:"email_verified,omitempty"`
}

func (s *Server) profileOf(u *user, scopes []string) profileClaims {
	var p profileClaims
	if slices.Contains(scopes, "profile") {
		p.Name, p.GivenName, p.Username, p.Picture = u.Name, u.GivenName, u.Username, s.root()+"/faces/"+u.Username+".svg"
	}
	if slices.Contains(scopes, "email") {
		p.Email, p.EmailVerified = u.Email, true
	}
	return p
}
