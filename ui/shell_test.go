package ui

import (
	"context"
	"image/png"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/test"

	"offhook/app"
	"offhook/assets/lang"
	"offhook/ui/screen"
	"offhook/ui/theme"
	"offhook/ui/words"
)

// harness is a shell on a window without a display.
type harness struct {
	*shell
	t     testing.TB
	win   fyne.Window
	phone *madePhone
	run   *sameThread
	host  *madeHost
	// passed is how much later than madeNow it is.
	passed time.Duration
}

// madeHost is the window around the shell.
type madeHost struct {
	raised, quit, hidden int
	copied, saved        string
	// ending is what the user takes in the dialog for a file; refused closes it.
	ending   string
	refused  bool
	opened   int
	mode     theme.Mode
	language string
}

func (h *madeHost) Raise()              { h.raised++ }
func (h *madeHost) Quit()               { h.quit++ }
func (h *madeHost) Hide()               { h.hidden++ }
func (h *madeHost) OpenSystemSettings() { h.opened++ }
func (h *madeHost) OpenURL(u *url.URL)  { h.copied = u.String() }
func (h *madeHost) Copy(text string)    { h.copied = text }
func (h *madeHost) Save(_ context.Context, _, name string, endings []string, write func(string, io.Writer) error) (string, error) {
	if h.refused {
		return "", nil
	}
	var b strings.Builder
	ending := endings[0]
	if h.ending != "" {
		ending = h.ending
	}
	err := write(ending, &b)
	h.saved = b.String()
	return "/home/meera/Downloads/" + name + ending, err
}
func (h *madeHost) SetTheme(m theme.Mode) { h.mode = m }
func (h *madeHost) Language() string      { return h.language }
func (h *madeHost) SetLanguage(l string)  { h.language = l }

type harnessOptions struct {
	mode     theme.Mode
	language string
	size     fyne.Size
	scale    float32
}

// themed is the app that windows stand in while they have its theme: each new app
// reads the fonts anew, and Fyne keeps them as long as the process.
var themed struct {
	app   fyne.App
	mode  theme.Mode
	theme *theme.Theme
}

func theaterIn(mode theme.Mode) *theme.Theme {
	if themed.app == nil || fyne.CurrentApp() != themed.app || themed.mode != mode {
		themed.app, themed.mode, themed.theme = test.NewApp(), mode, theme.New(mode)
		themed.app.Settings().SetTheme(themed.theme)
	}
	return themed.theme
}

