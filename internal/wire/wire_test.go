package wire

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/x509"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// serve starts a server and returns its address.
func serve(t *testing.T, handler http.HandlerFunc) string {
	t.Helper()
	s := httptest.NewServer(handler)
	t.Cleanup(s.Close)
	return s.URL
}

// A redirect is followed where it can do no harm: a GET without credentials, on its origin, five times.
func TestClient_Redirects(t *testing.T) {
	var asked atomic.Int32
	var last atomic.Value
	elsewhere := serve(t, func(w http.ResponseWriter, r *http.Request) { last.Store("elsewhere") })
	here := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		last.Store(r.URL.Path)
		var n int
		switch {
		case strings.HasPrefix(r.URL.Path, "/to/"):
			http.Redirect(w, r, strings.TrimPrefix(r.URL.RequestURI(), "/to/"), http.StatusFound)
		case sscan(r.URL.Path, "/down/%d", &n) && n > 0:
			http.Redirect(w, r, fmt.Sprintf("/down/%d", n-1), http.StatusTemporaryRedirect)
		case r.URL.Path == "/loop":
			http.Redirect(w, r, "/loop", http.StatusFound)
		}
	})
	plain, secure := httptest.NewServer(here), httptest.NewTLSServer(here)
	defer plain.Close()
	defer secure.Close()
	roots := x509.NewCertPool()
	roots.AddCert(secure.Certificate())
	c := New(roots, time.Now)
	unlike := strings.Replace(plain.URL, "127.0.0.1", "localhost", 1)
	for _, row := range []struct {
		name, address string
		spoil         func(*http.Request)
		status, asked int
		last          string
	}{
		{"on its origin", plain.URL + "/to//x", nil, 200, 2, "/x"},
		{"on its origin, in full", plain.URL + "/to/" + plain.URL + "/x", nil, 200, 2, "/x"},
		{"on its origin, over TLS", secure.URL + "/to/" + secure.URL + "/x", nil, 200, 2, "/x"},
		{"five times", plain.URL + "/down/5", nil, 200, 6, "/down/0"},
		{"six times", plain.URL + "/down/6", nil, 307, 6, "/down/1"},
		{"without end", plain.URL + "/loop", nil, 302, 6, "/loop"},
		{"to another port", plain.URL + "/to/" + elsewhere, nil, 302, 1, ""},
		{"to another name", plain.URL + "/to/" + unlike + "/x", nil, 302, 1, ""},
		{"from https to http", secure.URL + "/to/" + plain.URL + "/x", nil, 302, 1, ""},
		{"from https to http at the same host and port", secure.URL + "/to/http://" + strings.TrimPrefix(secure.URL, "https://") + "/x", nil, 302, 1, ""},
		{"from http to https", plain.URL + "/to/" + secure.URL + "/x", nil, 302, 1, ""},
		{"to another scheme", plain.URL + "/to/file:///etc/passwd", nil, 302, 1, ""},
		{"of a POST", plain.URL + "/to//x", func(r *http.Request) { r.Method = http.MethodPost }, 302, 1, ""},
		{"of an API", plain.URL + "/to//x", func(r *http.Request) { *r = *r.WithContext(For(r.Context(), API)) }, 302, 1, ""},
		{
			"of an API that is called without the token",
			plain.URL + "/to//x",
			func(r *http.Request) { *r = *r.WithContext(For(r.Context(), APIWithout)) },
			302,
			1,
			"",
		},
		{"of the metadata", plain.URL + "/to//x", func(r *http.Request) { *r = *r.WithContext(For(r.Context(), Metadata)) }, 200, 2, "/x"},
		{"with credentials", plain.URL + "/to//x", func(r *http.Request) { r.Header.Set("Authorization", "Bearer x") }, 302, 1, ""},
	} {
		asked.Store(0)
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, row.address, nil)
		if err != nil {
			t.Fatal(err)
		}
		if row.spoil != nil {
			row.spoil(req)
		}
		e, err := c.Do(req)
		if err != nil {
			t.Errorf("%s: %v", row.name, err)
			continue
		}
		if e.Status != row.status || int(asked.Load()) != row.asked || row.last != "" && last.Load() != row.last || last.Load() == "elsewhere" {
			t.Errorf("%s: %d after %d requests, the last one for %s; want %d after %d, %s",
				row.name, e.Status, asked.Load(), last.Load(), row.status, row.asked, row.last)
		}
	}
}

