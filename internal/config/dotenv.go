package config

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/joho/godotenv"
)

// parseDotenv reads a file, and returns the number of the line that cannot be read, or 0. godotenv's own error quotes the
// rest of the file, secrets included. So this looks for the longest readable beginning, and returns the number of the line
// after it. It returns -1 for a long file, as trying every beginning takes too long.
func parseDotenv(raw string) (map[string]string, int) {
	values, err := godotenv.Unmarshal(raw)
	if _, nameless := values[""]; err == nil && !nameless { // a last line without "=" parses as a nameless value
		return values, 0
	}
	lines := strings.SplitAfter(raw, "\n")
	if len(lines) > 1000 || len(raw) > 64<<10 {
		return nil, -1
	}
	good := 0
	for n := range lines {
		values, err := godotenv.Unmarshal(strings.Join(lines[:n], ""))
		if _, nameless := values[""]; err == nil && !nameless {
			good = n
		}
	}
	return nil, good + 1
}

// bareLine matches a line with a name and no separator.
var bareLine = regexp.MustCompile(`^\s*(?:export\s+)?([A-Z_]+)(\s+[^\s=:].*)?\s*$`)

// nameOnly matches the part of a line before the "=".
var nameOnly = regexp.MustCompile(`^\s*(?:export\s+)?[A-Za-z0-9_.]+\s*$`)

// badLine says what is wrong with a line that cannot be read, which it never quotes.
func badLine(where, line string) Problem {
	if m := bareLine.FindStringSubmatch(line); m != nil && slices.Contains(names, m[1]) {
		return noEquals(where, m[1], m[2] != "")
	}
	p := Problem{Where: where, What: "this line cannot be read",
		Fix: `write NAME=value. A value with a space, #, $ or " goes into 'single quotes', and one with ' into "double quotes"`}
	name, value, _ := strings.Cut(line, "=")
	value = strings.TrimSpace(value)
	if value != "" && nameOnly.MatchString(name) && strings.ContainsAny(value[:1], `'"`) && !strings.Contains(value[1:], value[:1]) {
		p.What, p.Fix = "the value starts with "+value[:1]+" and doesn't end with it", "write "+value[:1]+" at the end of the value too"
	}
	return p
}

// noEquals returns the problem of a line without "=".
func noEquals(where, name string, value bool) Problem {
	p := Problem{Where: where, What: name + " has no =", Fix: "write = between " + name + " and its value"}
	if !value {
		p.Fix = "write " + name + "=, then the value"
	}
	return p
}

// dropComments empties the values that are only a comment: godotenv reads "NAME= # words" as a value.
func (s *settings) dropComments() {
	for name, value := range s.values {
		if raw, _ := s.rawLine(name); strings.HasPrefix(value, "# ") && strings.HasPrefix(strings.TrimSpace(raw), "# ") {
			s.values[name] = ""
		}
	}
}

// get returns the value of a variable without stray white space and quotes.
func (s *settings) get(name string) string {
	value := s.getenv(name)
	padded := strings.TrimSpace(value) != value
	if value == "" {
		value, padded = s.values[name], s.paddedInFile(name)
		s.checkCut(name)
	}
	if unquoted := unquote(strings.TrimSpace(value)); unquoted != strings.TrimSpace(value) {
		s.note(name, "the quotes around the value were removed")
		value = unquoted
	}
	if padded || strings.TrimSpace(value) != value {
		s.note(name, "the white space around the value was removed")
	}
	value = strings.TrimSpace(value)
	if strings.ContainsFunc(value, func(r rune) bool { return r < ' ' || r == 0x7f }) {
		s.wrong(name, "has a line break or another control character; copy it again")
		return ""
	}
	return value
}

// leftEmpty reports whether the file has a line with nothing after the name, and the environment doesn't override it.
func (s *settings) leftEmpty(name string) bool {
	value, written := s.values[name]
	return written && value == "" && s.getenv(name) == ""
}

func unquote(value string) string {
	if len(value) >= 2 && (value[0] == '"' || value[0] == '\'') && value[0] == value[len(value)-1] {
		return value[1 : len(value)-1]
	}
	return value
}

// rawLine returns the text after NAME= in the file, as written there, and the number of that line, or 0.
func (s *settings) rawLine(name string) (string, int) { return lineIn(s.raw, name) }

// lineIn finds the line of a file that sets a variable, as rawLine returns it. The last one counts.
func lineIn(raw, name string) (string, int) {
	lines := regexp.MustCompile(`(?m)^[ \t]*(?:export[ \t]+)?`+regexp.QuoteMeta(name)+`[ \t]*[=:](.*)$`).FindAllStringSubmatchIndex(raw, -1)
	if len(lines) == 0 {
		return "", 0
	}
	last := lines[len(lines)-1]
	return strings.TrimSuffix(raw[last[2]:last[3]], "\r"), 1 + strings.Count(raw[:last[0]], "\n")
}

// paddedInFile reports whether an unquoted value has white space at either end, which godotenv drops silently.
func (s *settings) paddedInFile(name string) bool {
	raw, _ := s.rawLine(name)
	return raw != "" && s.values[name] != "" && strings.TrimSpace(raw) != raw && !strings.Contains(raw, "#")
}

var (
	cutByHash   = regexp.MustCompile(`[ \t]#[^ \t#]`)            // " #x": a comment is written "# x"
	cutByDollar = regexp.MustCompile(`\$(?:\(|\{?([A-Z0-9_]+))`) // what godotenv takes for a variable
)

