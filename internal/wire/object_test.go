package wire

import (
	"encoding/json"
	"fmt"
	"testing"
)

// The members are what encoding/json says that they are, however they are written.
func TestParseObject_Members(t *testing.T) {
	for _, text := range []string{
		`{"a":"x"}`,
		" {\r\n\t\"a\" :\t\"x\" , \"b\" : \"y\" }\n",
		`{"b":1,"a":"x","c":[",\"a\":",{"a":"z"}]}`,
		`{"c":{"a":"z"},"a":"x"}`,
		`{"\u0061":"x","c":"}"}`,
		`{"a":"\"\\\u0078\n","c":":,"}`,
		`{"a":"x\\","b":"\\"}`,
		`{"a":"","b":"x"}`,
		`{"a":null,"b":null}`,
		`{"A":"x","b":""}`,
		`{"a:":"x","b":"a:"}`,
		`{}`,
		"{\"a\":\"\u00e9\u4e2d\",\"b\":\"\U0001F600\"}",
	} {
		o, err := ParseObject(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		var want map[string]json.RawMessage
		if err := json.Unmarshal([]byte(text), &want); err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{"a", "b", "a:", "A"} {
			var s *string
			if want[name] != nil && json.Unmarshal(want[name], &s) != nil {
				continue // no string
			}
			value := ""
			if s != nil {
				value = *s
			}
			if got := o.Text(name); got != value || o.Has(name) != (s != nil) || o.Err() != nil {
				t.Errorf("%s: %s is %q, there: %v (%v); want %q", text, name, got, o.Has(name), o.Err(), value)
			}
		}
	}
}

// The value of a member stands as it was sent. What should be a string and is none is an error, the first one found.
func TestObject_Values(t *testing.T) {
	o, err := ParseObject(`{"n": -1.5e3 , "l":[1, "]"],"o":{"n":2},"t":true,"f":false ,"z": null, "s":"x"  }`)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"n": "-1.5e3", "l": `[1, "]"]`, "o": `{"n":2}`, "t": "true", "f": "false", "z": "", "s": `"x"`, "x": ""} {
		if got := o.Raw(name); got != want {
			t.Errorf("%s is %s; want %s", name, got, want)
		}
	}
	for name, want := range map[string]string{"n": "a number", "l": "an array", "o": "an object", "t": "a bool", "f": "a bool"} {
		o.err = nil
		if got := o.Text(name); got != "" || fmt.Sprint(o.Err()) != fmt.Sprintf("%q in its JSON is %s", name, want) {
			t.Errorf("%s: %q, %v", name, got, o.Err())
		}
	}
	o.err = nil
	if o.Text("n"); o.Text("l") != "" || fmt.Sprint(o.Err()) != `"n" in its JSON is a number` {
		t.Errorf("of two the error is %v", o.Err())
	}
}

// Object and UnmarshalObject refuse the same, in the same words.
func TestParseObject_Strict(t *testing.T) {
	for _, text := range []string{``, `null`, `[{}]`, `"{}"`, `<html>`, `{"a": 1, "a": 2}`, `{"a": 1, "\u0061": 2}`, `{"a": 1,}`, `{"a": 1} {}`, `{"a": 1`, `{"`, `{"a\`,
		`{"a"`, `{"a":`, `{"a":}`, `{,}`, `{"a":"x\"}`, "{\"a\": \"\xff\"}", "{\"a\": \"\n\"}", `{"a": 01}`} {
		var v struct{}
		_, err := ParseObject(text)
		if want := UnmarshalObject([]byte(text), &v); want == nil || fmt.Sprint(err) != want.Error() {
			t.Errorf("%s: %v; want %v", text, err, want)
		}
	}
}

// Numbers are read strictly, and what a member is can be asked before it is read.
func TestObject_Number(t *testing.T) {
	t.Parallel()
	o, err := ParseObject(`{"n":-1.5e3,"i":1795563719,"huge":1e400,"s":"5","e":[],"z":null,"b":false,"o":0,"m":"x"}`)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]float64{"n": -1500, "i": 1795563719} {
		if got := o.Number(name); got == nil || *got != want || o.Err() != nil {
			t.Errorf("%s is %v (%v); want %v", name, got, o.Err(), want)
		}
	}
	if o.Number("z") != nil || o.Number("x") != nil || o.Err() != nil {
		t.Errorf("what is not there is refused: %v", o.Err())
	}
	for _, name := range []string{"s", "huge", "e", "b"} {
		o.err = nil
		if got := o.Number(name); got != nil || o.Err() == nil {
			t.Errorf("%s is %v (%v)", name, got, o.Err())
		}
	}
	for name, want := range map[string]string{"n": "number", "s": "string", "e": "array", "b": "bool", "z": "", "x": ""} {
		if got := o.Kind(name); got != want {
			t.Errorf("%s is a %s; want %s", name, got, want)
		}
	}
	for name, want := range map[string]bool{"n": true, "m": true, "e": false, "z": false, "b": false, "o": false, "x": false} {
		if got := o.Says(name); got != want {
			t.Errorf("%s says something: %t", name, got)
		}
	}
}
