package cli

import (
	"encoding/xml"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"oauth-test-client/internal/causes"
	"oauth-test-client/internal/check"
)

// junitSuite is a report as the XML that CI services read. There is no standard; these are the elements and attributes that
// all of them know.
type junitSuite struct {
	XMLName  xml.Name    `xml:"testsuite"`
	Name     string      `xml:"name,attr"`
	Tests    int         `xml:"tests,attr"`
	Failures int         `xml:"failures,attr"`
	Skipped  int         `xml:"skipped,attr"`
	Cases    []junitCase `xml:"testcase"`
}

type junitCase struct {
	Name    string     `xml:"name,attr"`
	Class   string     `xml:"classname,attr"`
	Failure *junitText `xml:"failure,omitempty"`
	Skipped *junitText `xml:"skipped,omitempty"`
	Out     string     `xml:"system-out,omitempty"`
}

type junitText struct {
	Message string `xml:"message,attr"`
	Text    string `xml:",chardata"`
}

// junit returns a report as XML. A warning is a passed case with its text.
func junit(r check.Report) ([]byte, error) {
	n := r.Counts()
	suite := junitSuite{Name: "OAuth Test Client", Tests: len(r.Checks), Failures: n.Fail, Skipped: n.Skip}
	for _, f := range r.Checks {
		c := junitCase{Name: Harmless(causes.Label(f.Check)), Class: "check"}
		switch text := (junitText{Harmless(f.Tag()), Harmless(f.Sentence())}); f.Result {
		case causes.Fail:
			c.Failure = &text
		case causes.Skip:
			c.Skipped = &text
		default:
			c.Out = text.Text
		}
		suite.Cases = append(suite.Cases, c)
	}
	document, err := xml.MarshalIndent(suite, "", "  ")
	return append([]byte(xml.Header), append(document, '\n')...), err
}

// writeFiles writes the report to the JUnit file, if one is requested. It replaces the file, so that it is valid at any
// time.
func (o PrintOptions) writeFiles(r check.Report) error {
	if o.JUnit != "" {
		document, err := junit(r)
		if err == nil {
			err = replaceFile(o.JUnit, document)
		}
		if err != nil {
			return fmt.Errorf("-junit %s can't be written: %w", o.JUnit, err)
		}
	}
	return nil
}

// replaceFile writes a new file beside the old one, then puts it in its place. No other user can have taken the name of the
// new file before. It does not replace a pipe or a device.
func replaceFile(name string, content []byte) error {
	if info, err := os.Stat(name); err == nil && !info.Mode().IsRegular() {
		return errors.New("it is a pipe, a device or a folder")
	}
	fresh, err := os.CreateTemp(filepath.Dir(name), filepath.Base(name)+".*")
	if err != nil {
		return err
	}
	defer os.Remove(fresh.Name()) // does nothing once the file is in place
	_, err = fresh.Write(content)
	if err = errors.Join(err, fresh.Chmod(0o644), fresh.Close()); err != nil {
		return err
	}
	return os.Rename(fresh.Name(), name)
}

// appendSummary appends a text to the summary of a job. It must be a file, as opening a pipe without a reader would wait
// forever. If this fails, the checks don't fail.
func (o PrintOptions) appendSummary(text string) {
	if info, err := os.Stat(o.Summary); err == nil && !info.Mode().IsRegular() {
		return
	}
	file, err := os.OpenFile(o.Summary, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return
	}
	defer file.Close()
	Say(file, text)
}
