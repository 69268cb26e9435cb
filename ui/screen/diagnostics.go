package screen

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	"offhook/app/diagnosis"
	"offhook/app/readiness"
	"offhook/assets/lang"
	"offhook/ui/theme"
	"offhook/ui/widget"
)

// Diagnostics is the page that checks everything the phone needs.
type Diagnostics struct {
	*frame
	disc        *widget.Avatar
	title, when *widget.Text
	list        *fyne.Container
	last        *widget.Card
	lastWhen    *widget.Text
	figures     [4]*widget.Text
	CheckAgain  *widget.PillButton
	checks      []diagnosis.Check
	stop        func()
	checkedAt   time.Time
	running     bool
	view        View
}

// NewDiagnostics returns the page.
func NewDiagnostics(env *Env) *Diagnostics {
	d := &Diagnostics{}
	d.disc = widget.NewDisc(theme.Check, 48, theme.Sunken, theme.Text2)
	d.title = widget.NewText("", widget.Style{Size: theme.SizeSub, Bold: true})
	d.when = caption("")
	d.list = container.NewStack()
	d.lastWhen = caption("")
	var cells []fyne.CanvasObject
	for i, name := range []string{env.T("MOS"), env.T("Delay"), env.T("Jitter"), env.T("Lost")} {
		d.figures[i] = widget.NewText("", widget.Style{Bold: true})
		cells = append(cells, widget.Column(d.figures[i], widget.Gap(-1), caption(name)))
	}
	d.last = widget.NewCard(widget.Inset(12, 12, 12, 12, widget.Column(
		widget.Row(widget.NewText(env.T("Last call"), widget.Style{Bold: true}), widget.Flex(8), d.lastWhen),
		widget.Gap(8), widget.Grid(4, 8, cells...))))
	d.CheckAgain = widget.NewPill(env.T("Check again"), theme.RefreshIcon, widget.Accent, widget.HeightButton, d.restart)
	copyAll := widget.NewPill(env.T("Copy"), theme.Copy, widget.Bare, widget.HeightSmall, func() { env.Host.Copy(d.text()) })
	body := widget.Column(
		widget.Row(d.disc, widget.Gap(12), widget.Grow(widget.Column(d.title, d.when))),
		widget.Gap(13), d.list, widget.Gap(12), d.last)
	d.frame = newFrame(env, env.T("Diagnostics"), PageNone, copyAll, body, d.CheckAgain)
	return d
}

// Entered begins the checks.
func (d *Diagnostics) Entered() { d.restart() }

// Left ends them.
func (d *Diagnostics) Left() {
	if d.stop != nil {
		d.stop()
		d.stop = nil
	}
}

func (d *Diagnostics) restart() {
	d.Left()
	d.checks, d.running = nil, true
	d.CheckAgain.SetEnabled(false)
	d.fill()
	d.stop = d.env.diagnose(d.got, func() {
		d.running, d.checkedAt = false, d.view.Now
		d.showWhen()
		d.CheckAgain.SetEnabled(true)
		d.fill()
	})
}

func (d *Diagnostics) got(c diagnosis.Check) {
	for i := range d.checks {
		if d.checks[i].Name == c.Name {
			d.checks[i] = c
			d.fill()
			return
		}
	}
	d.checks = append(d.checks, c)
	slices.SortStableFunc(d.checks, func(a, b diagnosis.Check) int { return cmp.Compare(checkRank(a.Name), checkRank(b.Name)) })
	d.fill()
}

// checkOrder is the order in which the checks are read: who one is, whether calls
// come and go, the voice, the devices, and what lies behind.
var checkOrder = []string{"token", "profile", "push", "push_socket", "platform", "sip_socket", "media", "microphone", "speaker", "ring", "devices"}

// checkRank is where a check stands; those not named come last, as they came.
func checkRank(name string) int {
	if i := slices.Index(checkOrder, name); i >= 0 {
		return i
	}
	return len(checkOrder)
}

// checkIcons are the icons of the checks by name.
var checkIcons = map[string]theme.Glyph{
	"token": theme.Badge, "profile": theme.Badge, "keyring": theme.Lock,
	"push": theme.Bell, "push_socket": theme.Bell, "platform": theme.Phone, "sip_socket": theme.Phone,
	"https": theme.Globe, "dns": theme.Globe, "proxy": theme.Globe, "udp": theme.Wave, "tcp": theme.Wave, "turn": theme.Wave, "media": theme.Wave,
	"microphone": theme.Mic, "devices": theme.Headset, "speaker": theme.Headphones, "ring": theme.Bell, "clock": theme.Clock, "version": theme.Info,
}

