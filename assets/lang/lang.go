// Package lang holds what the phone says to a person, in each of its languages.
//
// Each language has one file, LANGUAGE.json, with two tables. "messages" holds
// the sentences of errors, conditions, checks and notices by their code, such as
// "call.none"; what to do about it stands under the same code with ".next" behind.
// "labels" holds the words of the window by their English text; en.json needs a
// label only where its number decides its form.
//
// A text is a string, or an object of the forms that the language has for
// numbers, by the names of Unicode's CLDR: {"one": "{n} call", "other": "{n}
// calls"}. The first int among the values decides. {1}, {2} … in a
// message and {name} in a label stand for the values.
package lang

import (
	"cmp"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"

	"golang.org/x/text/feature/plural"
	"golang.org/x/text/language"
)

//go:embed *.json
var files embed.FS

// Base is the language that every text exists in.
const Base = "en"

// Book is all texts of one language. It may be used from several goroutines.
type Book struct {
	language string
	tag      language.Tag
	messages map[string]entry
	labels   map[string]entry
	// spare has what this book lacks; nil for English.
	spare *Book
}

// English is the book that every code is in.
var English = sync.OnceValue(func() *Book {
	b, err := read(Base)
	if err != nil {
		panic(err) // the file is built in, and the tests read it
	}
	return b
})

// Open returns the book of a language, such as "es". What the language has no
// text for is said in English.
func Open(language string) (*Book, error) {
	if language == Base {
		return English(), nil
	}
	b, err := read(language)
	if err != nil {
		return nil, err
	}
	b.spare = English()
	return b, nil
}

// Languages returns the languages that there are, English first.
func Languages() []string {
	list := []string{Base}
	entries, _ := files.ReadDir(".")
	for _, e := range entries {
		if l, ok := strings.CutSuffix(e.Name(), ".json"); ok && l != Base {
			list = append(list, l)
		}
	}
	return list
}

func read(name string) (*Book, error) {
	tag, err := language.Parse(name)
	if err != nil {
		return nil, fmt.Errorf("lang: the language %q: %w", name, err)
	}
	data, err := files.ReadFile(name + ".json")
	if err != nil {
		return nil, fmt.Errorf("lang: no texts in %q: %w", name, err)
	}
	var tables struct{ Messages, Labels map[string]entry }
	if err := json.Unmarshal(data, &tables); err != nil {
		return nil, fmt.Errorf("lang: the texts in %q: %w", name, err)
	}
	return &Book{language: name, tag: tag, messages: tables.Messages, labels: tables.Labels}, nil
}

// Language returns the language of the book, such as "es".
func (b *Book) Language() string { return b.language }

// Say returns a text in the language of the book, "" for none. A code that no
// book has is said as it is: what was a sentence already stays one.
func (b *Book) Say(t Text) string {
	if t.Code == joined {
		var all []string
		for _, v := range t.Args {
			all = append(all, b.Say(v.(Text)))
		}
		return strings.Join(all, " ")
	}
	places := make([]place, len(t.Args))
	for i, v := range t.Args {
		places[i] = place{strconv.Itoa(i + 1), v}
	}
	for book := b; book != nil; book = book.spare {
		if e, ok := book.messages[t.Code]; ok {
			return e.fill(b, book.tag, places)
		}
	}
	return t.Code
}

// Label returns a label of the window, with its places filled by pairs of a name
// and a value. A label whose meaning depends on where it stands begins with its
// place and "::", which is never shown.
func (b *Book) Label(text string, pairs ...any) string {
	places := make([]place, len(pairs)/2)
	for i := range places {
		places[i] = place{fmt.Sprint(pairs[2*i]), pairs[2*i+1]}
	}
	for book := b; book != nil; book = book.spare {
		if e, ok := book.labels[text]; ok {
			return e.fill(b, book.tag, places)
		}
	}
	if _, after, ok := strings.Cut(text, "::"); ok {
		text = after
	}
	return entry{other: Typeset(text)}.fill(b, b.tag, places)
}

// Typeset writes an apostrophe as printers do.
func Typeset(text string) string { return strings.ReplaceAll(text, "'", "’") }

// entry is one text: its form for most numbers, and those for others.
type entry struct {
	other string
	forms map[string]string
}

// UnmarshalJSON reads a string, or an object of forms.
func (e *entry) UnmarshalJSON(data []byte) error {
	if json.Unmarshal(data, &e.other) == nil {
		return nil
	}
	if err := json.Unmarshal(data, &e.forms); err != nil {
		return err
	}
	if e.other = e.forms["other"]; e.other == "" {
		return errors.New(`a text with forms needs "other"`)
	}
	return nil
}

// formNames are the names of the forms in the order of plural.Form.
var formNames = []string{"other", "zero", "one", "two", "few", "many"}

// place is a named place of a text, and what stands in it.
type place struct {
	name  string
	value any
}

// fill chooses the form and puts the values into their places. Texts among the
// values are said by book.
func (e entry) fill(book *Book, tag language.Tag, places []place) string {
	out := e.other
	if len(e.forms) > 0 {
		for _, p := range places {
			if n, ok := p.value.(int); ok {
				form := plural.Cardinal.MatchPlural(tag, max(n, -n), 0, 0, 0, 0)
				out = cmp.Or(e.forms[formNames[form]], out)
				break
			}
		}
	}
	if len(places) == 0 || !strings.Contains(out, "{") {
		return out
	}
	pairs := make([]string, 0, 2*len(places))
	for _, p := range places {
		if t, ok := p.value.(Text); ok {
			p.value = book.Say(t)
		}
		pairs = append(pairs, "{"+p.name+"}", fmt.Sprint(p.value))
	}
	return strings.NewReplacer(pairs...).Replace(out)
}
