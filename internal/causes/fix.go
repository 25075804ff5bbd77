package causes

import (
	"cmp"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"oauth-test-client/internal/config"
	"oauth-test-client/internal/oauth"
	"oauth-test-client/internal/wire"
)

// Facts are the details for a cause's sentence and its fix. Only the settings are required.
type Facts struct {
	Cfg      config.Effective
	Method   string   // how the client authenticated
	Scopes   []string // that the login asked for; nil for those of the settings
	Listed   []string // scopes that the metadata lists
	Value    string   // what was found to be right: an issuer, an address, a redirect URI
	Found    string   // what was found instead of what was expected
	Expected string   // what was expected
	Refused  []string // scopes that the server refuses
	Words    string   // the server's own

	Returned bool // a code came back, so that the server recognizes the client ID

	Kind   oauth.Kind // what a login found wrong
	Member string     // what was missing or wrong
	Status int        // of the answer
	HTTP   bool       // the server speaks plain http at an https address
}

// Fix says what to do about a cause, in one of three forms.
type Fix struct {
	Kind     FixKind `json:"kind,omitempty"`
	Where    string  `json:"where,omitempty"`    // in .env, or the path in the server's dashboard
	Line     string  `json:"line,omitempty"`     // the new line of .env, or the value to add; empty when it is not known
	Variable string  `json:"variable,omitempty"` // the line of .env, for Change and Look
	Old      string  `json:"old,omitempty"`      // that line as it is now, a secret masked, or the value on the server; empty when it is not set
	Text     string  `json:"-"`                  // the same as a sentence, with what else can be done
	Several  bool    `json:"-"`                  // one of several variables is wrong: the text says first how to find out which, then lists them
}

// FixKind is the form of a fix.
type FixKind string

// The three forms.
const (
	Change FixKind = "change" // write another line in .env: the old and the new one are known
	Add    FixKind = "add"    // add a value on the server: place and value are known
	Look   FixKind = "look"   // look at something: no new value is known
)

// Environment is the place of a variable that is set in the environment, in the words of a fix.
const Environment = "the environment"

// In returns the fix for a variable that is set at a place: a file such as "other.env", or Environment.
func (f Fix) In(place string) Fix {
	f.Where, f.Text = in(place, f.Where), in(place, f.Text)
	return f
}

// in replaces .env by a place.
func in(place, text string) string {
	if place == Environment {
		text = strings.Replace(text, "Write ", "Set ", 1)
	}
	return strings.NewReplacer("In .env", "In "+place, " in .env", " in "+place, " from .env", " from "+place, " to .env", " to "+place).Replace(text)
}

// asked returns the scopes that the login asked for.
func (f Facts) asked() []string {
	if f.Scopes != nil {
		return f.Scopes
	}
	return f.Cfg.Scopes
}

// provider returns the server of the facts.
func (f Facts) provider() Provider { return ProviderOf(f.Cfg) }

// change returns a fix that sets a new line in .env. The sentence ends with what else helps, if anything does.
func (f Facts) change(variable, value, also string) Fix {
	line := variable + "=" + quoted(variable, value)
	text := "Write " + line + " in .env"
	if value == "" {
		text = "Remove " + variable + " from .env"
	}
	if also != "" {
		text += ", or " + also
	}
	fix := Fix{Kind: Change, Where: "In .env", Line: line, Variable: variable, Old: currentLine(f.Cfg, variable), Text: text + "."}
	if fix.Old == fix.Line {
		return Fix{Kind: Look, Where: "In .env", Variable: variable, Old: fix.Old, Text: "Look at " + variable + " in .env."}
	}
	return fix
}

// add returns a fix that adds a value on the server.
func (f Facts) add(s Setting, value string) Fix {
	place := f.provider().Place(s)
	return Fix{Kind: Add, Where: place + ", add", Line: value, Text: "Add " + value + " (" + LowerFirst(place) + ")."}
}

// turnOff returns a fix that turns something off on the server.
func (f Facts) turnOff(name Name, s Setting, what string) Fix {
	place := f.provider().switchFor(name, s)
	return Fix{Kind: Look, Where: place, Text: what + " (" + LowerFirst(place) + ")."}
}

// look returns a fix that names only the place. The variable is a line of .env, or empty.
func (f Facts) look(variable, text string) Fix {
	fix := Fix{Kind: Look, Variable: variable, Text: text}
	if variable != "" {
		fix.Where, fix.Old = "In .env", currentLine(f.Cfg, variable)
	}
	return fix
}

// paste returns a fix that pastes a value which only the server's dashboard has.
func (f Facts) paste(variable string, s Setting, also string) Fix {
	words := f.provider()
	from := words.Fields[s]
	if words.Name == "" {
		from = "your server's dashboard"
	} else {
		from = words.Name + " (" + from + ")"
	}
	text := "In .env, paste " + variable + " again from " + from
	if also != "" {
		text += ". " + also
	}
	return f.look(variable, text+".")
}

