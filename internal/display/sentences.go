package display

import (
	"net/http"
	"strings"
)

// Sentences takes a long hint apart, so that alternatives are a list. It returns nil for a short one.
func Sentences(hint string) []string {
	list := strings.SplitAfter(hint, ". ")
	if len(list) < 3 {
		return nil // a paragraph is short enough
	}
	for i := range list {
		list[i] = strings.TrimSpace(list[i])
	}
	return list
}

// Sentence is a text that begins small, as an error's, as a sentence of its own.
func Sentence(text string) string {
	return strings.ToUpper(text[:1]) + text[1:] + "."
}

// HeadingOf says in a few words what is wrong with a request to us.
func HeadingOf(status int) string {
	switch status {
	case http.StatusUnauthorized:
		return "You are not signed in"
	case http.StatusNotFound:
		return "There is no page here"
	case http.StatusForbidden, http.StatusMisdirectedRequest, http.StatusMethodNotAllowed:
		return "This request is not allowed"
	case http.StatusBadRequest:
		return "This login cannot be finished"
	}
	return "Something went wrong here"
}
