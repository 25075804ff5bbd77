package main

import (
	"bytes"
	"context"
	"crypto/x509"
	"embed"
	"encoding/json"
	"fmt"
	"html/template"
	"io/fs"
	"log"
	"net"
	"net/http"
	"net/url"
	"path"
	"strings"
	"sync"
	"time"

	"oauth-test-client/internal/check"
	"oauth-test-client/internal/cli"
	"oauth-test-client/internal/config"
	"oauth-test-client/internal/flow"
	"oauth-test-client/internal/oauth"
	"oauth-test-client/internal/resource"
	"oauth-test-client/internal/session"
	"oauth-test-client/internal/wire"
)

// server is the client of the protocol: it starts logins and finishes them. All its dependencies come in through newServer.
type server struct {
	cfg       config.Effective
	wire      *wire.Client
	oauth     *oauth.Client
	checks    *check.Runner
	sessions  *session.Store
	discovery *resource.Discovery             // of logins that begin at an API
	refreshes *oauth.Singleflight[*refreshed] // by the state of the login
	pages     map[string]*template.Template
	log       *log.Logger
	now       func() time.Time
	traffic   *cli.Traffic
	notice    *notice // about the settings; nil when there is nothing to say
	broken    bool    // the demo server is, on purpose
	file      settingsFile

	found func(*oauth.Client) *server // puts what was found at the API to use
	ended func(cli.Verdict)           // is told what came of the login of a run; nil while no command waits for one
	run   string                      // the value by which that login is known: only its address has it
	anew  func(state string)          // makes the demo server ask for sign-in and consent; nil for any other server
}

// refreshed is the outcome of a refresh, for every request that waited for it.
type refreshed struct {
	answer        *wire.Exchange
	response      *oauth.TokenResponse // nil when the server refused
	before, after oauth.Tokens
}

// newServer wires the client together. Nothing is asked of the authorization server yet.
func newServer(cfg config.Config, roots *x509.CertPool, log *log.Logger, now func() time.Time) (*server, error) {
	sessions, err := session.New(cfg, roots, now)
	if err != nil {
		return nil, err
	}
	pages, err := parsedPages()
	if err != nil {
		return nil, fmt.Errorf("templates: %w", err)
	}
	s := &server{sessions: sessions, discovery: resource.NewDiscovery(cfg.Effective()), refreshes: new(oauth.Singleflight[*refreshed]),
		traffic: new(cli.Traffic), pages: pages, log: log, now: now}
	s.configure(cfg.Effective(), roots)
	return s, nil
}

// configure sets the settings of a server that isn't in use yet. What depends on the authorization server is made anew. The
// sessions, their locks and the record of used states stay.
func (s *server) configure(cfg config.Effective, roots *x509.CertPool) {
	s.discovery.Configured(cfg)
	s.cfg = cfg
	s.wire = wire.New(roots, s.now)
	s.oauth = oauth.New(cfg, s.wire, s.now)
	s.checks = check.NewRunner(cfg, s.discovery, s.wire, s.now) // findings for other settings don't count
}

// discovered gives a server that isn't in use yet the client that was found at the API.
func (s *server) discovered(c *oauth.Client) {
	if cfg := c.Config(); !cfg.Equal(s.cfg) {
		s.checks = s.checks.For(cfg, s.wire)
	}
	s.cfg, s.oauth = c.Config(), c
}

// secrets returns what no page and no file of a flow may contain.
func (s *server) secrets() flow.Secrets {
	return flow.Secrets{Client: s.cfg.Client(), Other: s.cfg.OtherClient(), Former: s.cfg.Former, Issued: s.cfg.Issued()}
}

//go:embed templates
var templates embed.FS

// parsedPages are the pages, parsed once for every server of a process.
var parsedPages = sync.OnceValues(func() (map[string]*template.Template, error) { return parsePages(templates) })

//go:embed static
var static embed.FS

// parsePages parses every page with the layout around it and the shared parts, so that a broken template shows at the
// start, and not to a user.
func parsePages(templates fs.FS) (map[string]*template.Template, error) {
	files, err := fs.Glob(templates, "templates/*.html")
	if err != nil {
		return nil, err
	}
	pages := map[string]*template.Template{}
	for _, file := range files {
		if path.Base(file) == "layout.html" || strings.HasPrefix(path.Base(file), "part-") {
			continue
		}
		page, err := template.New("layout.html").Option("missingkey=error").ParseFS(templates, "templates/layout.html", "templates/part-*.html", file)
		if err != nil {
			return nil, err
		}
		pages[path.Base(file)] = page
	}
	return pages, nil
}

