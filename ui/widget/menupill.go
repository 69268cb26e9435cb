package widget

import (
	"fyne.io/fyne/v2"

	"offhook/ui/theme"
)

// MenuPill opens a menu and shows what is chosen in it: an icon, a word and a
// timer.
type MenuPill struct {
	control
	glyph       theme.Glyph
	glyphRole   fyne.ThemeColorName
	text, timer string
	compact     bool
	iconOnly    bool
	tone        Tone
}

// NewMenuPill returns an empty pill.
func NewMenuPill(onTap func()) *MenuPill {
	p := &MenuPill{tone: ToneQuiet}
	p.init(p, "", onTap)
	return p
}

// Set changes what the pill shows.
func (p *MenuPill) Set(g theme.Glyph, role fyne.ThemeColorName, text, timer, label string) {
	p.label = label
	if p.glyph == g && p.glyphRole == role && p.text == text && p.timer == timer {
		return
	}
	p.glyph, p.glyphRole, p.text, p.timer = g, role, text, timer
	p.Refresh()
}

// SetTone colours the pill, ToneQuiet as usual.
func (p *MenuPill) SetTone(tone Tone) {
	if p.tone != tone {
		p.tone = tone
		p.Refresh()
	}
}

// SetCompact leaves the timer out.
func (p *MenuPill) SetCompact(on bool) {
	if p.compact != on {
		p.compact = on
		p.Refresh()
	}
}

// SetIconOnly leaves the words out, too.
func (p *MenuPill) SetIconOnly(on bool) {
	if p.iconOnly != on {
		p.iconOnly = on
		p.Refresh()
	}
}

// CreateRenderer is for Fyne.
func (p *MenuPill) CreateRenderer() fyne.WidgetRenderer {
	box, veil, ring := newFace(20), newRect(20), newRect(20)
	img, down := newImage(), newImage()
	text := NewText("", Style{Bold: true, Least: 11})
	timer := NewText("", Style{Size: theme.SizeCaption, Role: theme.Text2})
	r := &renderer{objects: []fyne.CanvasObject{box.on, veil, img, text, timer, down, ring}}
	timerWidth := func() float32 {
		if p.timer == "" || p.compact {
			return 0
		}
		return timer.MinSize().Width + 8
	}
	r.layout = func(s fyne.Size) {
		place(box.on, 0, 0, s.Width, s.Height)
		place(veil, 0, 0, s.Width, s.Height)
		place(ring, 0, 0, s.Width, s.Height)
		place(img, 12, (s.Height-20)/2, 20, 20)
		m := text.MinSize()
		m.Width = min(m.Width, s.Width-38-timerWidth()-34)
		place(text, 38, (s.Height-m.Height)/2, m.Width, m.Height)
		place(timer, 38+m.Width+8, (s.Height-timer.MinSize().Height)/2, timer.MinSize().Width, timer.MinSize().Height)
		place(down, s.Width-28, (s.Height-20)/2, 20, 20)
	}
	r.min = func() fyne.Size {
		if p.iconOnly {
			return fyne.NewSize(44, 40)
		}
		return fyne.NewSize(38+text.MinSize().Width+timerWidth()+36, 40)
	}
	r.refresh = func() {
		text.SetText(p.text)
		timer.SetText(p.timer)
		timer.Hidden = p.compact || p.timer == "" || p.iconOnly
		text.Hidden, down.Hidden = p.iconOnly, p.iconOnly
		soft, inkRole, line, down2 := theme.Window, theme.Text, theme.Line, theme.Text2
		glyph, small := p.glyphRole, theme.Text2
		if p.tone != ToneQuiet {
			soft, inkRole = p.tone.Colours()
			glyph, small, line, down2 = inkRole, inkRole, theme.Clear, inkRole
		}
		text.SetRole(inkRole)
		timer.SetRole(small)
		width := float32(1)
		if line == theme.Clear {
			width = 0
		}
		box.paint(p, soft, line, width)
		setIcon(p, img, p.glyph, glyph)
		if !p.iconOnly {
			setIcon(p, down, theme.ChevronDown, down2)
		}
		p.paintState(veil, ring)
		r.layout(p.Size())
	}
	r.refresh()
	return r
}
