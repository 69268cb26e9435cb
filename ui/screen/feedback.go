package screen

import (
	"offhook/ui/widget"
)

// Feedback is the page that rates the last call later, from the menu.
type Feedback struct {
	*frame
	inner *Ended
}

// NewFeedback returns the page.
func NewFeedback(env *Env) *Feedback {
	f := &Feedback{inner: NewEnded(env)}
	f.inner.Skip.Hide()
	send := widget.NewPill(env.T("Send rating"), "", widget.Accent, widget.HeightButton, func() {
		f.inner.send()
		env.Open(PageNone)
	})
	f.inner.Send = send
	send.SetEnabled(false)
	f.frame = newFrame(env, env.T("Last call feedback"), PageNone, nil, widget.Column(f.inner.head, widget.Gap(12), f.inner.card), send)
	return f
}

// Render draws the page.
func (f *Feedback) Render(v View) {
	f.render(v)
	f.inner.Render(v)
	f.inner.card.Show()
	f.inner.head.Show()
	widget.Relayout(f.object)
}
