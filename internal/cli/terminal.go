package cli

import (
	"os"
	"strings"
	"unicode"
)

// Is reports whether a stream is a terminal.
func Is(stream any) bool {
	file, ok := stream.(*os.File)
	if !ok {
		return false
	}
	info, err := file.Stat()
	if err != nil || info.Mode()&os.ModeCharDevice == 0 {
		return false
	}
	null, err := os.Stat(os.DevNull)
	return err != nil || !os.SameFile(info, null)
}

// Width returns the number of columns of the terminal, or 0 where that is not known.
func Width(stream any) int {
	file, ok := stream.(*os.File)
	if !ok || !Is(stream) {
		return 0
	}
	return columns(file)
}

// Wrap breaks a text between words, or inside a word that is too long, so that no line has more than width columns.
func Wrap(text string, width int) []string {
	var lines []string
	line := ""
	for _, word := range strings.Fields(text) {
		if line != "" && Columns(line)+1+Columns(word) > width {
			lines, line = append(lines, line), ""
		}
		if line != "" {
			line += " "
		}
		line += word
		for cut := fitting(line, width); cut < len(line) && !toCopy(word); cut = fitting(line, width) {
			lines, line = append(lines, line[:cut]), line[cut:]
		}
	}
	return append(lines, line)
}

// toCopy reports whether a word stays whole: a line of .env or an address would be useless in two parts.
func toCopy(word string) bool {
	return len(word) <= 200 && (strings.Contains(word, "://") || strings.Contains(word, "="))
}

// fitting returns the length in bytes of the longest prefix that fits, at least one character.
func fitting(s string, width int) int {
	taken := 0
	for i, r := range s {
		if taken += cells(r); taken > width && i > 0 {
			return i
		}
	}
	return len(s)
}

// Columns returns the number of columns that a text takes.
func Columns(s string) int {
	n := 0
	for _, r := range s {
		n += cells(r)
	}
	return n
}

// cells returns the number of columns that a character takes: two for East Asian characters and pictures.
func cells(r rune) int {
	switch {
	case r < 0x1100:
		return 1
	case r <= 0x115f, r >= 0x2e80 && r <= 0xa4cf, r >= 0xac00 && r <= 0xd7a3, r >= 0xf900 && r <= 0xfaff,
		r >= 0xfe30 && r <= 0xfe6f, r >= 0xff00 && r <= 0xff60, r >= 0xffe0 && r <= 0xffe6, r >= 0x1f300 && r <= 0x1faff, r >= 0x20000 && r <= 0x3fffd:
		return 2
	}
	return 1
}

// Quote quotes a word for a shell.
func Quote(word string) string {
	plain := func(r rune) bool { return strings.ContainsRune("-_./", r) || unicode.IsLetter(r) || unicode.IsDigit(r) }
	if word != "" && strings.IndexFunc(word, func(r rune) bool { return !plain(r) }) < 0 {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}
