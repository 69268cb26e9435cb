package directory

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Fold writes a text as it is compared in a search: in small letters, one rune for
// each. Its length in bytes may differ from the text's.
func Fold(text string) string { return strings.Map(foldRune, text) }

// foldRune is the small letter of a rune. Turkish has two letters i, and Greek two
// small sigmas, which nobody tells apart in a search.
func foldRune(r rune) rune {
	switch r {
	case 'İ', 'ı':
		return 'i'
	case 'ς':
		return 'σ'
	}
	return unicode.ToLower(r)
}

// FindFolded returns where text stands in name, whatever the case of both: the
// bytes from and to of name, both 0 if it does not.
func FindFolded(name, text string) (from, to int) {
	if text == "" {
		return 0, 0
	}
	for i := range name {
		if n := foldedPrefix(name[i:], text); n > 0 {
			return i, i + n
		}
	}
	return 0, 0
}

// foldedPrefix returns how many bytes of name are text in another case, 0 if name
// does not begin with it.
func foldedPrefix(name, text string) int {
	at := 0
	for _, want := range text {
		r, size := utf8.DecodeRuneInString(name[at:])
		if size == 0 || foldRune(r) != foldRune(want) {
			return 0
		}
		at += size
	}
	return at
}