// spelled adjusts a fix whose variable is misspelled in the file. If the fix only asks for the value, the new fix is to
// correct the name. Every other fix stays, as the value under that name may be no better, but it mentions the name. It
// also mentions a name that a different program may read.
func (f Facts) spelled(name Name, s Setting, fix Fix) Fix {
	about := []string{fix.Variable}
	if s == RedirectURI && fix.Kind == Add { // no registered redirect URI was found
		about = f.redirectVariables()
	}
	typo := f.Cfg.TypoOf(about...)
	if typo.Name == "" {
		return fix
	}
	asks := name == ClientSecretMissing || name == ClientSecretWrong || f.Kind == oauth.EndpointMissing && typo.Meant == strings.ToUpper(f.Member)
	if typo.Foreign || !asks {
		fix.Text += " If " + typo.IfMeant() + " instead."
		return fix
	}
	where := "In .env" + lineNumber.FindString(typo.Where) // Fix.In has the file's name
	return Fix{Kind: Look, Where: where, Variable: typo.Meant, Text: where + ", write " + typo.Meant + " instead of " + typo.Name + "."}
}

// lineNumber finds the line number after a file's name, with its colon. Not every place has one.
var lineNumber = regexp.MustCompile(`:[0-9]+$`)

// redirectVariables lists the variables that would change the redirect URI if they were set.
func (f Facts) redirectVariables() []string {
	switch {
	case f.Cfg.RedirectOverride != "":
		return nil
	case !f.Cfg.BaseURLUnset:
		return []string{"REDIRECT_URI"}
	}
	return []string{"REDIRECT_URI", "BASE_URL", "PORT"}
}

// quoted returns a value as it is written in .env.
func quoted(variable, value string) string {
	if value != "" && (strings.HasPrefix(variable, "SCOPES") || strings.ContainsAny(value, " #$'\"&")) {
		return "'" + strings.ReplaceAll(value, "'", "") + "'"
	}
	return value
}

// masked stands for a value that is not shown.
const masked = "••••••••"

// currentLine returns a line of .env as it is, or "" if the variable is not set. It never contains a secret.
func currentLine(cfg config.Effective, variable string) string {
	value := ""
	switch variable {
	case "ISSUER":
		if !cfg.Clerk && !cfg.Demo && !cfg.AtAPI {
			value = cfg.Issuer
		}
	case "CLIENT_ID":
		if !cfg.Registered() && !cfg.Demo {
			value = maskKey(cfg.ClientID)
		}
	case "CLIENT_SECRET":
		if cfg.ClientSecret != "" {
			value = masked
		}
	case "TOKEN_ENDPOINT_AUTH_METHOD":
		value = cfg.AuthMethod
	case "SCOPES":
		if !cfg.ScopesUnset {
			value = strings.Join(cfg.Scopes, " ")
		}
	case "BASE_URL":
		value = cfg.BaseURL
	case "REDIRECT_URI":
		value = cfg.RedirectOverride
	case "RESOURCE_URL":
		value = cfg.ResourceURL
	case "TOKEN_ENDPOINT":
		value = cfg.Endpoints.Token
	case "AUTHORIZATION_ENDPOINT":
		value = cfg.Endpoints.Authorization
	case "JWKS_URI":
		value = cfg.Endpoints.JWKS
	case "USERINFO_ENDPOINT":
		value = cfg.Endpoints.Userinfo
	case "INTROSPECTION_ENDPOINT":
		value = cfg.Endpoints.Introspection
	case "REVOCATION_ENDPOINT":
		value = cfg.Endpoints.Revocation
	case "AUTHORIZATION_PARAMS":
		if value = cfg.Parameters.Encode(); cfg.Parameters.HasSecret() {
			value = masked
		}
	case "PAR":
		if cfg.PAR {
			value = "on"
		}
	}
	if value == "" {
		return ""
	}
	return variable + "=" + quoted(variable, value)
}

// Shortened returns enough of a client ID to recognize it. A secret may stand in its place.
func Shortened(id string) string {
	if r := []rune(id); len(r) > 20 {
		return string(r[:12]) + "…"
	}
	return id
}

// maskKey hides what looks like a key or a secret pasted into the wrong line.
func maskKey(value string) string {
	for _, prefix := range []string{"sk_", "rk_", "ghp_", "gho_", "GOCSPX-", "eyJ", "xoxb-", "xoxp-"} {
		if strings.HasPrefix(value, prefix) {
			return masked
		}
	}
	return value
}

// The fixes that several causes have.

// fixServer returns the fix of a line that says which server is meant. The text says what to check if no better value is
// known.
func fixServer(text string) func(Facts) Fix {
	return func(f Facts) Fix { return chooseServer(f, text) }
}

