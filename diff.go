package main

import (
	"net/url"
	"strings"
)

// chunk is a part of a text that is compared with another text.
type chunk struct {
	Text    string
	Differs bool // the other text has something else here, or nothing
	Break   bool // a line may end before it
}

// compare splits two texts into the parts in which they agree and those in which they differ. It compares the scheme, host,
// port, path and query of two URIs, each as a whole, as half a port number tells a reader nothing. Both may be lines of
// .env that set the same variable.
func compare(a, b string) (left, right []chunk) {
	if name, _, ok := strings.Cut(a, "="); ok && strings.HasPrefix(b, name+"=") {
		valueA, valueB := a[len(name)+1:], b[len(name)+1:]
		if left, right = compareURIs(valueA, valueB); left != nil {
			prefix := chunk{Text: name + "="}
			return append([]chunk{prefix}, left...), append([]chunk{prefix}, right...)
		}
	}
	if left, right = compareURIs(a, b); left != nil {
		return left, right
	}
	if left, right = compareText(a, b); len(left) < 2 && len(right) < 2 { // equal, or with nothing in common
		return []chunk{{Text: a}}, []chunk{{Text: b}}
	}
	return left, right
}

// compareURIs compares two URIs by their parts. It returns nil unless both are absolute, with a host.
func compareURIs(a, b string) (left, right []chunk) {
	partsA, partsB := partsOfURI(a), partsOfURI(b)
	if partsA == nil || partsB == nil {
		return nil, nil
	}
	for i := range partsA {
		one, other := []chunk{{Text: partsA[i], Differs: partsA[i] != partsB[i]}}, []chunk{{Text: partsB[i], Differs: partsA[i] != partsB[i]}}
		if i == pathPart && (strings.HasPrefix(partsA[i], partsB[i]) || strings.HasPrefix(partsB[i], partsA[i])) {
			one, other = compareText(partsA[i], partsB[i]) // a slash at the end, mostly
		}
		left, right = appendPart(left, one, i == pathPart), appendPart(right, other, i == pathPart)
	}
	return left, right
}

// appendPart appends the chunks of a part of a URI, without the empty ones.
func appendPart(chunks, part []chunk, breaks bool) []chunk {
	for _, s := range part {
		if s.Text == "" {
			continue
		}
		s.Break, breaks = breaks, false
		if n := len(chunks); n > 0 && !s.Break && chunks[n-1].Differs == s.Differs {
			chunks[n-1].Text += s.Text
			continue
		}
		chunks = append(chunks, s)
	}
	return chunks
}

const pathPart = 4 // the index of the path in what partsOfURI returns

// partsOfURI returns scheme with "://", host, ":", port, path, and query with "?"; a part may be empty. It returns nil if
// the joined parts would differ from the text.
func partsOfURI(text string) []string {
	u, err := url.Parse(text)
	scheme, rest, absolute := strings.Cut(text, "://")
	if err != nil || !absolute || u.Scheme == "" || u.Host == "" || u.User != nil {
		return nil
	}
	end := strings.IndexAny(rest, "/?#")
	if end < 0 {
		end = len(rest)
	}
	host, port := rest[:end], ""
	if u.Port() != "" {
		host, port = host[:len(host)-len(u.Port())-1], u.Port()
	}
	colon := ""
	if port != "" {
		colon = ":"
	}
	path, query := rest[end:], ""
	if at := strings.IndexAny(path, "?#"); at >= 0 {
		path, query = path[:at], path[at:]
	}
	return []string{scheme + "://", host, colon, port, path, query}
}

// compareText marks what is between the longest common prefix and the longest common suffix.
func compareText(a, b string) (left, right []chunk) {
	runesA, runesB := []rune(a), []rune(b)
	shorter := min(len(runesA), len(runesB))
	begin := 0
	for begin < shorter && runesA[begin] == runesB[begin] {
		begin++
	}
	end := 0
	for end < shorter-begin && runesA[len(runesA)-1-end] == runesB[len(runesB)-1-end] {
		end++
	}
	return marked(runesA, begin, end), marked(runesB, begin, end)
}

// marked splits a text into its beginning, the part that differs, and its end.
func marked(text []rune, begin, end int) []chunk {
	var chunks []chunk
	for _, s := range []chunk{
		{Text: string(text[:begin])},
		{Text: string(text[begin : len(text)-end]), Differs: true},
		{Text: string(text[len(text)-end:])},
	} {
		if s.Text != "" {
			chunks = append(chunks, s)
		}
	}
	return chunks
}
