package main

import (
	"net/http"
	"oauth-test-client/internal/wire"
)

// handleAPI calls RESOURCE_URL, the resource server's, with the access token.
func (s *server) handleAPI(w http.ResponseWriter, r *http.Request) error {
	if err := spendsNothing(r); err != nil {
		return err
	}
	l, err := s.current(r)
	if err != nil {
		return err
	}
	if s.cfg.ResourceURL == "" {
		return &failure{Status: http.StatusNotFound, Code: "not_supported", Description: "No API is configured.", Hint: "Set RESOURCE_URL to one that the access token opens."}
	}
	if l.Held.Access == "" {
		return noToken("access token", "It was revoked. Sign in again.")
	}
	ctx, rec := wire.Record(r.Context())
	e, err := s.provider.getAs(wire.For(ctx, wire.ForAPI), s.cfg.ResourceURL, l.Held.Access)
	e, err = answered("API", s.cfg.ResourceURL, e, err)
	if saved := s.remember(w, r, l, failedFlow(rec.All(), err), nil); saved != nil {
		return saved
	}
	if err != nil {
		return err
	}
	return s.showAnswers(w, r, "The API", s.answerOf("", e))
}