// plainHTTP returns the fix for an https address at which the server speaks plain http.
func (f Facts) plainHTTP(variable string) Fix {
	address := f.Cfg.Issuer
	switch variable {
	case "RESOURCE_URL":
		address = f.Cfg.ResourceURL
	case "TOKEN_ENDPOINT":
		address = f.Cfg.Endpoints.Token
	case "AUTHORIZATION_ENDPOINT":
		address = f.Cfg.Endpoints.Authorization
	}
	u, err := url.Parse(address)
	if err == nil && u.Scheme == "https" && config.IsLoopback(u.Hostname()) {
		u.Scheme = "http"
		return f.change(variable, u.String(), "")
	}
	return f.look(variable, "Give the server a certificate. This app uses plain http on localhost only.")
}

func chooseServer(f Facts, text string) Fix {
	switch {
	case f.HTTP && !f.Cfg.AtAPI && !f.Cfg.Clerk:
		return f.plainHTTP(cmp.Or(f.Member, "ISSUER"))
	case f.Cfg.AtAPI:
		return f.look("", "The API names this server, so either the API's metadata is wrong or the server is. No line in .env changes that.")
	case f.Cfg.Demo && strings.TrimSuffix(f.Found, "/") != f.Cfg.Issuer: // with a slash too many it is the demo, and one of its mistakes
		return f.look("BASE_URL", "In demo mode this app is the authorization server too. BASE_URL must be an address at which it can reach itself.")
	case f.Kind == oauth.NoAnswer && f.Member != "":
		return f.look(f.Member, "Check "+f.Member+" in .env: nothing answers at that host.")
	case f.Value != "" && f.Cfg.Clerk:
		return f.look("CLERK_PUBLISHABLE_KEY", "Check CLERK_PUBLISHABLE_KEY. It has to come from the instance that has the OAuth application. "+
			"Behind a Frontend API proxy, remove it and write ISSUER="+f.Value+".")
	case f.Value != "":
		return f.change("ISSUER", f.Value, "")
	case f.Kind == oauth.EndpointMissing:
		variable := strings.ToUpper(f.Member)
		return f.look(variable, "The server's metadata has no "+f.Member+". If the server has one, write "+variable+"= and its address in .env.")
	case strings.Contains(f.Found, "{tenantid}"):
		return f.look("ISSUER", "In .env, write your tenant's ID in ISSUER instead of common or organizations ("+LowerFirst(f.provider().in())+": App registrations → your app → Overview → Directory (tenant) ID).")
	case f.Kind == oauth.IssuerDiffers && !f.Cfg.Clerk && HostOf(f.Found) == HostOf(f.Cfg.Issuer): // a working issuer would be in Value
		return f.look("ISSUER", "The metadata at ISSUER names "+f.Found+" as its issuer. If that address has no metadata with this issuer, fix this on the server: its issuer has to be "+f.Cfg.Issuer+".")
	case f.Status == http.StatusUnauthorized || f.Status == http.StatusForbidden:
		return f.look("ISSUER", fmt.Sprintf("Something refuses this app there (%d): a firewall, or a sign-in in front of the server. Let requests for the metadata through. If the address is wrong, correct ISSUER.", f.Status))
	case f.Cfg.Clerk:
		return f.look("CLERK_PUBLISHABLE_KEY", "In .env, paste CLERK_PUBLISHABLE_KEY again from Clerk (API keys → Publishable key). "+
			"If your instance is behind a Frontend API proxy, remove that line and write ISSUER= and the proxy's address.")
	case f.Cfg.Issuer == "":
		return f.look("AUTHORIZATION_ENDPOINT", "Check the host in AUTHORIZATION_ENDPOINT and TOKEN_ENDPOINT, and that the server is running.")
	}
	return f.look("ISSUER", text)
}

// fixNoIssuer returns the fix for an ID token of a server that no setting names.
func fixNoIssuer(f Facts) Fix {
	return f.look("SCOPES", "If the server has metadata, set ISSUER. Otherwise "+f.withoutOpenID()+".")
}

// fixKeys returns the fix that provides a key to verify ID tokens with.
func fixKeys(f Facts) Fix {
	set := f.Cfg.Endpoints.JWKS != ""
	switch {
	case f.Member == "jwks_uri":
		return f.look("SCOPES", "If the server publishes its keys, write JWKS_URI= and their address in .env. Otherwise "+f.withoutOpenID()+".")
	case f.Kind == oauth.IDTokenKeyPrivate:
		return f.look("", "Replace the server's signing keys: anyone who reads this address can sign as the server.")
	case f.Status >= http.StatusInternalServerError:
		return f.look("", "Try again. If it fails again, look at the server's log.")
	case f.Kind == oauth.IDTokenKeys && set:
		return f.look("JWKS_URI", "Check JWKS_URI: the server's keys have to be at this address.")
	case f.Kind == oauth.IDTokenKeys:
		return f.look("", "Fix this on the server: its metadata has to name an address that has its keys (jwks_uri).")
	}
	key := "ive the server an RSA or EC signing key (" + f.provider().At(IDToken) + ")."
	if set {
		return f.look("JWKS_URI", "Check JWKS_URI: the server's keys have to be at this address. If they are, g"+key)
	}
	return f.look("", "G"+key)
}

