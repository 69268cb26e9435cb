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
}

// NewMenuPill returns an empty pill.
func NewMenuPill(onTap func()) *MenuPill {
	p := &MenuPill{}
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
		box.paint(p, theme.Window, theme.Line, 1)
		setIcon(p, img, p.glyph, p.glyphRole)
		if !p.iconOnly {
			setIcon(p, down, theme.ChevronDown, theme.Text2)
		}
		p.paintState(veil, ring)
		r.layout(p.Size())
	}
	r.refresh()
	return r
}
