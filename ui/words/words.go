// Package words holds the language that the window speaks: which one that is, and
// the texts of assets/lang in it.
package words

import (
	"os"
	"strings"
	"sync"

	"offhook/assets/lang"
)

// names are the languages in their own words, for the settings.
var names = map[string]string{lang.Base: "English", "hi": "हिन्दी", "es": "Español"}

// Catalogue says things in the user's language. It may be used from several
// goroutines.
type Catalogue struct {
	mu   sync.RWMutex
	book *lang.Book // guarded by mu
}

// New returns the catalogue of language, or of the system's when language is ""
// or "system". A language without texts is shown in English.
func New(language string) *Catalogue {
	c := &Catalogue{}
	c.Use(language)
	return c
}

// Use changes the language.
func (c *Catalogue) Use(language string) {
	if language == "" || language == "system" {
		language = FromEnvironment(os.Getenv)
	}
	book, err := lang.Open(base(language))
	if err != nil {
		book = lang.English()
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.book = book
}

func (c *Catalogue) current() *lang.Book {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.book
}

// Language returns the language in use, such as "hi".
func (c *Catalogue) Language() string { return c.current().Language() }

// T says a label, which is named by its English text. args are pairs of a name and
// a value, which takes the place of {name}. A text whose meaning depends on where
// it stands begins with its place and "::", which is never shown: T("tab::Call").
func (c *Catalogue) T(text string, args ...any) string { return c.current().Label(text, args...) }

// Say says what the phone itself has to say: an error, a condition, a check or a
// notice.
func (c *Catalogue) Say(t lang.Text) string { return lang.Typeset(c.current().Say(t)) }

// Name returns a language's name in its own words.
func Name(language string) string {
	if n, ok := names[base(language)]; ok {
		return n
	}
	return language
}

// FromEnvironment reads the user's language from the variables that POSIX names
// for it; getenv is os.Getenv.
func FromEnvironment(getenv func(string) string) string {
	for _, name := range []string{"LC_ALL", "LC_MESSAGES", "LANG", "LANGUAGE"} {
		if v := getenv(name); v != "" && v != "C" && v != "POSIX" && !strings.HasPrefix(v, "C.") {
			return base(v)
		}
	}
	return lang.Base
}

// base cuts a language tag to its first part: es_MX.UTF-8 is es.
func base(tag string) string {
	if i := strings.IndexAny(tag, "_-.@:"); i >= 0 {
		tag = tag[:i]
	}
	return strings.ToLower(tag)
}
