// The bare program imports what any OAuth client in Go needs, and does nothing: docs/measurements.md compares the
// build of the app with it.
package main

import (
	"fmt"
	"net/http"

	"golang.org/x/oauth2"
)

func main() {
	fmt.Println(http.ListenAndServe("127.0.0.1:3000", http.RedirectHandler((&oauth2.Config{}).AuthCodeURL(""), http.StatusFound)))
}
