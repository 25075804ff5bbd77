package session

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"oauth-test-client/internal/config"
	"oauth-test-client/internal/oauth"
)

// What strangers can make us hold between two steps is bounded, the oldest goes first, and a browser that
// reloads the first step gathers no cookies.
func TestPausesBounded(t *testing.T) {
	s, err := New(config.Config{BaseURL: "http://localhost:3000"}, nil, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	var first, last *http.Request
	for i := range maxPauses + 50 {
		r := httptest.NewRequest(http.MethodGet, fmt.Sprintf("/oauth_callback?n=%d", i), nil)
		w := httptest.NewRecorder()
		request := &oauth.Request{State: fmt.Sprint("state-", i)}
		if _, err := s.Pause(w, r, request, func(context.Context) (*Pause, error) { return &Pause{Request: request}, nil }); err != nil {
			t.Fatal(err)
		}
		for _, c := range w.Result().Cookies() {
			r.AddCookie(c)
		}
		if last = r; i == 0 {
			first = r
		}
	}
	if n := len(s.pauses.values); n != maxPauses {
		t.Errorf("%d logins wait; want %d", n, maxPauses)
	}
	if s.Paused(first, Handle("state-0")) != nil || s.Paused(last, Handle(fmt.Sprint("state-", maxPauses+49))) == nil {
		t.Error("the oldest does not go first")
	}

	r := httptest.NewRequest(http.MethodGet, "/login?step=1", nil)
	for i := range 30 {
		w := httptest.NewRecorder()
		if err := s.BeginSteps(w, r, &oauth.Request{State: fmt.Sprint("state-", i), Began: time.Now()}); err != nil {
			t.Fatal(err)
		}
		r = nextRequest(r, w)
	}
	if n := strings.Count(r.Header.Get("Cookie"), s.pausePrefix); n > maxPending {
		t.Errorf("the browser has %d cookies of steps; want at most %d", n, maxPending)
	}
}

// nextRequest is a request with the cookies that a browser has after an answer.
func nextRequest(r *http.Request, w *httptest.ResponseRecorder) *http.Request {
	next := httptest.NewRequest(http.MethodGet, "/login?step=1", nil)
	changed := map[string]bool{}
	for _, c := range w.Result().Cookies() {
		if changed[c.Name] = true; c.MaxAge > 0 {
			next.AddCookie(c)
		}
	}
	for _, c := range r.Cookies() {
		if !changed[c.Name] {
			next.AddCookie(c)
		}
	}
	return next
}

// A state is spent when its response arrives, and a pause when it is resumed.
func TestPauseOnce(t *testing.T) {
	s, err := New(config.Config{BaseURL: "http://localhost:3000"}, nil, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	request, pendingGone := &oauth.Request{State: "the-state"}, false
	pause := func(n int) (*http.Request, *Pause, error) {
		r := httptest.NewRequest(http.MethodGet, fmt.Sprintf("/oauth_callback?n=%d", n), nil)
		w := httptest.NewRecorder()
		p, err := s.Pause(w, r, request, func(context.Context) (*Pause, error) { return &Pause{Request: request, Arrived: time.Now()}, nil })
		for _, c := range w.Result().Cookies() {
			if c.Name == s.pendingName("the-state") && c.MaxAge < 0 {
				pendingGone = true
			}
			r.AddCookie(c)
		}
		return r, p, err
	}
	r, p, err := pause(1)
	if err != nil {
		t.Fatal(err)
	}
	if !pendingGone {
		t.Error("the cookie of the request that was answered stays")
	}
	if _, _, err := pause(2); !errors.Is(err, ErrSpent) {
		t.Errorf("a second response with the state: %v; want ErrSpent", err)
	}
	worked := 0
	resume := func() error {
		_, err := s.Resume(httptest.NewRecorder(), r, p, func(context.Context) (*Login, error) {
			worked++
			return &Login{Request: request, Response: new(oauth.TokenResponse), Arrived: p.Arrived}, nil
		})
		return err
	}
	if s.Paused(r, Handle("the-state")) != p {
		t.Error("what waits is not found")
	}
	renamed := httptest.NewRequest(http.MethodGet, "/step", nil)
	renamed.AddCookie(&http.Cookie{Name: s.pausePrefix + "AAAAAAAA", Value: p.key})
	if s.Paused(renamed, "AAAAAAAA") != nil {
		t.Error("what waits is found under another handle")
	}
	if err := resume(); err != nil {
		t.Fatal(err)
	}
	if err := resume(); !errors.Is(err, ErrSpent) || worked != 1 {
		t.Errorf("resumed again: %v after %d runs; want ErrSpent after one", err, worked)
	}
	if s.Paused(r, Handle("the-state")) != nil {
		t.Error("what has been resumed still waits")
	}
}
