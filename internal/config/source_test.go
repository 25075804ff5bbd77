//go:build unix

package config

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// pipe makes a named pipe, as a password manager does in the place of .env.
func pipe(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), ".env")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// fill writes into a pipe once it is opened, and closes it.
func fill(t *testing.T, path, content string) {
	t.Helper()
	go func() {
		file, err := os.OpenFile(path, os.O_WRONLY, 0)
		if err != nil {
			t.Error(err)
			return
		}
		defer file.Close()
		file.WriteString(content) // which fails if the reader stops before the end
	}()
}

// A pipe is read once. What came out of it stays, and it is never opened again.
func TestSource_Pipe(t *testing.T) {
	t.Parallel()
	s := &Source{Path: pipe(t)}
	fill(t, s.Path, "ISSUER=https://auth.example.com\nCLIENT_ID=a-client\n")
	for range 2 {
		began := time.Now()
		if cfg, err := s.Load(env(nil)); err != nil || cfg.ClientID != "a-client" {
			t.Fatalf("the settings are %+v (%v)", cfg, err)
		}
		if s.Changed() || time.Since(began) >= fileTimeout {
			t.Error("the pipe is opened again")
		}
		later := time.Now().Add(time.Hour)
		if err := os.Chtimes(s.Path, later, later); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(s.Path+".new", []byte("CLIENT_ID=another"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(s.Path+".new", s.Path); err != nil || s.Changed() {
		t.Errorf("a file in the place of the pipe is read (%v)", err)
	}
}

// A pipe into which nothing is written, and one that never ends, are no settings.
func TestSource_PipeWithoutEnd(t *testing.T) {
	t.Parallel()
	silent, endless, long, flood := pipe(t), pipe(t), pipe(t), pipe(t)
	open, err := os.OpenFile(endless, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer open.Close()
	open.WriteString("CLIENT_ID=a-client\n")
	fill(t, long, strings.Repeat("#", maxFile+1))
	go func() {
		file, err := os.OpenFile(flood, os.O_WRONLY, 0)
		for err == nil { // until it is closed at the other end
			_, err = file.WriteString(strings.Repeat("#", 4<<10))
		}
	}()
	for path, want := range map[string]error{silent: errNothing, endless: errNothing, long: errTooLong, flood: errTooLong} {
		_, err := (&Source{Path: path}).Load(env(nil))
		if err == nil || !strings.Contains(err.Error(), path+": cannot be read ("+want.Error()+"); name a different file") {
			t.Errorf("the error is %v; want %v", err, want)
		}
	}
	for _, path := range []string{silent, endless} { // no reader is left behind
		if file, err := os.OpenFile(path, os.O_RDWR|syscall.O_NONBLOCK, 0); err == nil {
			file.Close()
		}
	}
}

// A file is read again when its size or its time has changed, when it is there at last, or gone; and not where a pipe
// takes its place.
func TestSource_Changed(t *testing.T) {
	t.Parallel()
	s := &Source{Path: filepath.Join(t.TempDir(), ".env")}
	at := time.Now().Add(-time.Hour)
	write := func(content string) {
		t.Helper()
		if err := os.WriteFile(s.Path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(s.Path, at, at); err != nil {
			t.Fatal(err)
		}
	}
	for _, row := range []struct {
		name   string
		change func()
		want   bool
	}{
		{"there is no file", func() {}, false},
		{"there is one", func() { write("PORT=3001") }, true},
		{"nothing", func() { write("PORT=3002") }, false}, // the same size at the same time
		{"its size", func() { write("PORT=13001") }, true},
		{"its time", func() { at = at.Add(time.Second); write("PORT=13001") }, true},
		{"it is gone", func() { os.Remove(s.Path) }, true},
		{"it is back", func() { write("PORT=3001") }, true},
		{"a pipe is there", func() { os.Remove(s.Path); syscall.Mkfifo(s.Path, 0o600) }, false},
	} {
		row.change()
		if got := s.Changed(); got != row.want {
			t.Errorf("%s: changed is %t", row.name, got)
		}
		if row.want {
			if _, err := s.Load(env(nil)); err != nil || s.Changed() {
				t.Errorf("%s: after it has been read: %v", row.name, err)
			}
		}
	}
}

// A file may have a megabyte.
func TestSource_Long(t *testing.T) {
	t.Parallel()
	s := &Source{Path: filepath.Join(t.TempDir(), ".env")}
	for size, want := range map[int]string{maxFile: "", maxFile + 1: errTooLong.Error()} {
		content := "CLIENT_ID=a\nISSUER=https://auth.example.com\n"
		content += "#" + strings.Repeat("x", size-len(content)-1)
		if err := os.WriteFile(s.Path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Load(env(nil)); (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("with %d bytes the error is %v", size, err)
		}
	}
}

// The line that cannot be read is looked for where that takes no time.
func TestLoad_LongFileWithMistake(t *testing.T) {
	t.Parallel()
	for lines, want := range map[int]string{500: ".env:501: this line", 100_000: ".env: one line can't be read"} {
		if _, err := parse(env(nil), ".env", strings.Repeat("A=b\n", lines)+"no setting\n"); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("after %d lines the error is %v", lines, err)
		}
	}
}

// Certificates are read again and again, so that they are in no pipe.
func TestTrustedRoots_Pipe(t *testing.T) {
	t.Parallel()
	began := time.Now()
	if _, err := TrustedRoots(pipe(t)); err == nil || !strings.Contains(err.Error(), errNotAFile.Error()) || time.Since(began) >= fileTimeout {
		t.Errorf("the error is %v", err)
	}
}

// Where a variable is set is looked up in what came out of a pipe, and a pipe that has not been read is left alone.
func TestSource_OriginInPipe(t *testing.T) {
	t.Parallel()
	s := &Source{Path: pipe(t)}
	if got := s.Origin(env(nil), "CLIENT_ID"); got != (Origin{}) {
		t.Errorf("before the pipe was read: %+v", got)
	}
	fill(t, s.Path, "ISSUER=https://auth.example.com\nCLIENT_ID=a-client\n")
	if _, err := s.Load(env(nil)); err != nil {
		t.Fatal(err)
	}
	if got := s.Origin(env(nil), "CLIENT_ID"); got != (Origin{Line: 2}) {
		t.Errorf("after the pipe was read: %+v", got)
	}
}
