package config

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/joho/godotenv"
)

// parseDotenv is godotenv with an error that says where. godotenv's own error quotes the rest of
// the file, secrets and all, so it is replaced by the number of the line that cannot be read:
// the first one after the longest beginning of the file that can.
func parseDotenv(file, raw string) (map[string]string, error) {
	values, err := godotenv.Unmarshal(raw)
	if _, nameless := values[""]; err == nil && !nameless { // a last line without "=" parses as a nameless value
		return values, nil
	}
	lines := strings.SplitAfter(raw, "\n")
	good := 0
	for n := range lines {
		values, err := godotenv.Unmarshal(strings.Join(lines[:n], ""))
		if _, nameless := values[""]; err == nil && !nameless {
			good = n
		}
	}
	return nil, fmt.Errorf("%s:%d: this line cannot be read: write NAME=value, in single quotes when the value holds a space, #, $ or a quote", file, good+1)
}

// get returns a variable without the white space and quotes that came along with it.
func (s *settings) get(name string) string {
	value := s.getenv(name)
	padded := strings.TrimSpace(value) != value
	if value == "" {
		value, padded = s.values[name], s.paddedInFile(name)
		s.checkCut(name)
	}
	if unquoted := unquote(strings.TrimSpace(value)); unquoted != strings.TrimSpace(value) {
		s.notes = append(s.notes, name+": the quotes around the value were removed")
		value = unquoted
	}
	if padded || strings.TrimSpace(value) != value {
		s.notes = append(s.notes, name+": the white space around the value was trimmed")
	}
	value = strings.TrimSpace(value)
	if strings.ContainsFunc(value, func(r rune) bool { return r < ' ' || r == 0x7f }) {
		s.wrong(name, "contains a line break or another control character; copy it again")
		return ""
	}
	return value
}

func unquote(value string) string {
	if len(value) >= 2 && (value[0] == '"' || value[0] == '\'') && value[0] == value[len(value)-1] {
		return value[1 : len(value)-1]
	}
	return value
}

// rawLine returns what stands behind NAME= in the file, as it is written there.
func (s *settings) rawLine(name string) string {
	lines := regexp.MustCompile(`(?m)^[ \t]*(?:export[ \t]+)?`+name+`[ \t]*[=:](.*)$`).FindAllStringSubmatch(s.raw, -1)
	if len(lines) == 0 {
		return ""
	}
	return strings.TrimSuffix(lines[len(lines)-1][1], "\r")
}

// paddedInFile reports white space at either end of an unquoted value, which godotenv drops in silence.
func (s *settings) paddedInFile(name string) bool {
	raw := s.rawLine(name)
	return raw != "" && s.values[name] != "" && strings.TrimSpace(raw) != raw && !strings.Contains(raw, "#")
}

var (
	cutByHash   = regexp.MustCompile(`[ \t]#[^ \t#]`)            // " #x": a comment is written "# x"
	cutByDollar = regexp.MustCompile(`\$(?:\(|\{?([A-Z0-9_]+))`) // what godotenv takes for a variable
)

// checkCut refuses a value that godotenv cut short at "#" or emptied at "$".
func (s *settings) checkCut(name string) {
	raw := strings.TrimSpace(s.rawLine(name))
	if strings.HasPrefix(raw, "'") {
		return
	}
	if !strings.HasPrefix(raw, `"`) && cutByHash.MatchString(raw) {
		s.wrong(name, "an unquoted # cut the value short; put the value in single quotes (or, if a comment was meant, a space after the #)")
		return
	}
	for _, m := range cutByDollar.FindAllStringSubmatch(raw, -1) {
		if s.values[m[1]] == "" {
			s.wrong(name, "a $ in the value was taken for a variable and cut the value short; put the value in single quotes")
			return
		}
	}
}