// layout is the data of layout.html, which surrounds every page. A page's own data embeds it.
type layout struct {
	Title  string     `json:"-"`
	Demo   bool       `json:"-"`
	Notice *notice    `json:"notice,omitempty"`
	Typos  []string   `json:"misspelled,omitempty"`     // names in the file that are probably ours
	Broken bool       `json:"demo_is_broken,omitempty"` // on purpose
	Paste  *pasteForm `json:"-"`                        // the form for the way back; nil where the browser comes by itself
	Waits  *waits     `json:"-"`                        // the step-by-step login that is under way; nil when none is
	File   string     `json:"-"`                        // with the settings
	Ends   bool       `json:"-"`                        // the command login runs, and this app ends with it
	Stage  bool       `json:"-"`                        // the page can be presented
	Large  bool       `json:"-"`                        // Present mode is on
}

// page makes the layout of a page.
func (s *server) page(r *http.Request, title string) layout {
	return layout{Title: title, File: s.file.name(), Ends: s.ended != nil, Large: wantsHTML(r) && len(r.CookiesNamed(presentCookie)) > 0,
		Demo: s.cfg.Demo, Notice: s.notice, Typos: misspelled(s.cfg.Typos), Broken: s.broken, Paste: newPasteForm(s.cfg), Waits: newWaits(s.waiting(r))}
}

// misspelled says of each name that is probably ours what to write instead. Without it, an optional setting would be
// ignored in silence.
func misspelled(typos []config.Typo) []string {
	var said []string
	for _, t := range typos {
		if !t.Foreign {
			said = append(said, t.String())
		}
	}
	return said
}

// presentCookie has no port in its name: the demo server's pages look for it, too.
const presentCookie = "present"

// stagePage makes the layout of a page that can be presented.
func (s *server) stagePage(r *http.Request, title string) layout {
	v := s.page(r, title)
	v.Stage = true
	return v
}

// waits is a login that waits, as every page shows it.
type waits struct {
	Step int
	Path string
}

// waiting returns the newest login of a browser that waits step by step, or nil.
func (s *server) waiting(r *http.Request) *session.StepLogin {
	all := s.sessions.StepLogins(r)
	if len(all) == 0 {
		return nil
	}
	return &all[0]
}

// newWaits says where a login waits.
func newWaits(w *session.StepLogin) *waits {
	if w == nil {
		return nil
	}
	number := 1
	if w.Waits != nil {
		number = 3
	}
	return &waits{number, stepLink(session.Handle(w.Request.State), number)}
}

// stepLink returns the address of a step of a login.
func stepLink(handle string, number int) string {
	return fmt.Sprintf("/step?login=%s&show=%d", url.QueryEscape(handle), number)
}

// SignInPath returns the target of the buttons that start a login. The demo remembers consent, as servers do, but a user
// who presses a button wants to see it.
func (v layout) SignInPath() string {
	if v.Demo {
		return "/login?prompt=consent"
	}
	return "/login"
}

// Visible returns text from outside for a template, without invisible characters.
func (layout) Visible(s string) string { return wire.Clip(s, 2000) }

// Breaks splits a URI for a template at the places where a line may end.
func (layout) Breaks(uri string) []chunk { return breakable(uri) }

// signIn makes the button that starts a login, with its options.
func (s *server) signIn(label string) signIn { return newSignIn(label, s.cfg) }

// notice is a message about the settings, for a user of the running program.
type notice struct {
	Heading string   `json:"heading"`
	Lines   []string `json:"lines,omitempty"`
}

// mistakes returns the notice about the mistakes in a file that was read again.
func mistakes(file string, err error) *notice {
	return &notice{Heading: file + " has changed, and something in it is wrong. Until that is fixed, the previous settings are in use.",
		Lines: strings.Split(err.Error(), "\n")}
}

