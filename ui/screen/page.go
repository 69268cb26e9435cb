package screen

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	"offhook/ui/theme"
	"offhook/ui/widget"
)

// frame is what all sub-pages have: a way back, a title, and room for one thing
// more; and while there is a call, the way back to it.
type frame struct {
	env    *Env
	Back   *widget.IconButton
	bar    *BackBar
	title  *widget.Text
	scroll *container.Scroll
	object *fyne.Container
	up     Page
	// policy says that somebody else decided about a setting of the page.
	policy *fyne.Container
	locks  []lock
}

// lock is a setting of the page, by its path, and what changes it.
type lock struct {
	path     string
	controls []interface{ SetEnabled(bool) }
}

// lockable names the setting that controls change: an administrator may have
// fixed it.
func (f *frame) lockable(path string, controls ...interface{ SetEnabled(bool) }) {
	f.locks = append(f.locks, lock{path, controls})
}

// renderLocks switches off what an administrator has fixed, and says so.
func (f *frame) renderLocks(v View) {
	any := false
	for _, l := range f.locks {
		fixed := v.Settings.IsLocked(l.path)
		any = any || fixed
		for _, c := range l.controls {
			c.SetEnabled(!fixed)
		}
	}
	if setVisible(f.policy, any) {
		f.object.Refresh()
	}
}

// newFrame returns a page around body. up is the page that Back goes to; extra
// and foot may be nil.
func newFrame(env *Env, title string, up Page, extra, body, foot fyne.CanvasObject) *frame {
	f := &frame{env: env, up: up, title: widget.NewText(title, widget.Style{Size: theme.SizeSub, Bold: true})}
	f.Back = widget.NewIconButton(env.T("Back"), theme.Back, theme.Text2, env.Tips, func() { env.Open(f.up) })
	f.Back.SetIconSize(22)
	parts := []fyne.CanvasObject{f.Back, widget.Gap(4), widget.Grow(f.title)}
	if extra != nil {
		parts = append(parts, widget.Gap(8), extra)
	}
	head := widget.Fixed(0, 55, widget.Inset(0, 12, 2, 8, widget.Row(parts...)))
	f.bar = NewBackBar(env, func() { env.Open(PageNone) })
	top := widget.Column(widget.NewPanel(theme.Surface, 0, head), widget.NewLine(), f.bar.Object())
	f.policy = widget.Inset(0, 0, 12, 0, widget.NewPanel(theme.Sunken, theme.RadiusCard, widget.Inset(8, 12, 8, 12, widget.Row(widget.NewIcon(theme.Lock, theme.Text2, 16), widget.Gap(8),
		widget.Grow(widget.NewText(env.T("Some settings here are set by your administrator."), widget.Style{Size: theme.SizeCaption, Role: theme.Text2, Wrap: true}))))))
	f.policy.Hide()
	f.scroll = container.NewVScroll(widget.Centre(720, widget.Inset(11, 16, 8, 16, widget.Column(f.policy, body))))
	var bottom fyne.CanvasObject
	if foot != nil {
		bottom = widget.Centre(720, widget.Inset(8, 16, 16, 16, foot))
	}
	f.object = container.NewBorder(top, bottom, nil, nil, f.scroll)
	return f
}

// setTitle changes what stands over the page.
func (f *frame) setTitle(title string) { f.title.SetText(title) }

// reveal scrolls the page to a part of it.
func (f *frame) reveal(o fyne.CanvasObject) { widget.ScrollTo(f.scroll, o) }

// Object is what the window shows.
func (f *frame) Object() fyne.CanvasObject { return f.object }

// Focus puts the keyboard on Back.
func (f *frame) Focus() { f.env.focus(f.Back) }

func (f *frame) render(v View) {
	f.renderLocks(v)
	if f.bar.Render(v, !v.Wide && v.Call != nil) {
		f.object.Refresh()
	}
}

// heading is the title over a card.
func heading(text string) fyne.CanvasObject { return widget.Inset(0, 4, 2, 4, label(text)) }
