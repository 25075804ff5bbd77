package wire

import "testing"

// Every spelling of this machine that some system connects to it with is found, and nothing that only looks like one.
func TestMayBeLocal(t *testing.T) {
	for host, want := range map[string]bool{
		"localhost": true, "LOCALHOST.": true, "x.localhost": true, "ip6-localhost": true, "localhost.localdomain": true, "loopback": true,
		"127.0.0.1": true, "127.255.0.9": true, "::1": true, "::1%lo": true, "::ffff:127.0.0.1": true, "::ffff:7f00:1": true,
		"0.0.0.0": true, "::": true, "::ffff:0.0.0.0": true, "127.0.0.1.": true,
		"127.1": true, "127.0.1": true, "2130706433": true, "017700000001": true, "0x7f000001": true, "0X7F.1": true, "0177.0.0.1": true,
		"127.000.000.001": true, "0x7f.0x0.0.1": true, "0": true, "0.0": true, "0x0": true, "6425673729": true,
		"": false, "example": false, "evillocalhost": false, "localhost.example": false, "127.0.0.1.example": false, "127.example": false,
		"10.0.0.1": false, "128.1": false, "1.127": false, "16777343": false, "0.0.0.1": false, "127.0.0.0.1": false, "::ffff:10.0.0.1": false,
		"2001:db8::1": false, "127..1": false, "127.x": false,
	} {
		if got := MayBeLocal(host); got != want {
			t.Errorf("MayBeLocal(%q) = %v", host, got)
		}
	}
}

func TestIsLocalName(t *testing.T) {
	for host, want := range map[string]bool{"localhost": true, "localhost.": true, "x.localhost": true, "evillocalhost": false, "localhost.example": false,
		"127.0.0.1": false, "": false} {
		if IsLocalName(host) != want {
			t.Errorf("IsLocalName(%q) = %v", host, !want)
		}
	}
}
