package config

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// names are the variables that are read, in the order of the README.
var names = []string{"CLERK_PUBLISHABLE_KEY", "CLIENT_ID", "CLIENT_SECRET", "ISSUER", "AUTHORIZATION_ENDPOINT", "TOKEN_ENDPOINT", "USERINFO_ENDPOINT",
	"INTROSPECTION_ENDPOINT", "REVOCATION_ENDPOINT", "JWKS_URI", "TOKEN_ENDPOINT_AUTH_METHOD", "SCOPES", "PAR", "PORT", "BASE_URL", "REDIRECT_URI",
	"ALLOW_PLAIN_HTTP", "SESSION_SECRET",
	"SESSION_STORE", "RESOURCE_URL", "OTHER_CLIENT_ID", "OTHER_CLIENT_SECRET", "SSL_CERT_FILE"}

// stray is a name in the file that is none of ours, and the one that was most likely meant.
type stray struct{ name, meant string }

// strays finds the names in the file that are close to a variable of ours that is not set. A file may
// be shared with other programs: what resembles nothing of ours is nobody's mistake.
func (s *settings) strays() []stray {
	var found []stray
	for _, name := range slices.Sorted(maps.Keys(s.values)) {
		if slices.Contains(names, name) {
			continue
		}
		i := slices.IndexFunc(names, func(ours string) bool { return meant(name, ours) && cmp.Or(s.getenv(ours), s.values[ours]) == "" })
		if i >= 0 {
			found = append(found, stray{name, names[i]})
		}
	}
	return found
}

// meant reports whether somebody who wrote name may have meant ours: CLIENTID, client_id, CLIENT_SERCET,
// NEXT_PUBLIC_CLERK_PUBLISHABLE_KEY.
func meant(name, ours string) bool {
	if name == "CALLBACK_URL" {
		return ours == "REDIRECT_URI"
	}
	upper := strings.ToUpper(name)
	plain := strings.NewReplacer("_", "", "-", "").Replace
	a, b := plain(upper), plain(ours)
	switch {
	case a == b, strings.HasSuffix(upper, "_"+ours) && len(ours) > len("PORT"):
		return true
	case len(b) < len("ISSUER"): // PORT is close to HOST, PAR to many a word
		return false
	}
	return distance(a, b) <= 1 || len(b) > len("CLIENTID") && distance(a, b) == 2
}

// Nearest returns the word of the list that was most likely meant, or "".
func Nearest(word string, list ...string) string {
	for _, known := range list {
		if d := distance(word, known); d <= 2 && 2*d < len(known) {
			return known
		}
	}
	return ""
}

// distance counts the letters to change, to add, to leave out or to swap with their neighbour.
func distance(a, b string) int {
	rows := make([][]int, len(a)+1)
	for i := range rows {
		rows[i] = make([]int, len(b)+1)
		rows[i][0] = i
	}
	for j := range rows[0] {
		rows[0][j] = j
	}
	for i := 1; i <= len(a); i++ {
		for j := 1; j <= len(b); j++ {
			change := 1
			if a[i-1] == b[j-1] {
				change = 0
			}
			rows[i][j] = min(rows[i-1][j]+1, rows[i][j-1]+1, rows[i-1][j-1]+change)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				rows[i][j] = min(rows[i][j], rows[i-2][j-2]+1)
			}
		}
	}
	return rows[len(a)][len(b)]
}

// pointOut says which names were probably meant to be ours: in the line that misses one, or in a note.
// Where little else is set it is a mistake: the demo would run, or a client be registered, and all would seem well.
func (s *settings) pointOut(mistake bool) {
	for _, stray := range s.strays() {
		where := s.inFile(stray.name)
		fix := "write " + stray.meant
		i := slices.IndexFunc(s.problems, func(p Problem) bool { return p.Setting == stray.meant })
		switch {
		case i >= 0:
			s.problems[i].Fix = fmt.Sprintf("%s says %s: write %s", where, stray.name, stray.meant)
		case mistake:
			s.problems = append(s.problems, Problem{Setting: stray.name, Where: where, What: "is not a setting of this program", Fix: fix})
		default:
			s.notes = append(s.notes, place(stray.name, where)+": is not a setting of this program; "+fix)
		}
	}
}
