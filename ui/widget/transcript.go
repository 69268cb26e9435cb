package widget

import (
	"regexp"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	fynewidget "fyne.io/fyne/v2/widget"

	"offhook/ui/theme"
)

// transcriptLine is the height of a line of a Transcript.
const transcriptLine float32 = 16

// marked finds what was put in the place of something taken out.
var marked = regexp.MustCompile(`\[[^\[\]]{1,40}\]`)

// Transcript is a piece of a log in letters of one width. What stands in brackets,
// in the place of what was taken out, is marked.
type Transcript struct {
	fynewidget.BaseWidget
	text string
}

var _ fyne.Accessible = (*Transcript)(nil)

// NewTranscript returns an empty transcript.
func NewTranscript() *Transcript {
	t := &Transcript{}
	t.ExtendBaseWidget(t)
	return t
}

// SetText shows other lines.
func (t *Transcript) SetText(text string) {
	if t.text != text {
		t.text = text
		t.Refresh()
	}
}

// Text returns what is shown.
func (t *Transcript) Text() string { return t.text }

// AccessibilityLabel returns the text.
func (t *Transcript) AccessibilityLabel() string { return t.text }

// AccessibilityRole is text.
func (t *Transcript) AccessibilityRole() fyne.AccessibleRole { return fyne.AccessibleRoleText }

// HeightFor returns the height at a width.
func (t *Transcript) HeightFor(width float32) float32 {
	return float32(len(t.lines(width))) * transcriptLine
}

func (t *Transcript) lines(width float32) []string {
	if width <= 0 {
		return strings.Split(t.text, "\n")
	}
	return wrap(t.text, width, func(s string) float32 { return measure(s, theme.SizeMono, transcriptStyle(true)).Width })
}

func transcriptStyle(bold bool) fyne.TextStyle { return fyne.TextStyle{Monospace: true, Bold: bold} }

// piece is a part of a line in one style.
type piece struct {
	text   string
	marked bool
}

// pieces cuts a line where the marking begins and ends.
func pieces(line string) (list []piece) {
	at := 0
	for _, m := range marked.FindAllStringIndex(line, -1) {
		if m[0] > at {
			list = append(list, piece{line[at:m[0]], false})
		}
		list = append(list, piece{line[m[0]:m[1]], true})
		at = m[1]
	}
	if at < len(line) {
		list = append(list, piece{line[at:], false})
	}
	return list
}

// CreateRenderer is for Fyne.
func (t *Transcript) CreateRenderer() fyne.WidgetRenderer {
	r := &renderer{}
	update := func() {
		r.objects = r.objects[:0]
		for i, line := range t.lines(t.Size().Width) {
			x := float32(0)
			for _, p := range pieces(line) {
				role := theme.Text2
				if p.marked {
					role = theme.AccentInk
				}
				o := canvas.NewText(p.text, ink(t, role))
				o.TextSize, o.TextStyle = theme.SizeMono, transcriptStyle(p.marked)
				m := measure(p.text, o.TextSize, o.TextStyle)
				place(o, x, float32(i)*transcriptLine+(transcriptLine-m.Height)/2, m.Width, m.Height)
				x += m.Width
				r.objects = append(r.objects, o)
				if p.marked { // there is no bold font of one width: it is written twice
					again := *o
					place(&again, o.Position().X+0.4, o.Position().Y, m.Width, m.Height)
					r.objects = append(r.objects, &again)
				}
			}
		}
	}
	r.layout = func(fyne.Size) { update() }
	r.refresh = update
	r.min = func() fyne.Size { return fyne.NewSize(1, t.HeightFor(t.Size().Width)) }
	return r
}
