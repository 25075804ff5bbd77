package redact

// class is a set of the kinds of text that a byte may belong to. A megabyte is read byte by byte several times, so each
// byte is looked up in a table.
type class uint8

const (
	alphanumeric class = 1 << iota
	inBase64           // of either alphabet (RFC 4648 sections 4 and 5)
	inJWT              // its parts and its dots (RFC 7515 section 7.1)
	inName             // of a member, a parameter or a header field
)

var classes = func() (table [256]class) {
	for c := range table {
		switch c := byte(c); {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9':
			table[c] = alphanumeric | inBase64 | inJWT | inName
		case c == '-', c == '_':
			table[c] = inBase64 | inJWT | inName
		case c == '+', c == '/':
			table[c] = inBase64
		case c == '.':
			table[c] = inJWT | inName
		case c >= 0x80:
			table[c] = inName
		}
	}
	return table
}()

func isAlphanumeric(c byte) bool { return classes[c]&alphanumeric != 0 }

// isBase64 reports a character of either base64 alphabet.
func isBase64(c byte) bool { return classes[c]&inBase64 != 0 }

func isJWTByte(c byte) bool { return classes[c]&inJWT != 0 }

func isNameByte(c byte) bool { return classes[c]&inName != 0 }