// checkTitle is the title of a check, or of the condition of that name.
func (e *Env) checkTitle(c diagnosis.Check) string {
	if c.Name == "media" || c.Name == "udp" {
		return e.T("Call quality")
	}
	text := cmp.Or(readiness.Title(c.Name), c.Title)
	if text == "" {
		return c.Name
	}
	return e.T(text)
}

func (d *Diagnostics) fill() {
	var rows []fyne.CanvasObject
	remarks, failures := 0, 0
	for _, c := range d.checks {
		g, ok := checkIcons[c.Name]
		if !ok {
			g = theme.Info
		}
		row := widget.NewStatusRow(g, d.env.checkTitle(c))
		tone, word := d.env.CheckTone(c.Status)
		text := d.env.Words.Say(c.Text)
		switch c.Status {
		case diagnosis.Warn:
			remarks++
		case diagnosis.Fail:
			failures++
			text = d.env.Words.Say(lang.Join(c.Text, c.Remedy))
		case diagnosis.Running:
			text, word = d.env.T("Checking"), ""
		}
		if c.Figure != "" && c.Status == diagnosis.Pass {
			text = strings.TrimSpace(text + " " + c.Figure)
		}
		row.Set(g, text, word, tone)
		rows = append(rows, row)
	}
	if len(rows) == 0 {
		d.list.Objects = nil
	} else {
		d.list.Objects = []fyne.CanvasObject{widget.CardOf(rows...)}
	}
	d.list.Refresh()
	e := d.env
	switch {
	case d.running:
		d.disc.SetIcon(theme.Sync, theme.Sunken, theme.Text2)
		d.title.SetText(e.T("Checking"))
	case failures > 0 || d.view.Snapshot != nil && !d.view.Ready:
		d.disc.SetIcon(theme.Close, theme.DangerSoft, theme.DangerInk)
		d.title.SetText(e.T("Not ready"))
	case remarks > 0:
		d.disc.SetIcon(theme.Check, theme.SuccessSoft, theme.SuccessInk)
		d.title.SetText(e.T("Ready, {n} warnings", "n", remarks))
	default:
		d.disc.SetIcon(theme.Check, theme.SuccessSoft, theme.SuccessInk)
		d.title.SetText(e.T("Ready"))
	}
	widget.Relayout(d.object)
}

// text is the page for the clipboard.
func (d *Diagnostics) text() string {
	var b strings.Builder
	if d.view.Snapshot != nil {
		fmt.Fprintf(&b, "Offhook %s, %s\n", d.view.Version, d.view.Now.Format(time.RFC3339))
	}
	for _, c := range d.checks {
		_, word := d.env.CheckTone(c.Status)
		fmt.Fprintf(&b, "%s: %s. %s %s %s\n", d.env.checkTitle(c), word, c.Text, c.Figure, c.Remedy)
	}
	return b.String()
}

// Render draws the page.
func (d *Diagnostics) Render(v View) {
	d.view = v
	d.render(v)
	d.showWhen()
	st, ok := d.env.Phone.Statistics("")
	setVisible(d.last, ok)
	if ok {
		when := st.AudioCodec
		if v.LastCall != nil {
			when = hhmm(v.LastCall.Ended.Local()) + ", " + codecName(st.AudioCodec)
		}
		d.lastWhen.SetText(when)
		d.figures[0].SetText(fmt.Sprintf("%.1f", st.MOS))
		d.figures[1].SetText(fmt.Sprintf("%.0f ms", st.RTTMs))
		d.figures[2].SetText(fmt.Sprintf("%.0f ms", st.AverageJitterMs))
		d.figures[3].SetText(fmt.Sprintf("%.1f %%", st.FractionLost))
	}
}

// showWhen says how old the checks are.
func (d *Diagnostics) showWhen() {
	if !d.checkedAt.IsZero() && !d.running {
		d.when.SetText(d.env.T("Checked {ago}", "ago", d.env.Ago(d.view.Now.Sub(d.checkedAt))))
	}
}

// codecName writes a codec as its makers do.
func codecName(name string) string {
	if strings.EqualFold(name, "opus") {
		return "Opus"
	}
	return name
}
