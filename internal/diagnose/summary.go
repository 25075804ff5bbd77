package diagnose

// Summary says in one line what the checks at the start have found. It praises nothing that has not been
// proved.
func (r Report) Summary(home string) string {
	registered, found := false, "the server is fine; whether the redirect URI is registered, only a login can tell"
	for _, f := range r.Checks {
		switch {
		case f.Result == Fail && f.Name == RedirectURINotRegistered:
			return "the redirect URI is not registered: see " + home
		case f.Result == Fail:
			return f.Found + ": see " + home
		}
		if f.Check == "start" && f.Result == OK && r.ClientID == "" {
			found = "the API names its server, and the server is fine; the first login registers a client"
		}
		registered = registered || f.Check == "redirect_uri" && f.Result == OK
	}
	if registered {
		return "the server and the redirect URI are fine"
	}
	return found
}
