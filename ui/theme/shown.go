package theme

import (
	"bytes"
	"sync"
	"unicode"

	"github.com/go-text/typesetting/fontscan"
	"github.com/go-text/typesetting/language"

	"offhook/assets"
)

// fonts are the phone's own font and those of the system, as Fyne looks for a letter.
// They are read when the first letter is asked for that the phone's own may lack.
var fonts struct {
	sync.Mutex
	all  *fontscan.FontMap
	seen map[rune]bool
}

type silent struct{}

func (silent) Printf(string, ...any) {}

// Shown reports whether a text can be drawn: each of its letters is in the phone's own
// font or in one of the system's. The first call for a letter of another script than the
// phone's own reads the system's fonts, which takes some tens of milliseconds.
func Shown(text string) bool {
	for _, r := range text {
		if !bundled(r) && !blank(r) && !inFonts(r) {
			return false
		}
	}
	return true
}

// blank reports whether r is not drawn by itself: room, marks of direction, joiners, and
// what only chooses the form of the letter before.
func blank(r rune) bool {
	return unicode.IsSpace(r) || unicode.In(r, unicode.Cc, unicode.Cf, unicode.Variation_Selector)
}

func inFonts(r rune) bool {
	fonts.Lock()
	defer fonts.Unlock()
	if has, known := fonts.seen[r]; known {
		return has
	}
	if fonts.all == nil {
		fonts.all, fonts.seen = fontscan.NewFontMap(silent{}), map[rune]bool{}
		// Without fonts of the system the phone's own is all there is.
		_ = fonts.all.UseSystemFonts("")
		_ = fonts.all.AddFont(bytes.NewReader(assets.Regular()), "own", "own")
	}
	fonts.all.SetQuery(fontscan.Query{Families: []string{fontscan.SansSerif}})
	fonts.all.SetScript(language.LookupScript(r))
	has := false
	if face := fonts.all.ResolveFace(r); face != nil {
		_, has = face.NominalGlyph(r)
	}
	fonts.seen[r] = has
	return has
}
