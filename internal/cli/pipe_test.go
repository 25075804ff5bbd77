//go:build unix

package cli

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// A pipe that no program reads is no file of a job's summary, and is not opened.
func TestAppendSummary_Pipe(t *testing.T) {
	t.Parallel()
	pipe := filepath.Join(t.TempDir(), "summary")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Skip("no named pipes here: ", err)
	}
	done := make(chan bool)
	go func() {
		PrintOptions{Summary: pipe}.appendSummary("report")
		close(done)
	}()
	select {
	case <-done:
	case <-time.After(time.Minute):
		t.Error("the summary waits for a reader")
		if reader, err := os.OpenFile(pipe, os.O_RDONLY|syscall.O_NONBLOCK, 0); err == nil {
			defer reader.Close()
		}
		<-done
	}
}

// A pipe stays where it is, and is not opened.
func TestReplaceFile_Pipe(t *testing.T) {
	t.Parallel()
	pipe := filepath.Join(t.TempDir(), "junit.xml")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Skip("no named pipes here: ", err)
	}
	if err := replaceFile(pipe, []byte("report")); err == nil {
		t.Error("it is written to")
	}
	if info, err := os.Stat(pipe); err != nil || info.Mode()&os.ModeNamedPipe == 0 {
		t.Errorf("it is %v now, %v", info, err)
	}
}
