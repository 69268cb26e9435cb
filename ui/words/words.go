// Package words holds the phone's language: it turns the English text that the
// screens are written with into the user's language.
package words

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path"
	"sort"
	"strings"
	"sync"

	"offhook/assets"
)

// English is the language that the screens are written in.
const English = "en"

// Names are the languages in their own words, for the settings.
var names = map[string]string{English: "English", "hi": "हिन्दी", "es": "Español"}

// Catalogue translates. It may be used from several goroutines.
type Catalogue struct {
	mu       sync.RWMutex
	language string
	texts    map[string]string
	// sentences are what the phone itself says.
	sentences *sentences
}

// New returns the catalogue of language, or of the system's when language is ""
// or "system". A language without a translation is shown in English.
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
	language = base(language)
	texts, err := load(assets.Translations(), language)
	said, serr := load(assets.Sentences(), language)
	if err != nil || serr != nil {
		language, texts, said = English, nil, nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.language, c.texts, c.sentences = language, texts, newSentences(said)
}

// Language returns the language in use, such as "hi".
func (c *Catalogue) Language() string {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.language
}

// T translates text. args are pairs of a name and a value, which takes the place
// of {name}. A text whose meaning depends on where it stands begins with its
// place and "::", which is never shown: T("tab::Call").
func (c *Catalogue) T(text string, args ...any) string {
	c.mu.RLock()
	out, ok := c.texts[text]
	c.mu.RUnlock()
	if !ok || out == "" {
		out = typeset(Plain(text))
	}
	if len(args) == 0 {
		return out
	}
	pairs := make([]string, 0, len(args))
	for i := 0; i+1 < len(args); i += 2 {
		pairs = append(pairs, fmt.Sprintf("{%v}", args[i]), fmt.Sprint(args[i+1]))
	}
	return strings.NewReplacer(pairs...).Replace(out)
}

// Has reports whether text has a translation in the language in use.
func (c *Catalogue) Has(text string) bool {
	c.mu.RLock()
	defer c.mu.RUnlock()
	_, ok := c.texts[text]
	return ok || c.language == English
}

// Plain returns text without the place before "::".
func Plain(text string) string {
	if _, after, ok := strings.Cut(text, "::"); ok {
		return after
	}
	return text
}

// typeset writes an apostrophe as printers do.
func typeset(text string) string { return strings.ReplaceAll(text, "'", "’") }

// Languages returns the languages there are, English first.
func Languages() []string {
	list := []string{}
	entries, _ := fs.ReadDir(assets.Translations(), ".")
	for _, e := range entries {
		if l, ok := strings.CutSuffix(e.Name(), ".json"); ok {
			list = append(list, l)
		}
	}
	sort.Strings(list)
	return append([]string{English}, list...)
}

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
	return English
}

// base cuts a language tag to its first part: es_MX.UTF-8 is es.
func base(tag string) string {
	if i := strings.IndexAny(tag, "_-.@:"); i >= 0 {
		tag = tag[:i]
	}
	return strings.ToLower(tag)
}

func load(files fs.FS, language string) (map[string]string, error) {
	if language == English {
		return nil, nil
	}
	b, err := fs.ReadFile(files, path.Base(language)+".json")
	if err != nil {
		return nil, fmt.Errorf("words: no translation %q: %w", language, err)
	}
	var texts map[string]string
	if err := json.Unmarshal(b, &texts); err != nil {
		return nil, fmt.Errorf("words: translation %q: %w", language, err)
	}
	return texts, nil
}

// Sentence translates what the phone says of its own accord: the sentences of
// errors, of readiness and of checks, which are written in English where they
// arise. What has no translation stays English.
func (c *Catalogue) Sentence(text string) string {
	c.mu.RLock()
	book := c.sentences
	c.mu.RUnlock()
	return typeset(book.translate(text))
}