// needsRestart returns the notice about changed settings that need a restart, or nil.
func needsRestart(file string, names []string) *notice {
	if len(names) == 0 {
		return nil
	}
	return &notice{Heading: strings.Join(names, ", ") + " changed in " + file + ". Restart this app to use the change."}
}

// String returns the notice as the terminal shows it.
func (n *notice) String() string {
	return strings.Join(append([]string{n.Heading}, n.Lines...), "\n  ")
}

// wantsHTML reports whether the request comes from a browser, not from curl or a program.
func wantsHTML(r *http.Request) bool {
	return strings.Contains(r.Header.Get("Accept"), "text/html")
}

// respond answers with the page, or with the same data as JSON for everyone but browsers. It writes nothing until the
// response is complete.
func (s *server) respond(w http.ResponseWriter, r *http.Request, status int, name string, data any) error {
	w.Header().Set("Vary", "Accept")
	var out bytes.Buffer
	if !wantsHTML(r) {
		e := json.NewEncoder(&out)
		e.SetEscapeHTML(false) // & and < as people read them
		if err := e.Encode(data); err != nil {
			return err
		}
		write(w, status, "application/json", []byte(wire.Pretty(out.String()))) // a server's answer may be in it
		return nil
	}
	if err := s.pages[name].Execute(&out, data); err != nil {
		return err
	}
	write(w, status, "text/html; charset=utf-8", wire.VisibleLines(out.Bytes()))
	return nil
}

func write(w http.ResponseWriter, status int, contentType string, body []byte) {
	w.Header().Set("Content-Type", contentType)
	w.WriteHeader(status)
	w.Write(body) // a browser that has gone away is no error of ours
}

// handleStatic serves the files that the pages load. The browser asks each time whether they have changed.
func handleStatic(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-cache")
	http.ServeFileFS(w, r, static, "static/"+r.PathValue("file"))
}

// isDemo reports whether a request is to the demo server.
func (s *server) isDemo(r *http.Request) bool {
	return s.cfg.Demo && (strings.HasPrefix(r.URL.Path, "/demo/") || strings.HasPrefix(r.URL.Path, "/.well-known/"))
}

// logged writes one line per request, except for the files that a page loads and for the demo server, which is the other
// party. The line has no query string, cookie or token: it takes only the path from the URL.
func (s *server) logged(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/static/") || s.isDemo(r) {
			next.ServeHTTP(w, r)
			return
		}
		began := s.now()
		note := &statusRecorder{ResponseWriter: w, status: http.StatusOK}
		next.ServeHTTP(note, r)
		code := note.code
		if code != "" {
			code = " " + code
		}
		s.log.Printf("%s %s %d %s%s", wire.Clip(r.Method, 16), wire.Clip(r.URL.EscapedPath(), 120), note.status, flow.Duration(s.now().Sub(began)), code)
	})
}

// statusRecorder records the status of a response, for the log line.
type statusRecorder struct {
	http.ResponseWriter
	status int
	code   string // our own error code, if it was an error
}

func (n *statusRecorder) WriteHeader(status int) {
	n.status = status
	n.ResponseWriter.WriteHeader(status)
}

// Unwrap lets http.ResponseController reach the connection.
func (n *statusRecorder) Unwrap() http.ResponseWriter { return n.ResponseWriter }

// httpServer returns a server that no client can keep busy forever.
func httpServer(handler http.Handler, log *log.Logger) *http.Server {
	return &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       10 * time.Second,
		WriteTimeout:      60 * time.Second, // a login may wait for several answers of wire.Timeout each
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    128 << 10, // as many cookies as a browser keeps for a host
		ErrorLog:          log,
	}
}

// serve answers until the context ends. Then it lets requests in flight finish, for 15 seconds at most, and
// refuses new ones.
func serve(ctx context.Context, s *server, handler http.Handler, listeners []net.Listener, log *log.Logger) error {
	srv := httpServer(handler, log)
	failed := make(chan error, len(listeners))
	for _, l := range listeners {
		go func() { failed <- srv.Serve(l) }()
	}
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 15*time.Second)
	defer cancel()
	s.traffic.Drain(ctx)
	ctx, cancel = context.WithTimeout(ctx, time.Second)
	defer cancel()
	if srv.Shutdown(ctx) != nil { // browsers open connections ahead, on which nothing was asked yet
		srv.Close()
	}
	return nil
}
