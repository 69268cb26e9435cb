package ui

import (
	"fmt"
	"slices"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"

	"offhook/assets/lang"
	"offhook/ui/widget"
)

// mayBeCut are the texts that come from the world and may be longer than there is
// room: they end with an ellipsis.
var mayBeCut = map[string]bool{
	"Jabra Evolve2 65": true, "Voice broke up after I moved desks.": true, "https://voice.example.com": true, "Computer speakers": true,
}

// cutTexts lists the texts that are shown in part only.
func cutTexts(s *harness) []string {
	var cut []string
	width := s.win.Canvas().Size().Width
	seen := func(o fyne.CanvasObject, at fyne.Position) {
		if _, group := o.(*fyne.Container); !group && (at.X < -4 || at.X+o.Size().Width > width+4) {
			cut = append(cut, fmt.Sprintf("%T from %.0f to %.0f", o, at.X, at.X+o.Size().Width))
		}
		if t, ok := o.(*widget.Text); ok && t.Cut() && !mayBeCut[t.Text()] {
			cut = append(cut, fmt.Sprintf("%q (%.0f units)", t.Text(), t.Size().Width))
		}
	}
	visible(s.win.Canvas().Content(), fyne.NewPos(0, 0), seen)
	for _, o := range s.win.Canvas().Overlays().List() {
		visible(o, fyne.NewPos(0, 0), seen)
	}
	return cut
}

// visible calls f for everything that is shown in o, with its place.
func visible(o fyne.CanvasObject, origin fyne.Position, f func(fyne.CanvasObject, fyne.Position)) {
	if o == nil || !o.Visible() {
		return
	}
	at := origin.Add(o.Position())
	f(o, at)
	switch o := o.(type) {
	case *fyne.Container:
		for _, c := range o.Objects {
			visible(c, at, f)
		}
	case fyne.Widget:
		for _, c := range test.WidgetRenderer(o).Objects() {
			visible(c, at, f)
		}
	}
}

// In every language, at the usual size and at the smallest, on a screen of twice
// the density and more, and over the whole screen, every text of every screen has
// the room it needs.
func TestNoTextIsCut(t *testing.T) {
	type look struct{ width, height, scale float32 }
	looks := map[string][]look{
		"es": {{320, 340, 1}, {320, 560, 2.5}}, "hi": {{640, 340, 2}, {320, 560, 2}, {1920, 1080, 1.5}},
	}
	for _, language := range lang.Languages() {
		for _, sc := range slices.Concat(scenes(), accountScenes(), transferScenes(), twoCallScenes(), wrapUpScenes(), recordingScenes()) {
			t.Run(language+"/"+sc.name, func(t *testing.T) {
				var s *harness
				for _, at := range append([]look{{380, 660, 1}, {320, 560, 1}}, looks[language]...) {
					size := fyne.NewSize(at.width, at.height)
					if s == nil || len(s.win.Canvas().Overlays().List()) > 0 { // a menu keeps the size that it was opened at
						s = sc.window(t, func(o *harnessOptions) { o.language, o.size, o.scale = language, size, at.scale })
					} else { // a window that is there already costs a tenth of a new one
						s.win.Canvas().(interface{ SetScale(float32) }).SetScale(at.scale)
						s.win.Resize(size)
						s.render(s.view())
					}
					for _, text := range cutTexts(s) {
						t.Errorf("at %.0f×%.0f and scale %g there is no room for %s", at.width, at.height, at.scale, text)
					}
					s.keep(fmt.Sprintf("%s-%s-%.0f-%g", sc.name, language, at.width, at.scale))
				}
			})
		}
	}
}
