package ui

import (
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"

	"offhook/ui/theme"
	"offhook/ui/widget"
	"offhook/ui/words"
)

// The first picture, in which fields are words only, is the second one but for
// the outline of the field that has the keyboard.
func TestTheFirstPictureStays(t *testing.T) {
	for _, sc := range scenes() {
		if sc.name != "sign-in" && sc.name != "dial" {
			continue
		}
		t.Run(sc.name, func(t *testing.T) {
			a := test.NewTempApp(t)
			p := newMadePhone(sc.snap())
			if sc.made != nil {
				sc.made(p)
			}
			th := theme.New(theme.Light)
			a.Settings().SetTheme(th)
			s := newShell(p, &sameThread{}, &madeHost{}, words.New("en"), th, nowMade)
			win := test.NewTempWindow(t, s.content())
			win.SetPadded(false)
			win.Resize(fyne.NewSize(380, 660))
			s.bindKeys(win.Canvas())
			s.show(p.snap)
			if s.contacts != nil || s.env.Early == nil {
				t.Fatal("all screens were made before the first picture")
			}
			first := win.Canvas().Capture()
			s.complete()
			s.render(s.view())
			if n := unlike(first, win.Canvas().Capture()); n > 0 {
				t.Errorf("%d pixels move after the first picture", n)
				(&harness{t: t, win: win}).keep(sc.name + "-late")
			}
			s.refocus()
			if _, ok := win.Canvas().Focused().(*widget.Input); !ok {
				t.Errorf("the keyboard is with %T", win.Canvas().Focused())
			}
		})
	}
}