// fixRedirect returns the fix that registers the redirect URI, or uses the registered one.
func fixRedirect(f Facts) Fix {
	p, uri := f.provider(), f.Cfg.RedirectURI()
	register := "add " + uri + " (" + p.At(RedirectURI) + ")"
	switch ip := loopbackIP(uri); {
	case f.Cfg.Registered():
		return registerAgain(f)
	case f.Value != "" && f.Cfg.CallbackIsPasted():
		return f.change("REDIRECT_URI", f.Value, register)
	case f.Value != "":
		if base, ok := strings.CutSuffix(f.Value, config.CallbackPath); ok {
			return f.change("BASE_URL", base, register)
		}
	case p.RefusesLocalhost && ip != uri:
		return fixLocalhost(f)
	}
	fix := f.add(RedirectURI, uri)
	fix.Old = f.Value // what is registered instead, where that was found
	return fix
}

// fixLocalhost returns the fix that uses the IP address, for a server that refuses the name localhost.
func fixLocalhost(f Facts) Fix {
	p, ip := f.provider(), loopbackIP(f.Cfg.RedirectURI())
	variable, value := "BASE_URL", strings.TrimSuffix(ip, config.CallbackPath)
	if f.Cfg.CallbackIsPasted() {
		variable, value = "REDIRECT_URI", ip
	}
	fix := f.change(variable, value, "")
	if f.Value == ip { // it is registered
		return fix
	}
	fix.Text = strings.TrimSuffix(fix.Text, ".") + ", and add " + ip + " (" + p.At(RedirectURI) + ")."
	return fix
}

// loopbackIP returns a redirect URI with 127.0.0.1 in place of localhost.
func loopbackIP(uri string) string {
	u, err := url.Parse(uri)
	if err != nil || u.Scheme != "http" || u.Hostname() != "localhost" {
		return uri
	}
	u.Host = strings.Replace(u.Host, "localhost", "127.0.0.1", 1)
	return u.String()
}

// fixIPAddress returns the fix that uses localhost, for a server that refuses the IP address.
func fixIPAddress(f Facts) Fix {
	if f.Value != "" {
		return fixRedirect(f)
	}
	if f.Cfg.CallbackIsPasted() {
		return f.change("REDIRECT_URI", strings.NewReplacer("//127.0.0.1", "//localhost", "//[::1]", "//localhost").Replace(f.Cfg.RedirectURI()), "")
	}
	return f.change("BASE_URL", "http://localhost:"+f.Cfg.Port, "")
}

// fixHTTPS returns the fix for a server that refuses plain http in the redirect URI.
func fixHTTPS(f Facts) Fix {
	if f.Value != "" {
		return fixRedirect(f)
	}
	if p := f.provider(); p.RefusesLocalhost && loopbackIP(f.Cfg.RedirectURI()) != f.Cfg.RedirectURI() {
		return fixLocalhost(f)
	}
	return f.look(f.Cfg.RedirectVariable(), "Use an https address in "+f.Cfg.RedirectVariable()+" (docs/redirect.md shows how), or turn on the server's development mode if it has one.")
}

// fixSecret returns the fix that puts the right secret into .env.
func fixSecret(f Facts) Fix {
	if f.Cfg.Registered() {
		return registerAgain(f)
	}
	return f.paste("CLIENT_SECRET", ClientSecret, "If it was shown only once, make a new one there")
}

// fixMethod returns the fix that sends the same credentials in the other way.
func fixMethod(f Facts) Fix {
	switch {
	case f.Cfg.Registered():
		return registerAgain(f)
	case f.provider().MethodsAlike:
		return f.paste("CLIENT_SECRET", ClientSecret, "")
	}
	return f.change("TOKEN_ENDPOINT_AUTH_METHOD", OtherMethod(f.Method), "")
}

// OtherMethod returns the other way of sending a secret (RFC 6749 section 2.3.1).
func OtherMethod(method string) string {
	if method == config.MethodPost {
		return config.MethodBasic
	}
	return config.MethodPost
}

// fixCredentials lists what may be wrong with credentials that the server refuses without a reason, the most likely mistake
// first.
func fixCredentials(f Facts) Fix {
	if f.Cfg.Registered() {
		return registerAgain(f)
	}
	text := "Run all checks to find out which of these is wrong. CLIENT_SECRET: mistyped, expired, or from a different application. "
	if !f.Returned {
		text += "CLIENT_ID: from a different application. "
	}
	fix := f.look("CLIENT_SECRET", text+"TOKEN_ENDPOINT_AUTH_METHOD: the server wants the secret sent a different way.")
	fix.Several = true
	return fix
}

// registerAgain returns the fix for a client that this app has registered: no line of .env is about it.
func registerAgain(f Facts) Fix {
	return f.look("", "Restart this app. The next sign-in registers a new client.")
}

