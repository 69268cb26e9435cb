package theme

import (
	"testing"

	"fyne.io/fyne/v2"
	"golang.org/x/image/font/sfnt"

	"offhook/assets"
)

// What is drawn with the phone's own font alone is in it.
func TestTheFontHasWhatItIsTrustedWith(t *testing.T) {
	t.Parallel()
	for name, raw := range map[string][]byte{"regular": assets.Regular(), "bold": assets.Bold()} {
		font, err := sfnt.Parse(raw)
		if err != nil {
			t.Fatal(err)
		}
		var b sfnt.Buffer
		for r := rune(0x20); r < 0x3000; r++ {
			if glyph, err := font.GlyphIndex(&b, r); bundled(r) && (err != nil || glyph == 0) {
				t.Errorf("%s: the font has no %U %q", name, r, r)
			}
		}
	}
	for text, own := range map[string]bool{"Lucía Ortega – 12:41": true, "बातचीत": true, "Жанна": false, "Priya 📞": false} {
		if got := Bundled(text, fyne.TextStyle{}) != nil; got != own {
			t.Errorf("%q is drawn with the phone's font alone: %v", text, got)
		}
	}
}