// checkCut refuses a value that godotenv cut short at "#" or emptied at "$".
func (s *settings) checkCut(name string) {
	raw, _ := s.rawLine(name)
	raw = strings.TrimSpace(raw)
	if strings.HasPrefix(raw, "'") {
		return
	}
	if !strings.HasPrefix(raw, `"`) && cutByHash.MatchString(raw) {
		s.wrongBecause(mangled(name), name, "an unquoted # cut the value short; put the value in single quotes (if it is a comment, put a space after the #)")
		return
	}
	for _, m := range cutByDollar.FindAllStringSubmatch(raw, -1) {
		if s.values[m[1]] == "" {
			s.wrongBecause(mangled(name), name, "a $ in the value was read as a variable, which cut the value short; put the value in single quotes")
			return
		}
	}
}

// mangled returns the name of the cause if a value is not what was written.
func mangled(name string) string {
	if name == "CLIENT_SECRET" {
		return "client-secret-mangled"
	}
	return ""
}

// Reread returns the settings for a running program after fresh has been read. The listener and the sessions stay as they
// are: it returns the names of the changed settings that need a restart.
func (c Config) Reread(fresh Config) (next Config, waiting []string) {
	keep := func(name string, value *string, old string) {
		if *value != old {
			waiting = append(waiting, name)
		}
		*value = old
	}
	if fresh.Demo { // its address follows from BASE_URL
		fresh.Issuer = strings.Replace(fresh.Issuer, fresh.BaseURL, c.BaseURL, 1)
		fresh.ResourceURL = strings.Replace(fresh.ResourceURL, fresh.BaseURL+"/demo/", c.BaseURL+"/demo/", 1)
	}
	keep("PORT", &fresh.Port, c.Port)
	if fresh.BaseURLUnset && c.BaseURLUnset { // it follows from PORT
		fresh.BaseURL = c.BaseURL
	}
	keep("BASE_URL", &fresh.BaseURL, c.BaseURL)
	keep("SESSION_SECRET", &fresh.SessionSecret, c.SessionSecret)
	keep("SESSION_STORE", &fresh.SessionStore, c.SessionStore)
	return fresh, waiting
}

// The limits of reading a file.
const (
	maxFile     = 1 << 20 // bytes
	fileTimeout = 2 * time.Second
)

var (
	errTooLong  = errors.New("it has more than 1 MB")
	errNothing  = errors.New("it didn't end within 2 seconds")
	errNotAFile = errors.New("it is a pipe or a device")
)

// Source is the file with the settings. A password manager may put a pipe there, which can be read only once: its content
// is kept, and it is never opened again.
type Source struct {
	Path     string
	Required bool // a missing file is an error

	seen stamp
	once *string // the content of a pipe; nil for a file
}

// stamp identifies one state of a file.
type stamp struct {
	changed time.Time
	size    int64
}

// stamp returns the state of the file, or the zero stamp if there is none. It reports false for a pipe or a device.
func (s *Source) stamp() (stamp, bool) {
	info, err := os.Stat(s.Path)
	switch {
	case err != nil:
		return stamp{}, true
	case !info.Mode().IsRegular() && !info.IsDir():
		return stamp{}, false
	}
	return stamp{info.ModTime(), info.Size()}, true
}

// Changed reports whether the file has changed since it was read, as far as that shows without opening it.
func (s *Source) Changed() bool {
	now, isFile := s.stamp()
	return s.once == nil && isFile && now != s.seen
}

// Load reads the settings. Every variable is read through getenv first and the file second: a variable that is
// set but empty counts as unset. A missing file is fine unless it is required.
// The error lists every mistake, one line each, and never quotes a secret.
func (s *Source) Load(getenv func(string) string) (Config, error) {
	raw, err := s.read()
	if errors.Is(err, fs.ErrNotExist) && !s.Required {
		raw, err = "", nil
	}
	if err != nil {
		if path, ok := errors.AsType[*fs.PathError](err); ok {
			err = path.Err // the message names the file already
		}
		return Config{}, Problems{{Where: s.Path, What: fmt.Sprintf("cannot be read (%v)", err),
			Fix: "name a different file with -env, or make this one: cp .env.sample " + s.Path}}
	}
	return parse(getenv, s.Path, raw)
}

// read returns the content of the file, or what a pipe contained when it was first read.
func (s *Source) read() (string, error) {
	if s.once != nil {
		return *s.once, nil
	}
	seen, isFile := s.stamp() // before the file is read: what changes meanwhile is read again
	s.seen = seen
	raw, err := readFile(s.Path)
	raw = strings.TrimPrefix(raw, "\uFEFF") // the byte order mark of Windows' editors
	if err == nil && !isFile {
		s.once = &raw
	}
	return raw, err
}

// readFile reads a file. It may be a pipe that never ends, or that is never written to.
func readFile(path string) (string, error) {
	type content struct {
		raw []byte
		err error
	}
	done := make(chan content, 1)
	go func() { // it is left behind if opening the file blocks; then the program ends
		file, err := os.Open(path)
		if err != nil {
			done <- content{nil, err}
			return
		}
		defer file.Close()
		raw, err := io.ReadAll(io.LimitReader(file, maxFile+1))
		done <- content{raw, err}
	}()
	select {
	case c := <-done:
		if len(c.raw) > maxFile {
			return "", errTooLong
		}
		return string(c.raw), c.err
	case <-time.After(fileTimeout):
		return "", errNothing
	}
}
