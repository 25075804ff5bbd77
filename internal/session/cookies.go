package session

import (
	"net/http"
	"strings"
)

// NoCookies takes the place of an answer where a session is saved and the browser must not be told.
type NoCookies struct{ http.ResponseWriter }

// Header returns headers that nobody reads.
func (NoCookies) Header() http.Header { return http.Header{} }

// answer takes the place of an answer until it is known to which ones its cookies go.
type answer struct {
	http.ResponseWriter
	header http.Header
}

// Header returns the headers so far.
func (c *answer) Header() http.Header {
	if c.header == nil {
		c.header = http.Header{}
	}
	return c.header
}

// copyTo sets the cookies in an answer, or in several one after the other.
func (c *answer) copyTo(w http.ResponseWriter) {
	for _, cookie := range c.header["Set-Cookie"] {
		w.Header().Add("Set-Cookie", cookie)
	}
}

// value is the value of the cookie that was set by a name.
func (c *answer) value(name string) string {
	for _, cookie := range c.header["Set-Cookie"] {
		pair, _, _ := strings.Cut(cookie, ";")
		if value, ok := strings.CutPrefix(pair, name+"="); ok {
			return value
		}
	}
	return ""
}
