package ui

import (
	"context"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/driver/desktop"

	"offhook/assets/lang"
	"offhook/internal/crash"
	"offhook/ui/theme"
	"offhook/ui/widget"
	"offhook/ui/words"
)

// Failure is why there is no phone, for a person.
type Failure struct {
	// Message says what is wrong, Next what to do.
	Message, Next lang.Text
	// Code is the error's type. Detail is what the system said of it, in its own
	// words.
	Code, Detail string
	// Language and Theme are the user's choice of both, as far as it is known.
	Language, Theme string
}

// Text is the failure as one text, for the clipboard and the support.
func (f Failure) Text() string {
	text := lang.Join(f.Message, f.Next).String() + " [" + f.Code + "]"
	if f.Detail != "" {
		text += "\n" + f.Detail
	}
	return text
}

// The size of the window of a failure, in units.
const (
	failureWidth  float32 = 400
	failureHeight float32 = 440
)

// failurePage is what the window of a failure shows.
type failurePage struct {
	failure     Failure
	words       *words.Catalogue
	copied      func(text string)
	closed      func()
	Copy, Close *widget.PillButton
	object      fyne.CanvasObject
}

func newFailurePage(f Failure, w *words.Catalogue, copied func(string), closed func()) *failurePage {
	p := &failurePage{failure: f, words: w, copied: copied, closed: closed}
	centre := func(s widget.Style) widget.Style {
		s.Align, s.Wrap = fyne.TextAlignCenter, true
		return s
	}
	caption := centre(widget.Style{Size: theme.SizeCaption, Role: theme.Text2, Leading: 1.4})
	parts := []fyne.CanvasObject{widget.Flex(8),
		widget.CentredRow(widget.NewDisc(theme.ErrorIcon, 72, theme.DangerSoft, theme.DangerInk)), widget.Gap(20),
		widget.NewText(w.T("Offhook can't start"), centre(widget.Style{Size: theme.SizeTitle, Bold: true})), widget.Gap(8),
		widget.NewText(w.Say(f.Message), centre(widget.Style{Leading: 1.43})),
	}
	if !f.Next.Empty() {
		parts = append(parts, widget.Gap(8), widget.NewText(w.Say(f.Next), centre(widget.Style{Role: theme.Text2, Leading: 1.43})))
	}
	parts = append(parts, widget.Gap(16), widget.NewText(w.T("Code: {code}", "code", f.Code), caption))
	if f.Detail != "" {
		parts = append(parts, widget.Gap(4), widget.NewText(f.Detail, caption))
	}
	p.Copy = widget.NewPill(w.T("Copy"), theme.Copy, widget.Plain, widget.HeightButton, p.copy)
	p.Close = widget.NewPill(w.T("Close"), "", widget.Accent, widget.HeightButton, closed)
	said := container.NewVScroll(widget.Centre(520, widget.Inset(16, 24, 0, 24, widget.Column(append(parts, widget.Flex(8))...))))
	p.object = container.NewBorder(nil, widget.Centre(520, widget.Inset(12, 16, 16, 16, widget.Grid(2, 12, p.Copy, p.Close))), nil, nil, said)
	return p
}

func (p *failurePage) copy() {
	p.copied(p.failure.Text())
	p.Copy.Set(p.words.T("Copied"), theme.Check, widget.Plain)
}

// bindKeys gives the window its keys: Esc closes it, Ctrl C copies. Return takes
// what has the keyboard, which is Close at first.
func (p *failurePage) bindKeys(cv fyne.Canvas) {
	main := fyne.KeyModifierControl
	if onMac {
		main = fyne.KeyModifierSuper
	}
	cv.AddShortcut(&desktop.CustomShortcut{KeyName: fyne.KeyC, Modifier: main}, func(fyne.Shortcut) { p.copy() })
	cv.AddShortcut(&fyne.ShortcutCopy{}, func(fyne.Shortcut) { p.copy() }) // what Fyne makes of the same keys
	cv.SetOnTypedKey(func(e *fyne.KeyEvent) {
		switch e.Name {
		case fyne.KeyEscape:
			p.closed()
		case fyne.KeyReturn, fyne.KeyEnter:
			if cv.Focused() == nil {
				p.closed()
			}
		}
	})
	widget.FocusOn(cv, p.Close)
}

// ShowFailure shows why there is no phone, in a window of its own, and blocks until
// the user closes it or ctx ends. It takes the place of Run, and must be called on
// the program's first goroutine.
func (b *Begun) ShowFailure(ctx context.Context, f Failure, opts Options) error {
	opts.fill()
	b.app.Settings().SetTheme(theme.New(modeOf(f.Theme)))
	run := newAdapter()
	defer run.close()
	<-b.fonts
	var win fyne.Window
	if err := firstShown(func() (fyne.Window, bool) {
		win = b.app.NewWindow(opts.Title)
		page := newFailurePage(f, words.New(f.Language), b.app.Clipboard().SetContent, b.app.Quit)
		win.SetPadded(false)
		win.SetMaster()
		win.SetContent(page.object)
		win.Resize(fyne.NewSize(failureWidth, failureHeight))
		win.CenterOnScreen()
		page.bindKeys(win.Canvas())
		win.Show()
		return win, true
	}); err != nil {
		return err
	}
	if opts.AccessMap != "" {
		out := &mapWriter{path: opts.AccessMap}
		run.every(mapBeat, func() {
			if err := out.write(mapOf(win.Canvas(), "failure", nil)); err != nil {
				opts.Log.Warn("accessibility map", "err", err)
			}
		})
	}
	stop := context.AfterFunc(ctx, crash.Guarded(func() { run.Post(b.app.Quit) }))
	defer stop()
	b.app.Lifecycle().SetOnStarted(func() {
		run.After(firstPicture, func() { b.app.SetIcon(appIcon()) })
	})
	b.app.Run()
	return nil
}
