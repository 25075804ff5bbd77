package display

import (
	"strings"

	"oauth-test-client/internal/config"
)

// SignIn is the data of part-signin.html: the button that begins a login, and its options.
type SignIn struct {
	Label  string
	Second bool   // another button of the page comes first
	Steps  bool   // step by step is a button beside it, not an option
	Prompt string // the demo asks for consent every time, as that is what it shows
	Fields []Field
}

// Field is a parameter of /login in the form of its options, with an example of its value.
type Field struct{ Name, Example string }

// NewSignIn is the button with its options. Their form leads to the first step of a login step by step,
// which shows the request and a plain link: after a form the browser would apply our form-action to a
// redirect to the server, and stop it.
func NewSignIn(label string, cfg config.Config) SignIn {
	v := SignIn{Label: label, Fields: []Field{
		{"scope", strings.Join(cfg.Scopes, " ")},
		{"prompt", "login consent"},
		{"login_hint", "alice@example.com"},
		{"max_age", "seconds, such as 60"},
		{"resource", "https://api.example.com"},
		{"audience", "https://api.example.com"},
		{"acr_values", "mfa"},
		{"ui_locales", "de fr"},
	}}
	if cfg.Demo {
		v.Prompt = "consent"
	}
	return v
}
