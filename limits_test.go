package main

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"oauth-test-client/internal/config"
	"oauth-test-client/internal/testserver"
)

// Slow and oversized requests are cut off.
func TestHTTPServer_RequestLimits(t *testing.T) {
	t.Parallel()
	port := testserver.FreePort(t)
	p := startRun(t, map[string]string{"PORT": port})
	p.WaitFor(t, "checked  ")
	for _, row := range []struct {
		name, path, header string
		fits               bool
	}{
		{"a header without end", "/", "X: " + strings.Repeat("x", 300<<10), false},
		{"a query without end", "/?" + strings.Repeat("x", 300<<10), "X: x", false},
		{"a long header", "/", "X: " + strings.Repeat("x", 100<<10), true},
		{"a long query", "/?" + strings.Repeat("x", 100<<10), "X: x", true},
	} {
		conn, err := net.Dial("tcp", "127.0.0.1:"+port)
		if err != nil {
			t.Fatal(err)
		}
		io.WriteString(conn, "GET "+row.path+" HTTP/1.1\r\nHost: localhost:"+port+"\r\n"+row.header+"\r\n\r\n") // the server may hang up midway
		conn.SetReadDeadline(time.Now().Add(5 * time.Second))
		line, _ := bufio.NewReader(conn).ReadString('\n')
		conn.Close()
		if cutOff := line == "" || strings.Contains(line, "431"); cutOff == row.fits {
			t.Errorf("%s was answered %q", row.name, line)
		}
	}
}

// A header that never ends is cut off by the program's own deadline, which is that of TestHTTPServer_Times.
func TestHTTPServer_SlowHeaders(t *testing.T) {
	t.Parallel()
	port := testserver.FreePort(t)
	p := startRun(t, map[string]string{"PORT": port})
	p.WaitFor(t, "checked  ")
	conn, err := net.Dial("tcp", "127.0.0.1:"+port)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	ask := "GET / HTTP/1.1\r\nHost: localhost:" + port + "\r\n"
	io.WriteString(conn, ask+"\r\n") // the twin, whose header ends
	if first, err := http.ReadResponse(bufio.NewReader(conn), nil); err != nil || first.StatusCode != http.StatusOK {
		t.Fatalf("a header that ends was answered %v (%v)", first, err)
	}
	io.WriteString(conn, ask)
	conn.SetReadDeadline(time.Now().Add(testserver.Patience))
	if _, err := io.ReadAll(conn); err != nil {
		t.Errorf("the connection is still open (%v)", err)
	}
}

// Requests that two parsers could read differently are refused, and end the connection. Each has a twin
// that is well-formed and is answered.
func TestHTTPServer_Smuggling(t *testing.T) {
	t.Parallel()
	a := startApp(t, testserver.Entrances(nil)[", pasted"])
	host := "Host: 127.0.0.1:" + a.Cfg.Port + "\r\n"
	ask := func(request string) (status int, ends bool) {
		conn, err := net.Dial("tcp", "127.0.0.1:"+a.Cfg.Port)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		io.WriteString(conn, request)
		conn.SetReadDeadline(time.Now().Add(10 * time.Second))
		resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil {
			t.Fatalf("no answer: %v", err)
		}
		defer resp.Body.Close()
		return resp.StatusCode, resp.Close
	}
	for _, row := range []struct{ name, twin, request string }{
		{"two lengths", "GET / HTTP/1.1\r\n" + host + "Content-Length: 5\r\n\r\nhello",
			"GET / HTTP/1.1\r\n" + host + "Content-Length: 0\r\nContent-Length: 5\r\n\r\nhello"},
		{"length and chunks", "GET / HTTP/1.1\r\n" + host + "Content-Length: 5\r\n\r\n0\r\n\r\n",
			"GET / HTTP/1.1\r\n" + host + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"},
		{"an unknown coding", "GET / HTTP/1.1\r\n" + host + "\r\n", "GET / HTTP/1.1\r\n" + host + "Transfer-Encoding: xchunked\r\n\r\n"},
		{"a space before the colon", "GET / HTTP/1.1\r\n" + host + "X-A: b\r\n\r\n", "GET / HTTP/1.1\r\n" + host + "X-A : b\r\n\r\n"},
		{"two hosts", "GET / HTTP/1.1\r\n" + host + "\r\n", "GET / HTTP/1.1\r\n" + host + host + "\r\n"},
		{"no host", "GET / HTTP/1.1\r\n" + host + "\r\n", "GET / HTTP/1.1\r\n\r\n"},
		{"a line break in the target", "GET /?a HTTP/1.1\r\n" + host + "\r\n", "GET /?a\x0bb HTTP/1.1\r\n" + host + "\r\n"},
	} {
		t.Run(row.name, func(t *testing.T) {
			if status, _ := ask(row.twin); status != http.StatusOK {
				t.Errorf("the well-formed twin was answered %d", status)
			}
			if status, ends := ask(row.request); status < 400 || !ends {
				t.Errorf("it was answered %d; the connection ends: %t", status, ends)
			}
			form := strings.NewReplacer("GET / ", "POST "+config.CallbackPath+" ", "GET /?a", "POST "+config.CallbackPath+"?a").Replace // that takes an address
			if status, ends := ask(form(row.twin)); status != http.StatusBadRequest || ends {
				t.Errorf("the well-formed twin at the form was answered %d; the connection ends: %t", status, ends)
			}
			if status, ends := ask(form(row.request)); status < 400 || !ends {
				t.Errorf("at the form it was answered %d; the connection ends: %t", status, ends)
			}
		})
	}
}