// fixScopes returns the line without the scopes that the server refuses, with a misspelled one corrected.
func fixScopes(f Facts) Fix {
	enable := func(what string) string {
		return "enable " + what + " for this client (" + f.provider().At(Scopes) + ")"
	}
	asked, refused := f.asked(), f.Refused
	if len(refused) == 0 {
		refused = NamedScopes(asked, f.Words)
	}
	if len(refused) == 0 && f.provider().NoOffline && slices.Contains(asked, "offline_access") {
		refused = []string{"offline_access"}
	}
	if place := f.provider().Switch[ScopeNotEnabled]; place != "" && f.Cfg.Registered() {
		return f.look("", "Enable the scopes ("+LowerFirst(f.provider().in())+": "+place+"), then restart this app: an already registered client keeps its scopes.")
	}
	if len(asked) == 0 {
		return f.look("SCOPES", "The server has no default scope. Name the scopes in SCOPES.")
	}
	if split := splitScopes(f.Cfg.Scopes, f.Listed); len(split) > len(f.Cfg.Scopes) {
		fix := f.change("SCOPES", strings.Join(split, " "), "")
		fix.Text = "Write " + fix.Line + " in .env. Scopes are separated by spaces (RFC 6749 section 3.3)."
		return fix
	}
	configured := func(scope string) bool { return slices.Contains(f.Cfg.Scopes, scope) }
	if len(refused) == 0 && !slices.ContainsFunc(asked, func(scope string) bool { return !configured(scope) }) {
		if f.Cfg.ScopesUnset {
			return f.look("SCOPES", "Write SCOPES= and the scopes that this client has in .env, or "+enable("them")+".")
		}
		return f.look("SCOPES", "Remove the scopes that this client doesn't have from SCOPES, or "+enable("them")+".")
	}
	named := len(refused) > 0
	if !named { // the others are in every login
		refused = slices.DeleteFunc(slices.Clone(asked), configured)
	}
	them := "them"
	if len(refused) == 1 {
		them = "it"
	}
	if !slices.ContainsFunc(refused, configured) {
		text := "This login asked for " + strings.Join(refused, " and ") + ", which SCOPES doesn't have. Sign in without " + them
		if !named {
			return f.look("", text+". If that fails too, a scope in SCOPES is not enabled for this client ("+f.provider().At(Scopes)+").")
		}
		return f.look("", text+", or "+enable(them)+".")
	}
	refused = slices.DeleteFunc(slices.Clone(refused), func(scope string) bool { return !configured(scope) })
	var rest, corrections []string
	for _, scope := range f.Cfg.Scopes {
		if !slices.Contains(refused, scope) {
			rest = append(rest, scope)
		} else if near := nearScope(scope, f.Listed); near != "" && !slices.Contains(f.Cfg.Scopes, near) {
			rest = append(rest, near)
			corrections = append(corrections, near)
		}
	}
	list := strings.Join(refused, " and ")
	if len(corrections) > 0 {
		fix := f.change("SCOPES", strings.Join(rest, " "), "")
		fix.Text = fmt.Sprintf("Did you mean %s? Correct %s in SCOPES, or %s.", strings.Join(corrections, " and "), list, enable(list))
		return fix
	}
	if len(rest) == 0 {
		return f.look("SCOPES", "Replace "+list+" in SCOPES, or "+enable(them)+".")
	}
	fix := f.change("SCOPES", strings.Join(rest, " "), "")
	fix.Text = "Remove " + list + " from SCOPES in .env, or " + enable(them) + "."
	if f.Cfg.ScopesUnset { // there is nothing to remove it from
		fix.Text = "Write " + fix.Line + " in .env. This signs in without " + list + ". To keep " + them + ", " + enable(them) + "."
	}
	return fix
}

// withoutOpenID says how to sign in without an ID token, as the rest of a sentence.
func (f Facts) withoutOpenID() string {
	switch {
	case slices.Contains(f.asked(), "openid") && !slices.Contains(f.Cfg.Scopes, "openid"):
		return "sign in without openid"
	case f.Cfg.ScopesUnset:
		rest := slices.DeleteFunc(slices.Clone(f.Cfg.Scopes), func(scope string) bool { return scope == "openid" })
		return "write SCOPES=" + quoted("SCOPES", strings.Join(rest, " "))
	}
	return "remove openid from SCOPES"
}

// NamedScopes returns the scopes of a list that a server's words name: in quotes or, if only one fits, as a word.
func NamedScopes(scopes []string, words string) []string {
	words = strings.NewReplacer(`"`, "'", "`", "'", "‘", "'", "’", "'", "“", "'", "”", "'").Replace(words)
	var named []string
	for _, scope := range scopes {
		if strings.Contains(words, "'"+scope+"'") {
			named = append(named, scope)
		}
	}
	if len(named) == 0 {
		for _, scope := range scopes {
			if slices.Contains(strings.FieldsFunc(words, func(r rune) bool { return strings.ContainsRune(" ,;:()[]", r) }), scope) {
				named = append(named, scope)
			}
		}
	}
	if len(named) == len(scopes) && len(scopes) > 1 {
		return nil
	}
	return named
}