func newHarness(t testing.TB, s *app.Snapshot, change ...func(*madePhone, *harnessOptions)) *harness {
	t.Helper()
	p := newMadePhone(s)
	o := harnessOptions{mode: theme.Light, language: lang.Base, size: fyne.NewSize(380, 660), scale: 1}
	for _, c := range change {
		c(p, &o)
	}
	th := theaterIn(o.mode)
	st := &harness{t: t, phone: p, run: &sameThread{}, host: &madeHost{}}
	p.set.Appearance.Theme = string(o.mode)
	st.shell = newShell(p, st.run, st.host, words.New(o.language), th, func() time.Time { return madeNow.Add(st.passed) })
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

// show has the phone be in another state, and the window follow it.
func (s *harness) show(snap *app.Snapshot) {
	s.phone.snap = snap
	s.shell.show(snap)
}

// keep writes a picture of the harness into $OFFHOOK_PICTURES, for a person to look
// at beside the design.
func (s *harness) keep(name string) {
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

// In a wide window the phone stays where it is beside lists and pages, a call takes
// neither away, and a window that grows or shrinks keeps what is typed.
func TestTwoPanes(t *testing.T) {
	s := newHarness(t, madeReady(), func(_ *madePhone, o *harnessOptions) { o.size = fyne.NewSize(1200, 800) })
	if !s.shows("Name or number") || !s.shows("Lucía Ortega") {
		t.Fatal("a wide window does not show the phone and the calls")
	}
	s.tap("Contacts")
	s.tap("Call Supervisor line")
	s.expect("seen dial:1800")
	s.open(screen.PageSettings)
	if s.screenName() != "settings" || !s.shows("Name or number") {
		t.Errorf("settings leave no phone: %q", s.screenName())
	}
	s.phone.forget()
	s.show(madeCall("ESTABLISHED", time.Minute))
	if s.screenName() != "settings" || !s.shows("Hang up") || s.shows("Back to call") {
		t.Error("a call takes the settings away, or is not shown beside them")
	}
	s.tap("Hang up")
	s.expect("hangup")
	s.show(madeReady())
	s.press(fyne.KeyEscape)
	s.dial.SetNumber("98450")
	s.win.Resize(fyne.NewSize(500, 800))
	if s.side != nil || s.dial.Field.Input.Text != "98450" || s.shows("Lucía Ortega") {
		t.Error("a window that was made narrow keeps two panes, or loses the number")
	}
	s.win.Resize(fyne.NewSize(896, 800))
	if s.side != nil {
		t.Error("two panes below 900 units")
	}
	s.win.Resize(fyne.NewSize(900, 800))
	if s.side == nil {
		t.Error("one pane at 900 units")
	}
	s.win.Resize(fyne.NewSize(893, 800))
	if s.side == nil {
		t.Error("a few units change the layout")
	}
}

// A long message of a caller begins with four lines, and opens whole in its place.
func TestALongMessageOpens(t *testing.T) {
	ring := madeCall("INCOMING", 0)
	ring.Call.Direction, ring.Call.Message = "INCOMING", strings.Repeat("The customer has called three times since Monday. ", 8)
	s := newHarness(t, ring)
	before := s.incoming.Message.Size().Height
	s.incoming.Message.Passage.Tapped(&fyne.PointEvent{})
	if after := s.incoming.Message.Size().Height; after <= before || after > 160 {
		t.Errorf("the message is %.0f units high, then %.0f", before, after)
	}
	s.expect("")
}

// tap presses the object of a name as a mouse would.
func (s *harness) tap(name string) {
	s.t.Helper()
	m := mapOf(s.win.Canvas(), "", s.overlay())
	for _, o := range m.Objects {
		if (o.Name == name || o.Label == name) && o.Role == "button" {
			test.TapCanvas(s.win.Canvas(), fyne.NewPos(o.X+o.W/2, o.Y+o.H/2))
			return
		}
	}
	var names []string
	for _, o := range m.Objects {
		names = append(names, o.Name)
	}
	s.t.Fatalf("the window shows no %q: %s", name, strings.Join(names, " | "))
}

func (s *harness) shows(text string) bool {
	for _, o := range mapOf(s.win.Canvas(), "", s.overlay()).Objects {
		if strings.Contains(o.Label, text) || strings.Contains(o.Name, text) {
			return true
		}
	}
	return false
}

func (s *harness) press(key fyne.KeyName) {
	e := &fyne.KeyEvent{Name: key}
	if f := s.win.Canvas().Focused(); f != nil {
		f.TypedKey(e)
		return
	}
	if h := s.win.Canvas().OnTypedKey(); h != nil {
		h(e)
	}
}

func (s *harness) typed(text string) {
	for _, r := range text {
		if f := s.win.Canvas().Focused(); f != nil {
			f.TypedRune(r)
		} else if h := s.win.Canvas().OnTypedRune(); h != nil {
			h(r)
		}
	}
}

func (s *harness) shortcut(key fyne.KeyName, mod fyne.KeyModifier) {
	s.t.Helper()
	do := s.keys[(&desktop.CustomShortcut{KeyName: key, Modifier: mod}).ShortcutName()]
	if do == nil {
		s.t.Fatalf("no shortcut %v %s", mod, key)
	}
	do()
}

func (s *harness) expect(want string) {
	s.t.Helper()
	if got := s.phone.asked(); got != want {
		s.t.Errorf("the phone was asked for %q, not %q", got, want)
	}
	s.phone.forget()
}
