package ui

import (
	"image/png"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"

	"offhook/app"
	"offhook/assets/lang"
	"offhook/ui/theme"
	"offhook/ui/words"
)

// stage is a shell on a window without a display.
type stage struct {
	*shell
	t     testing.TB
	win   fyne.Window
	phone *madePhone
	run   *sameThread
	host  *madeHost
}

// madeHost is the window around the shell.
type madeHost struct {
	raised, quit, hidden int
	copied, saved        string
	opened               int
	mode                 theme.Mode
	language             string
}

func (h *madeHost) Raise()              { h.raised++ }
func (h *madeHost) Quit()               { h.quit++ }
func (h *madeHost) Hide()               { h.hidden++ }
func (h *madeHost) OpenSystemSettings() { h.opened++ }
func (h *madeHost) OpenURL(u *url.URL)  { h.copied = u.String() }
func (h *madeHost) Copy(text string)    { h.copied = text }
func (h *madeHost) Save(name string, write func(io.Writer) error) (string, error) {
	var b strings.Builder
	err := write(&b)
	h.saved = b.String()
	return "/home/meera/Downloads/" + name, err
}
func (h *madeHost) SetTheme(m theme.Mode) { h.mode = m }
func (h *madeHost) Language() string      { return h.language }
func (h *madeHost) SetLanguage(l string)  { h.language = l }

type stageOptions struct {
	mode     theme.Mode
	language string
	size     fyne.Size
	scale    float32
}

// theater is the app that stages stand in while they have its theme: each new app
// reads the fonts anew, and Fyne keeps them as long as the process.
var theater struct {
	app   fyne.App
	mode  theme.Mode
	theme *theme.Theme
}

func theaterIn(mode theme.Mode) *theme.Theme {
	if theater.app == nil || fyne.CurrentApp() != theater.app || theater.mode != mode {
		theater.app, theater.mode, theater.theme = test.NewApp(), mode, theme.New(mode)
		theater.app.Settings().SetTheme(theater.theme)
	}
	return theater.theme
}

func newStage(t testing.TB, s *app.Snapshot, change ...func(*madePhone, *stageOptions)) *stage {
	t.Helper()
	p := newMadePhone(s)
	o := stageOptions{mode: theme.Light, language: lang.Base, size: fyne.NewSize(380, 660), scale: 1}
	for _, c := range change {
		c(p, &o)
	}
	th := theaterIn(o.mode)
	st := &stage{t: t, phone: p, run: &sameThread{}, host: &madeHost{}}
	p.set.Appearance.Theme = string(o.mode)
	st.shell = newShell(p, st.run, st.host, words.New(o.language), th, nowMade)
	st.win = test.NewTempWindow(t, st.shell.content())
	st.win.SetPadded(false)
	if c, ok := st.win.Canvas().(interface{ SetScale(float32) }); ok {
		c.SetScale(o.scale)
	}
	st.win.Resize(o.size)
	st.bindKeys(st.win.Canvas())
	st.show(s)
	st.refocus()
	return st
}

// keep writes a picture of the stage into $OFFHOOK_PICTURES, for a person to look
// at beside the design.
func (s *stage) keep(name string) {
	dir := os.Getenv("OFFHOOK_PICTURES")
	if dir == "" {
		return
	}
	f, err := os.Create(filepath.Join(dir, name+".png"))
	if err != nil {
		s.t.Fatal(err)
	}
	defer f.Close()
	if err := png.Encode(f, s.win.Canvas().Capture()); err != nil {
		s.t.Fatal(err)
	}
}

func nowMade() time.Time { return madeNow }