// wellKnownScopes lists the scopes of OpenID Connect (Core sections 3.1.2.1, 5.4 and 11).
var wellKnownScopes = []string{"openid", "profile", "email", "address", "phone", "offline_access"}

// nearScope returns the scope that a refused one most likely stands for: a different supported or well-known one, within
// two edits. It returns "" if there is none.
func nearScope(scope string, supported []string) string {
	if len(scope) > maxScope {
		return ""
	}
	list := knownScopes(supported)
	if i := slices.IndexFunc(list, func(known string) bool { return known != scope && strings.EqualFold(known, scope) }); i >= 0 {
		return list[i]
	}
	return config.Nearest(scope, slices.DeleteFunc(list, func(known string) bool { return known == scope || len(known) > maxScope })...)
}

// knownScopes lists supported scopes, as far as they are compared, and well-known ones.
func knownScopes(supported []string) []string {
	return slices.Concat(supported[:min(len(supported), maxScopes)], wellKnownScopes)
}

// splitScopes splits the scopes that are several in one: at a comma, a semicolon or a plus sign, if a part is a known scope.
func splitScopes(scopes, supported []string) []string {
	known := knownScopes(supported)
	var split []string
	for _, scope := range scopes {
		parts := strings.FieldsFunc(scope, func(r rune) bool { return strings.ContainsRune(",;+", r) })
		if slices.Contains(known, scope) || !slices.ContainsFunc(parts, func(part string) bool { return slices.Contains(known, part) }) {
			parts = []string{scope}
		}
		split = append(split, parts...)
	}
	return split
}

// The number of a server's scopes that are compared, and their maximum length.
const (
	maxScopes = 200
	maxScope  = 64
)

// fixOpenID returns the fix that brings an ID token.
func fixOpenID(f Facts) Fix {
	if slices.Contains(f.Cfg.Scopes, "openid") {
		fix := f.add(Scopes, "openid")
		fix.Text = strings.TrimSuffix(fix.Text, ".") + ", or " + f.withoutOpenID() + ". A server without OpenID Connect never sends an ID token."
		return fix
	}
	return f.change("SCOPES", strings.Join(append([]string{"openid"}, f.Cfg.Scopes...), " "), "")
}

// fixByHand returns the fix for a client that was made in the server's dashboard.
func fixByHand(f Facts) Fix {
	text := "Create an OAuth application in the server's dashboard with the redirect URI " + f.Cfg.RedirectURI() + ", and set CLIENT_ID (and CLIENT_SECRET, if it has one)."
	switch place := f.provider().Switch[RegistrationNotOffered]; {
	case f.Kind == oauth.Refused && (f.Status == http.StatusUnauthorized || f.Status == http.StatusForbidden):
		text = "The server registers only clients that have an initial access token (RFC 7591 section 3), and this app has none. " + text
	case place != "" && (f.Kind != oauth.Refused || f.Status == http.StatusUnprocessableEntity):
		text = "Turn on registration (" + LowerFirst(f.provider().in()) + ": " + place + "). Or c" + text[1:]
	}
	return f.look("CLIENT_ID", text)
}

// variableOf returns the variable for a setting.
func variableOf(cfg config.Effective, s Setting) string {
	return map[Setting]string{RedirectURI: cfg.RedirectVariable(), ClientID: "CLIENT_ID", ClientSecret: "CLIENT_SECRET", Scopes: "SCOPES",
		AuthMethod: "TOKEN_ENDPOINT_AUTH_METHOD"}[s]
}

// fixTokenEndpoint returns the fix of the line that names the token endpoint.
func fixTokenEndpoint(f Facts) Fix {
	switch set := f.Cfg.Endpoints.Token; {
	case f.Value != "":
		return f.change("TOKEN_ENDPOINT", f.Value, "")
	case f.Status == http.StatusForbidden && f.Cfg.Clerk:
		return f.look("CLERK_PUBLISHABLE_KEY", fixSatellite)
	case f.Status == http.StatusForbidden, f.Status == http.StatusUnauthorized:
		return f.look("", "Something in front of the token endpoint refuses this app: a firewall or a check for browsers. Let programs reach it, or ask the server's operator to. A different network may work.")
	case strings.Contains(strings.ToLower(f.Words), "application/json"):
		return f.look("", "The server wants JSON there. OAuth sends a form (RFC 6749 section 4.1.3), as this app does: look for a token endpoint that follows the standard.")
	case f.Found != "":
		return f.look("TOKEN_ENDPOINT", "The token endpoint redirects to "+f.Found+", and this app sends no secret after a redirect. If that is the server's token endpoint, set TOKEN_ENDPOINT to it.")
	case set == "":
		return f.look("", "The server's metadata names this address. Check that the server is running, and any proxy or firewall in front of it. If the address in the metadata is wrong, set TOKEN_ENDPOINT.")
	}
	return f.look("TOKEN_ENDPOINT", "Check TOKEN_ENDPOINT: it has to be the server's token endpoint.")
}

