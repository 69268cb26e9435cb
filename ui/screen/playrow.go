package screen

import (
	"context"
	"time"

	"fyne.io/fyne/v2"

	"offhook/app"
	"offhook/ui/widget"
)

// skipTime is how far the keys beside Play go.
const skipTime = 10 * time.Second

// playRow plays the recording of a call of the log.
type playRow struct {
	env         *Env
	Play        *widget.PillButton
	back, on    *widget.PillButton
	time        *widget.Text
	object      *fyne.Container
	call        string
	now         *app.Playing
	transported *fyne.Container
}

func newPlayRow(env *Env) *playRow {
	r := &playRow{env: env, time: caption("")}
	r.Play = widget.NewPill(env.T("Play"), "", widget.Raised, widget.HeightSmall, r.toggle)
	r.back = widget.NewPill("−10 s", "", widget.Plain, widget.HeightSmall, func() { r.skip(-skipTime) })
	r.back.SetLabel(env.T("Back 10 seconds"))
	r.on = widget.NewPill("+10 s", "", widget.Plain, widget.HeightSmall, func() { r.skip(skipTime) })
	r.on.SetLabel(env.T("Forward 10 seconds"))
	r.transported = widget.Row(r.back, widget.Gap(4), r.on, widget.Gap(8), r.time)
	r.object = widget.Inset(8, 0, 0, 0, widget.Row(r.Play, widget.Gap(8), widget.Grow(r.transported)))
	r.object.Hide()
	return r
}

func (r *playRow) toggle() {
	if r.now != nil {
		r.env.Phone.StopPlaying()
		return
	}
	call := r.call
	r.env.Do(func(ctx context.Context) error { return r.env.Phone.PlayRecording(ctx, call, 0) })
}

func (r *playRow) skip(by time.Duration) {
	if r.now == nil {
		return
	}
	call, to := r.call, max(0, time.Duration(r.now.PositionS)*time.Second+by)
	r.env.Do(func(ctx context.Context) error { return r.env.Phone.PlayRecording(ctx, call, to) })
}

// render shows the row where the recording of a call may be played.
func (r *playRow) render(v View, c app.CallRecord) {
	e := r.env
	there := c.Recorded && e.Phone.Playable(c)
	setVisible(r.object, there)
	if !there {
		return
	}
	if r.call, r.now = c.ID, nil; v.Playing != nil && v.Playing.ID == c.ID {
		r.now = v.Playing
	}
	setVisible(r.transported, r.now != nil)
	if r.now == nil {
		r.Play.Set(e.T("Play"), "", widget.Raised)
		r.Play.SetLabel(e.T("Play the recording"))
		return
	}
	r.Play.Set(e.T("Stop"), "", widget.Raised)
	r.Play.SetLabel(e.T("Stop playing"))
	r.time.SetText(Clock(secondsOf(r.now.PositionS)) + " / " + Clock(secondsOf(r.now.LengthS)))
}
