package demo

import (
	"encoding/json"
	"net/http"
)

// oauthError is an error as RFC 6749 section 5.2 writes it.
type oauthError struct {
	Code        string `json:"error"`
	Description string `json:"error_description"`
}

// writeJSON answers with a JSON document.
func (s *Server) writeJSON(w http.ResponseWriter, status int, document any) {
	body, err := json.MarshalIndent(document, "", "  ")
	if err != nil {
		status, body = http.StatusInternalServerError, []byte(`{"error":"server_error"}`)
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	w.Write(body)
}

func (s *Server) writeError(w http.ResponseWriter, status int, code, description string) {
	s.writeJSON(w, status, oauthError{code, description})
}
