// Package assets holds the files that are built into the phone: fonts and icons.
// Its folder lang holds the texts.
package assets

import (
	"embed"
)

//go:embed fonts/NotoSans-Regular.ttf
var regular []byte

//go:embed fonts/NotoSans-Bold.ttf
var bold []byte

//go:embed icons/*.svg
var icons embed.FS

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
