package widget

import (
	"fyne.io/fyne/v2"

	"offhook/ui/theme"
)

// SlimHeight is the height of a SlimBanner whose caption has one line.
const SlimHeight float32 = 52

// SlimBanner is a message over the content of a tab: an icon, a bold title, a
// caption, one action, and a way to close it where it may be closed.
type SlimBanner struct {
	*Panel
	icon        *Icon
	title, text *Text
	Action      *PillButton
	Close       *IconButton
}

// NewSlimBanner returns a banner with more below its row, which may be hidden.
// close may be nil.
func NewSlimBanner(closeLabel string, tips *Tips, act, close func(), more fyne.CanvasObject) *SlimBanner {
	b := &SlimBanner{icon: NewIcon("", theme.Text, 20),
		title: NewText("", Style{Bold: true, Wrap: true, Leading: 1.2}),
		text:  NewText("", Style{Size: theme.SizeCaption, Role: theme.Text2, Wrap: true, Leading: 1.2})}
	b.Action = NewPill("", "", Raised, HeightSmall, act)
	b.Close = NewIconButton(closeLabel, theme.Close, theme.Text, tips, close)
	row := Row(b.icon, Gap(12), Grow(Column(b.title, b.text)), Gap(8), b.Action, Gap(2), b.Close)
	b.Panel = NewPanel(theme.Sunken, theme.RadiusCard, Column(Inset(6, 6, 6, 12, row), more))
	return b
}

// Set changes what the banner says. Without a word for the action it has none.
func (b *SlimBanner) Set(tone Tone, g theme.Glyph, title, text, action string, closable bool) {
	soft, ink := tone.Colours()
	b.SetRole(soft)
	b.icon.Set(g, ink)
	b.title.SetRole(ink)
	b.title.SetText(title)
	if tone == ToneQuiet {
		ink = theme.Text2
	}
	b.text.SetRole(ink)
	b.text.SetText(text)
	show(b.text, text != "")
	fill := map[Tone]Fill{ToneWarning: RaisedWarning, ToneDanger: RaisedDanger}[tone]
	if fill == Plain {
		fill = Raised
	}
	b.Action.Set(action, "", fill)
	show(b.Action, action != "")
	show(b.Close, closable)
}

// Title and Words are what the banner says.
func (b *SlimBanner) Title() string { return b.title.text }

func show(o fyne.CanvasObject, on bool) {
	if on {
		o.Show()
	} else {
		o.Hide()
	}
}
