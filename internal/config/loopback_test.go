package config

import (
	"net/url"
	"testing"
)

// This machine has a few names, and none that only look like them, or that only some resolvers read so.
func TestIsLoopback(t *testing.T) {
	for host, want := range map[string]bool{"localhost": true, "app.localhost": true, "127.0.0.1": true, "127.9.9.9": true, "::1": true,
		"LOCALHOST": true, "App.LocalHost": true, "localhost.": true, "localhost.example.": false,
		"::ffff:127.0.0.1": true, "127.1": false, "2130706433": false, "0x7f.1": false, "0177.0.0.1": false, "ip6-localhost": false, "::": false,
		"evillocalhost": false, "localhost.example": false, "127.0.0.1.example": false, "10.0.0.1": false, "0.0.0.0": false, "": false, "example": false} {
		if got := IsLoopback(host); got != want {
			t.Errorf("IsLoopback(%q) = %v", host, got)
		}
	}
}

// http is for this machine alone.
func TestIsSecure(t *testing.T) {
	for address, want := range map[string]bool{"https://a.example/": true, "http://localhost:3000/": true, "http://[::1]/": true,
		"http://127.1/": false, "http://0.0.0.0/": false, "http://ｌｏｃａｌｈｏｓｔ/": false, "http://a.example/": false,
		"http://evillocalhost/": false, "ftp://localhost/": false, "localhost": false, "//localhost": false} {
		u, err := url.Parse(address)
		if err != nil {
			t.Fatal(err)
		}
		if got := IsSecure(u); got != want {
			t.Errorf("IsSecure(%q) = %v", address, got)
		}
	}
}

// An endpoint is a full address on https, or on this machine.
func TestCheckEndpoint(t *testing.T) {
	for address, want := range map[string]bool{
		"https://a.example/x?y=z": true,
		"http://127.0.0.1:1/":     true,
		"":                        false,
		"/x":                      false,
		"https:///x":              false,
		"https://u@a.example":     false,
		"https://a.example/#":     false,
		"https://a.example/#x":    false,
		"http://a.example":        false,
		"%zz":                     false,
	} {
		if err := CheckEndpoint(address); (err == nil) != want {
			t.Errorf("CheckEndpoint(%q): %v", address, err)
		}
	}
}

func TestIsOwnHost(t *testing.T) {
	t.Parallel()
	for port, hosts := range map[string]map[string]bool{
		"3000": {"app.example": true, "App.Example": true, "localhost:3000": true, "LOCALHOST:3000": true, "127.0.0.1:3000": true, "[::1]:3000": true,
			"app.example:443": false, "evil.example": false, "app.example.evil.example": false, "localhost": false, "localhost:80": false, "localhost:30000": false,
			"127.0.0.2:3000": false, "::1:3000": false, "evil.example:3000": false, "localhost:3000:3000": false, "app.localhost:3000": false, "": false, ":3000": false},
		"80": {"app.example": true, "localhost": true, "127.0.0.1": true, "[::1]": true, "localhost:3000": false, "::1": false, "evil.example": false, "": false},
	} {
		c := Config{BaseURL: "https://app.example", Port: port}
		for host, want := range hosts {
			if got := c.IsOwnHost(host); got != want {
				t.Errorf("with the port %s the host %q is ours: %t", port, host, got)
			}
		}
	}
}

// An origin is ours by scheme, host and port together.
func TestIsOwnOrigin(t *testing.T) {
	for base, origins := range map[string]map[string]bool{
		"http://localhost:3000": {"http://localhost:3000": true, "http://127.0.0.1:3000": true, "http://[::1]:3000": true,
			"https://localhost:3000": false, "app://localhost:3000": false, "http://localhost:3001": false, "http://localhost": false, "": false, "null": false,
			"http://localhost:3000.evil.example": false, "http://localhost:3000/": false, "http://evil.example@localhost:3000": false, "localhost:3000": false},
		"https://test.example.com": {"https://test.example.com": true, "http://localhost:3000": true,
			"http://test.example.com": false, "https://test.example.com:444": false, "https://evil.test.example.com": false, "https://localhost:3000": false},
	} {
		c := Config{BaseURL: base, Port: "3000"}
		for origin, want := range origins {
			if got := c.IsOwnOrigin(origin); got != want {
				t.Errorf("at %s the origin %q is ours: %t", base, origin, got)
			}
		}
	}
}

// Only a public name over https is promised to stay there.
func TestIsPublicHTTPS(t *testing.T) {
	for base, want := range map[string]bool{"https://test.example.com": true, "http://test.example.com": false, "https://localhost:3000": false,
		"https://127.0.0.1": false, "https://[::1]:3000": false, "https://app.localhost": false, "https://evillocalhost": true} {
		if got := (Config{BaseURL: base}).IsPublicHTTPS(); got != want {
			t.Errorf("%s: %t", base, got)
		}
	}
}
