// Package assets holds the files that are built into the phone: fonts, icons
// and translations.
package assets

import (
	"embed"
	"io/fs"
)

//go:embed fonts/NotoSans-Regular.ttf
var regular []byte

//go:embed fonts/NotoSans-Bold.ttf
var bold []byte

//go:embed icons/*.svg
var icons embed.FS

//go:embed translations/*.json
var translations embed.FS

//go:embed sentences/*.json
var sentences embed.FS

// Regular returns Noto Sans Regular with the Devanagari script, as TrueType.
// The bytes are shared and must not be written.
func Regular() []byte { return regular }

// Bold returns Noto Sans Bold with the Devanagari script, as TrueType. The bytes
// are shared and must not be written.
func Bold() []byte { return bold }

// Icon returns the SVG of the icon called name, drawn in currentColor on a
// square of 24 units, or false if there is none.
func Icon(name string) ([]byte, bool) {
	b, err := icons.ReadFile("icons/" + name + ".svg")
	return b, err == nil
}

// Translations is the folder of the translations: one JSON object LANGUAGE.json
// for each language besides English, from the English text to the translation.
func Translations() fs.FS {
	sub, err := fs.Sub(translations, "translations")
	if err != nil {
		return translations
	}
	return sub
}

// Sentences is the folder of the sentences that the phone says of its own accord,
// such as those of its errors: LANGUAGE.json as in Translations. {1}, {2} … stand
// for what differs.
func Sentences() fs.FS {
	sub, err := fs.Sub(sentences, "sentences")
	if err != nil {
		return sentences
	}
	return sub
}
