package lang

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var placeholder = regexp.MustCompile(`\{[a-z0-9]+\}`)

// placesOf are the places of a text in order, each once.
func placesOf(text string) []string {
	list := placeholder.FindAllString(text, -1)
	slices.Sort(list)
	return slices.Compact(list)
}

// all are the forms of a text by their names.
func (e entry) all() map[string]string {
	if len(e.forms) > 0 {
		return e.forms
	}
	return map[string]string{"other": e.other}
}

func TestEveryLanguageSaysEverything(t *testing.T) {
	t.Parallel()
	if l := Languages(); l[0] != Base || len(l) < 3 {
		t.Fatalf("the languages are %v", l)
	}
	english := English()
	for _, language := range Languages()[1:] {
		b, err := Open(language)
		if err != nil {
			t.Fatal(err)
		}
		for code, e := range english.messages {
			said, ok := b.messages[code]
			if !ok || strings.TrimSpace(said.other) == "" {
				t.Errorf("%s lacks %q: %q", language, code, e.other)
				continue
			}
			for form, out := range said.all() {
				if want, got := placesOf(e.other), placesOf(out); !slices.Equal(want, got) {
					t.Errorf("%s: %q has the places %v, not %v: %q", language, code, got, want, form)
				}
			}
		}
		for code := range b.messages {
			if _, ok := english.messages[code]; !ok {
				t.Errorf("%s has %q, which English lacks", language, code)
			}
		}
	}
}

func TestTexts(t *testing.T) {
	t.Parallel()
	es, err := Open("es")
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct {
		text             Text
		english, spanish string
	}{
		{Text{}, "", ""},
		{Of("call.none"), "There is no call.", "No hay ninguna llamada."},
		{Of("line.in-call").Next(), "End it first.", "Termínela antes."},
		{Of("call.none").Next(), "", ""},
		{Of("audio.none", Of("audio.microphone")), "No microphone found.", "No se encuentra ningún micrófono."},
		{Of("server.failed", 503), "The server has a problem (503).", "El servidor tiene un problema (503)."},
		{Of("check.network", 1), "1 network connection", "1 conexión de red"},
		{Of("check.network", 2), "2 network connections", "2 conexiones de red"},
		{Of("dial.bad-address").WithNext(), "This number can't be called. Check what you typed.", "No se puede llamar a este número. Compruebe lo que ha escrito."},
		{Join(Text{}, Of("call.none"), Text{}), "There is no call.", "No hay ninguna llamada."},
		{Of("A sentence of tomorrow."), "A sentence of tomorrow.", "A sentence of tomorrow."},
		{Literal("as it is {1}"), "as it is {1}", "as it is {1}"},
		{Of("server.failed", "{1}{2}"), "The server has a problem ({1}{2}).", "El servidor tiene un problema ({1}{2})."},
	} {
		if got := row.text.String(); got != row.english {
			t.Errorf("%v says %q, not %q", row.text, got, row.english)
		}
		if got := es.Say(row.text); got != row.spanish {
			t.Errorf("%v says in Spanish %q, not %q", row.text, got, row.spanish)
		}
	}
}

func TestNumbersDecideTheForm(t *testing.T) {
	t.Parallel()
	for language, want := range map[string]string{"en": "0 calls, 1 call, 2 calls", "hi": "0 call, 1 call, 2 calls"} {
		b, err := read(language)
		if err != nil {
			t.Fatal(err)
		}
		var e entry
		if err := json.Unmarshal([]byte(`{"one": "{n} call", "other": "{n} calls"}`), &e); err != nil {
			t.Fatal(err)
		}
		b.labels = map[string]entry{"{n} calls": e}
		got := ""
		for n := range 3 {
			got += ", " + b.Label("{n} calls", "who", "Bob", "n", n)
		}
		if got[2:] != want {
			t.Errorf("%s: %s", language, got[2:])
		}
	}
	if got := English().Label("Call {name}", "name", "Bob"); got != "Call Bob" {
		t.Errorf("a label that no book has becomes %q", got)
	}
}

func TestTextsTravelAsEnglishWords(t *testing.T) {
	t.Parallel()
	data, err := json.Marshal(Of("server.failed", 503))
	if err != nil || string(data) != `"The server has a problem (503)."` {
		t.Fatalf("%s, %v", data, err)
	}
	var back Text
	if err := json.Unmarshal(data, &back); err != nil || back.String() != "The server has a problem (503)." {
		t.Errorf("it comes back as %v, %v", back, err)
	}
	if !Of("a").Equal(Text{Code: "a", Args: []any{}}) || Of("a", 1).Equal(Of("a", 2)) || Of("a").Equal(Of("b")) {
		t.Error("Equal does not compare code and values")
	}
}