func sscan(s, format string, n *int) bool {
	_, err := fmt.Sscanf(s, format, n)
	return err == nil
}

// Visit stops before the address that it must not open, and stays on the origin.
func TestVisit_StopsBeforeAddress(t *testing.T) {
	var paths []string
	address := serve(t, func(w http.ResponseWriter, r *http.Request) {
		paths = append(paths, r.URL.Path)
		switch r.URL.Path {
		case "/a":
			http.SetCookie(w, &http.Cookie{Name: "c", Value: "v"})
			http.Redirect(w, r, "/b", http.StatusFound)
		case "/b":
			if _, err := r.Cookie("c"); err == nil {
				http.Redirect(w, r, "/callback?code=x", http.StatusFound)
			}
		case "/away":
			http.Redirect(w, r, "http://elsewhere.invalid/", http.StatusFound)
		}
	})
	c := New(nil, time.Now)
	for path, want := range map[string]string{
		"/a":    "302 Found to /callback, which is not followed",
		"/away": "302 Found to http://elsewhere.invalid/, which is not followed",
	} {
		// The jar is new each time: the cookie of one visit is not in another.
		e, err := c.Visit(t.Context(), address+path, address+"/callback")
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Replace(e.StatusLine(), address, "", 1); got != want {
			t.Errorf("%s: %q; want %q", path, got, want)
		}
	}
	if e, err := c.Visit(t.Context(), address+"/b", ""); err != nil || e.Status != 200 {
		t.Errorf("a new visit brought a cookie: %v %v", e, err)
	}
	for _, path := range paths {
		if path == "/callback" {
			t.Error("the address where it must stop was opened")
		}
	}
}

// An answer may have a megabyte, however it is sent, and what it promises is not believed.
func TestClient_BodyLimit(t *testing.T) {
	send := func(length string, n int, squeeze bool) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			body := bytes.Repeat([]byte("a"), n)
			if squeeze {
				var small bytes.Buffer
				z := gzip.NewWriter(&small)
				z.Write(body)
				z.Close()
				body = small.Bytes()
				w.Header().Set("Content-Encoding", "gzip")
			}
			if length != "" {
				w.Header().Set("Content-Length", length)
			}
			w.WriteHeader(http.StatusOK)
			w.(http.Flusher).Flush() // without a length it is sent in chunks
			w.Write(body)
		}
	}
	for _, row := range []struct {
		name    string
		handler http.HandlerFunc
		bytes   int
		words   string
	}{
		{"as long as it may be", send("1048576", maxBody, false), maxBody, ""},
		{"as long as it may be, in chunks", send("", maxBody, false), maxBody, ""},
		{"as long as it may be, compressed", send("", maxBody, true), maxBody, ""},
		{"empty", send("0", 0, false), 0, ""},
		{"a byte more", send("1048577", maxBody+1, false), 0, "more than 1 MB"},
		{"a byte more, in chunks", send("", maxBody+1, false), 0, "more than 1 MB"},
		{"a byte more, compressed", send("", maxBody+1, true), 0, "more than 1 MB"},
		{"a length that no memory has", send("4611686018427387904", 10, false), 0, "more than 1 MB"},
		{"a length that is not kept", send("100", 10, false), 0, "before its answer was complete"},
	} {
		e, err := New(nil, time.Now).Get(t.Context(), serve(t, row.handler))
		switch {
		case row.words == "" && (err != nil || len(e.ResponseBody) != row.bytes):
			t.Errorf("%s: %v", row.name, err)
		case row.words != "" && (err == nil || !strings.Contains(err.Error(), row.words)):
			t.Errorf("%s: %v; want %q", row.name, err, row.words)
		}
	}
}

