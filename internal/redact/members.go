package redact

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
)

// The most levels of JSON that are looked into; below, nobody reads.
const maxLevels = 64

// cut is a part of a text with what is to stand there.
type cut struct {
	from, to int
	standIn  string
}

// memberWalk goes through the members of a JSON text.
type memberWalk struct {
	*json.Decoder
	// visit says what is to stand in place of a member's value, or "" to leave it, or to look inside.
	visit func(level int, name string, value json.RawMessage) (standIn string)
	cuts  []cut
}

// RewriteMembers replaces the values of members, and leaves everything else to the byte. It reports false
// for a text that is no JSON.
func RewriteMembers(body string, visit func(level int, name string, value json.RawMessage) string) (string, bool) {
	if !json.Valid([]byte(body)) {
		return body, false
	}
	w := &memberWalk{Decoder: json.NewDecoder(strings.NewReader(body)), visit: visit}
	if err := w.value(0); err != nil {
		return body, false
	}
	var out strings.Builder
	end := 0
	for _, c := range w.cuts {
		out.WriteString(body[end:c.from])
		out.WriteString(c.standIn)
		end = c.to
	}
	out.WriteString(body[end:])
	return out.String(), true
}

// value goes through the value that comes next.
func (w *memberWalk) value(level int) error {
	if level > maxLevels {
		return errors.New("nested too deep")
	}
	token, err := w.Token()
	if err != nil {
		return err
	}
	switch token {
	case json.Delim('{'):
		err = w.members(level)
	case json.Delim('['):
		for err == nil && w.More() {
			err = w.value(level + 1)
		}
	default:
		return nil
	}
	if err != nil {
		return err
	}
	_, err = w.Token() // what closes it
	return err
}

// members goes through the members of an object.
func (w *memberWalk) members(level int) error {
	for w.More() {
		token, err := w.Token()
		if err != nil {
			return err
		}
		name, _ := token.(string) // the text is valid
		var raw json.RawMessage
		if err := w.Decode(&raw); err != nil {
			return err
		}
		to := int(w.InputOffset())
		from := to - len(raw)
		if standIn := w.visit(level, name, raw); standIn != "" {
			w.cuts = append(w.cuts, cut{from, to, standIn})
			continue
		}
		if first := raw[0]; first != '{' && first != '[' {
			continue
		}
		inside := &memberWalk{Decoder: json.NewDecoder(bytes.NewReader(raw)), visit: w.visit}
		if err := inside.value(level + 1); err != nil {
			return err
		}
		for _, c := range inside.cuts {
			w.cuts = append(w.cuts, cut{from + c.from, from + c.to, c.standIn})
		}
	}
	return nil
}