// fixSatellite is for a 403 of Clerk's, whose satellite domains have no authorization and no token endpoint.
const fixSatellite = "Clerk returns 403 on a satellite domain. Use the publishable key of the primary domain or, behind a Frontend API proxy, remove it and write ISSUER= and the proxy's address."

// Satellite returns what to do about a 403 of Clerk's at the authorization endpoint, or "" for other servers.
func Satellite(cfg config.Effective, status int) string {
	if !cfg.Clerk || status != http.StatusForbidden {
		return ""
	}
	return fixSatellite
}

// fixParameter returns the fix for a parameter that a server requires. The user has to find out its value.
func fixParameter(f Facts) Fix {
	name := absentParameter(f.Words)
	switch {
	case name == "nonce" && !slices.Contains(f.Cfg.Scopes, "openid"):
		return f.change("SCOPES", strings.TrimSpace("openid "+strings.Join(f.Cfg.Scopes, " ")), "")
	case name == "":
		return f.look("AUTHORIZATION_PARAMS", "In AUTHORIZATION_PARAMS, write the parameter that the server names, with a value from the server's documentation.")
	}
	name = wire.Clip(name, 60)
	return f.look("AUTHORIZATION_PARAMS", "Write AUTHORIZATION_PARAMS='"+name+"=…' in .env, with a value from the server's documentation. For one login, open /login?"+name+"=….")
}

// absentWords matches words that call a request parameter missing. Words such as interaction_required are codes, not names.
var absentWords = regexp.MustCompile(`missing|required|empty|mandatory|must be (?:present|provided|sent|specified)|not (?:present|provided|sent|specified)`)

// parameterName matches the name of a request parameter.
var parameterName = regexp.MustCompile(`\b(?:nonce|audience|[a-z]+(?:_[a-z]+)+)\b`)

// absentParameter returns the parameter of an authorization request that a server's words call missing and that this app
// doesn't always send. It returns "" if there is none.
func absentParameter(words string) string {
	words = strings.ToLower(words)
	if !absentWords.MatchString(words) {
		return ""
	}
	for _, name := range parameterName.FindAllString(words, 50) {
		if !slices.Contains(alwaysSent, name) && !strings.HasPrefix(name, "invalid_") && !strings.HasSuffix(name, "_required") &&
			!strings.HasPrefix(name, "error") && !strings.Contains(name, "client") && !strings.Contains(name, "unsupported") {
			return name
		}
	}
	return ""
}

// alwaysSent lists the parameters of every authorization request, and codes that look like a parameter.
var alwaysSent = []string{"response_type", "redirect_uri", "code_challenge", "code_challenge_method", "code_verifier", "grant_type", "access_denied", "server_error",
	"response_mode", "request_uri", "temporarily_unavailable"}

// fixOffline returns the fix that brings a refresh token.
func fixOffline(f Facts) Fix {
	p := f.provider()
	switch {
	case p.Name == "GitHub":
		return f.look("", "GitHub's OAuth apps issue no refresh tokens: their access tokens don't expire.")
	case p.Name == "Kinde":
		return f.change("SCOPES", strings.Join(append(slices.DeleteFunc(slices.Clone(f.Cfg.Scopes), func(s string) bool { return s == "offline_access" }), "offline"), " "), "")
	case p.Offline != "":
		return f.addParameters(p.Offline)
	case slices.Contains(f.Cfg.Scopes, "offline_access"):
		return f.look("", "offline_access was asked for. Enable it for this client ("+p.At(Scopes)+"), and with some servers for the API, too.")
	}
	fix := f.change("SCOPES", strings.Join(append(slices.Clone(f.Cfg.Scopes), "offline_access"), " "), "")
	fix.Text = "Enable offline_access for this client (" + p.At(Scopes) + "), then write " + fix.Line + " in .env."
	return fix
}

// fixOpaque returns the fix that makes access tokens JWTs.
func fixOpaque(f Facts) Fix {
	p := f.provider()
	if p.JWT != "" {
		return f.look("", "Turn on JWTs ("+LowerFirst(p.in())+": "+p.JWT+"). That changes every application of the instance.")
	}
	const line = "AUTHORIZATION_PARAMS='audience=<API identifier>'"
	if p.Name == "Auth0" {
		return f.look("AUTHORIZATION_PARAMS", "Write "+line+" in .env, with the identifier of your API (in Auth0: Applications → APIs → your API → Settings → Identifier).")
	}
	return f.look("AUTHORIZATION_PARAMS", "Name the API in the login: "+line+" in .env, or resource= instead of audience= where the server follows RFC 8707.")
}