// A header may have 64 KB.
func TestClient_HeaderLimit(t *testing.T) {
	for n, fits := range map[int]bool{60 << 10: true, 70 << 10: false} {
		_, err := New(nil, time.Now).Get(t.Context(), serve(t, func(w http.ResponseWriter, r *http.Request) { w.Header().Set("X", strings.Repeat("a", n)) }))
		if (err == nil) != fits {
			t.Errorf("a header of %d bytes: %v", n, err)
		}
	}
}

// An answer has a time to its last byte.
func TestClient_AnswerNeverEnds(t *testing.T) {
	for name, handler := range map[string]http.HandlerFunc{
		"no header": func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() },
		"no end": func(w http.ResponseWriter, r *http.Request) {
			w.(http.Flusher).Flush()
			<-r.Context().Done()
		},
	} {
		address := serve(t, handler)
		c := NewWithTimeout(nil, time.Now, 100*time.Millisecond)
		if _, err := c.Get(t.Context(), address); err == nil || !strings.Contains(err.Error(), "did not answer in time") {
			t.Errorf("%s: %v", name, err)
		}
		ctx, rec := Record(t.Context())
		c.Get(ctx, address)
		if e := rec.Last(); e == nil || !strings.Contains(e.Fault, "did not answer in time") {
			t.Errorf("%s: recorded was %+v", name, e)
		}
	}
	ends := serve(t, func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "ends") })
	if e, err := NewWithTimeout(nil, time.Now, time.Minute).Get(t.Context(), ends); err != nil || e.ResponseBody != "ends" {
		t.Errorf("an answer that ends: %v", err)
	}
	if Timeout > 10*time.Second || New(nil, time.Now).timeout != Timeout {
		t.Error("a request may take longer than ten seconds")
	}
}

// A local name leads to this machine, and no DNS server is asked.
func TestDial_LocalNames(t *testing.T) {
	address := serve(t, func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, r.Host) })
	_, port, _ := net.SplitHostPort(strings.TrimPrefix(address, "http://"))
	c := New(nil, time.Now)
	for _, name := range []string{"localhost", "app.localhost", "a.b.localhost"} {
		e, err := c.Get(t.Context(), "http://"+name+":"+port)
		if err != nil || e.ResponseBody != name+":"+port {
			t.Errorf("%s: %+v, %v", name, e, err)
		}
	}
	six, err := net.Listen("tcp6", "[::1]:0")
	if err != nil {
		t.Skip("IPv6 is missing")
	}
	defer six.Close()
	_, port, _ = net.SplitHostPort(six.Addr().String())
	conn, err := dial(context.Background(), "tcp", "app.localhost:"+port)
	if err != nil {
		t.Fatalf("a server on [::1] alone: %v", err)
	}
	conn.Close()
}

// Nothing for this machine goes through a proxy; the rest does. The proxy is read from the environment once,
// so this asks in a process of its own.
func TestClient_Proxy(t *testing.T) {
	const variable = "http_proxy"
	if os.Getenv(variable) != "http://proxy.example:1" {
		again := exec.Command(os.Args[0], "-test.run=^TestClient_Proxy$", "-test.v")
		again.Env = []string{variable + "=http://proxy.example:1"}
		out, err := again.CombinedOutput()
		if err != nil || !strings.Contains(string(out), "--- PASS: TestClient_Proxy") {
			t.Errorf("%v\n%s", err, out)
		}
		return
	}
	for address, want := range map[string]string{"http://a.example/": "http://proxy.example:1", "http://evillocalhost/": "http://proxy.example:1",
		"http://localhost:3000/": "", "http://app.localhost/": "", "http://127.0.0.1/": "", "http://[::1]/": ""} {
		req, _ := http.NewRequest(http.MethodGet, address, nil)
		proxy, err := New(nil, time.Now).http.Transport.(*recording).next.(*http.Transport).Proxy(req)
		got := ""
		if proxy != nil {
			got = proxy.String()
		}
		if err != nil || got != want {
			t.Errorf("%s goes through %q (%v); want %q", address, got, err, want)
		}
	}
}