// addParameters returns a fix that adds parameters to every login, beside those that it sends now.
func (f Facts) addParameters(query string) Fix {
	const variable = "AUTHORIZATION_PARAMS"
	more, err := config.ReadParameters(query)
	if err != nil || f.Cfg.Parameters.HasSecret() {
		return f.look(variable, "Add "+query+" to "+variable+" in .env.")
	}
	return f.change(variable, f.Cfg.Parameters.With(more).Encode(), "")
}

// fixUserinfo returns the fix for an unreadable userinfo response, or one about a different user.
func fixUserinfo(f Facts) Fix {
	switch {
	case f.Kind == oauth.SubjectDiffers:
		return f.look("", "Don't use this response. Fix the server: userinfo has to name the user of the ID token.")
	case f.Kind == oauth.SubjectAbsent:
		return f.look("", "Fix the server: userinfo has to have sub. If the server has no OpenID Connect, "+f.withoutOpenID()+".")
	case f.Cfg.Endpoints.Userinfo != "":
		return f.look("USERINFO_ENDPOINT", "Check USERINFO_ENDPOINT: it has to be the server's userinfo endpoint.")
	}
	return f.look("", "Fix this on the server: see what answers at its userinfo endpoint.")
}

// fixIntrospection returns the fix for a token that introspection calls inactive.
func fixIntrospection(f Facts) Fix {
	endpoint := f.Cfg.Endpoints.Introspection
	if endpoint != "" && f.Cfg.Issuer != "" && HostOf(endpoint) != HostOf(f.Cfg.Issuer) {
		fix := f.change("INTROSPECTION_ENDPOINT", "", "")
		fix.Text = "INTROSPECTION_ENDPOINT is on a different host than the issuer, " + HostOf(f.Cfg.Issuer) + ". Remove it from .env, or set it to an address on that host."
		return fix
	}
	return f.look("", "If the token was revoked, sign in again. Otherwise see the server's log: it may know the token under a different host name, or answer only for tokens of a different type or audience.")
}

// saysIssuer names both issuers.
func saysIssuer(f Facts) string {
	switch theirs := f.Found; {
	case theirs == "" && f.Value != "":
		return "the server is at " + f.Value + ", not at " + f.Cfg.Issuer
	case theirs == "":
		return "the server has a different issuer"
	case theirs+"/" == f.Cfg.Issuer:
		return "ISSUER has a trailing slash that the server's issuer, " + theirs + ", doesn't have"
	case theirs == f.Cfg.Issuer+"/":
		return "the server's issuer, " + theirs + ", has a trailing slash that ISSUER doesn't have"
	default:
		return "the server's issuer is " + theirs + ", not " + f.Cfg.Issuer
	}
}

// saysAlgorithm names the algorithm of the ID token and those of the metadata.
func saysAlgorithm(f Facts) string {
	switch {
	case f.Found == "":
		return "the server signs ID tokens with an algorithm that this app can't verify here"
	case f.Found == oauth.HS256 && f.Expected == oauth.HS256:
		return fmt.Sprintf("the server signs ID tokens with HS256 only, and the client secret is shorter than the %d bytes that it needs", oauth.MinHS256Secret)
	}
	return "the server signs ID tokens with " + f.Found + " only, which this app can't verify here"
}

// fixAlgorithm returns the fix that changes the algorithm of ID tokens, or avoids ID tokens if there is no choice.
func fixAlgorithm(f Facts) Fix {
	if f.Found == oauth.HS256 && f.Expected == oauth.HS256 { // the secret is too short to be its key
		return f.look("CLIENT_SECRET", fmt.Sprintf("HS256 needs a client secret of at least %d bytes (RFC 7518 section 3.2). Make a longer one on the server if it lets you, or %s.", oauth.MinHS256Secret, f.withoutOpenID()))
	}
	if f.provider().OneSigningAlg || f.provider().Name == "" && f.Value == "fixed" {
		return f.look("SCOPES", "To sign in without an ID token, "+f.withoutOpenID()+".")
	}
	return f.look("", "If the server lets you choose the algorithm of ID tokens, choose an asymmetric one that its metadata lists ("+f.provider().At(IDToken)+"), or "+f.withoutOpenID()+".")
}

// HostOf returns the host of an address with its port, or "" if there is none.
func HostOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return u.Host
}

// IsZero reports whether a fix has no place, line or variable, and so adds nothing to its sentence in JSON.
func (f Fix) IsZero() bool { return f.Where+f.Line+f.Variable == "" }

// returnOrigin returns the origin that a policy of the server's pages must allow for the way back.
func returnOrigin(cfg config.Effective) string {
	u, err := url.Parse(cfg.RedirectURI())
	switch {
	case err != nil:
		return cfg.RedirectURI() // the configuration has been checked
	case u.Scheme != "http" && u.Scheme != "https":
		return u.Scheme + ":"
	}
	return u.Scheme + "://" + u.Host
}
