package screen

import (
	"context"
	"strings"
	"time"

	"fyne.io/fyne/v2"

	"offhook/app"
	"offhook/ui/theme"
	"offhook/ui/widget"
	"offhook/voice/wire"
)

// toldTime is for how long the row says what the caller has heard.
const toldTime = 10 * time.Second

// recordRow says whether a call is recorded, and pauses, resumes, begins or ends that.
type recordRow struct {
	env         *Env
	ground      *widget.Panel
	icon        *widget.Icon
	word, extra *widget.Text
	said        *widget.Text
	Stop        *widget.IconButton
	Act         *widget.PillButton
	object      *fyne.Container
	act, stop   func(ctx context.Context, id string) error
	call        string
}

func newRecordRow(env *Env) *recordRow {
	r := &recordRow{env: env, icon: widget.NewIcon(theme.Record, theme.DangerInk, 18), word: widget.NewText("", widget.Style{Bold: true, Least: 11}), extra: caption("")}
	r.said = widget.NewText("", widget.Style{Size: theme.SizeCaption, Role: theme.Text2, Wrap: true})
	r.Act = widget.NewPill("", "", widget.RaisedDanger, widget.HeightSmall, func() {
		if r.act != nil {
			env.doTo(r.call, r.act)
		}
	})
	r.Stop = widget.NewIconButton(env.T("Stop recording"), theme.Stop, theme.DangerInk, env.Tips, func() { env.doTo(r.call, r.stop) })
	r.ground = widget.NewPanel(theme.DangerSoft, theme.RadiusCard, widget.Fixed(0, 48, widget.Inset(0, 4, 0, 12,
		widget.Row(r.icon, widget.Gap(8), widget.Grow(widget.Row(r.word, widget.Gap(8), r.extra)), widget.Gap(4), r.Stop, widget.Gap(4), r.Act))))
	r.object = widget.Inset(8, 0, 0, 0, widget.Column(r.ground, widget.Gap(3), r.said))
	r.object.Hide()
	return r
}

// set draws the row.
func (r *recordRow) set(g theme.Glyph, soft, ink fyne.ThemeColorName, word, extra string) {
	r.ground.SetRole(soft)
	r.icon.Set(g, ink)
	r.word.SetRole(ink)
	r.word.SetText(word)
	r.extra.SetRole(ink)
	r.extra.SetText(extra)
	setVisible(r.extra, extra != "")
}

// button offers what can be done, nothing for "".
func (r *recordRow) button(word, label string, fill widget.Fill, act func(ctx context.Context, id string) error) {
	r.act = act
	setVisible(r.Act, word != "")
	if word != "" {
		r.Act.Set(word, "", fill)
		r.Act.SetLabel(label)
	}
}

// render shows how a call is recorded, and hides the row where nothing is known of that
// or nothing can be done.
func (r *recordRow) render(v View, c *app.Call, mode callMode) {
	e, rec := r.env, c.Recording
	there := rec != nil && mode != modeRings && c.Established != nil && (rec.State != wire.RecordingOff || rec.ByHand || rec.Reason == wire.RecordingRefused)
	setVisible(r.object, there)
	if !there {
		return
	}
	r.call = c.ID
	said, role := "", theme.Text2
	r.stop = e.Phone.StopRecording
	r.Stop.Set(e.T("Stop recording"), theme.Stop)
	setVisible(r.Stop, rec.ByHand && (rec.State == wire.RecordingOn || rec.State == wire.RecordingPaused) && !v.Compact)
	switch rec.State {
	case wire.RecordingOn:
		r.set(theme.Record, theme.DangerSoft, theme.DangerInk, e.T("Recording {time}", "time", Clock(rec.Length(v.Now))), "")
		r.button(e.T("Pause for card"), e.T("Pause recording while a card number is read"), widget.RaisedDanger, e.Phone.PauseRecording)
		switch {
		case rec.Told == "none":
			said, role = e.T("The caller wasn't told. Tell them."), theme.WarningInk
		case rec.Told != "" && rec.Length(v.Now) < toldTime:
			said = e.T("The caller heard that the call is recorded.")
		}
		if rec.Here && !rec.Sealed {
			said = strings.TrimSpace(said + " " + e.T("The file on this computer isn't encrypted."))
		}
	case wire.RecordingPaused:
		extra := ""
		length, left := rec.Pause(v.Now)
		if length == 0 && left == 0 && c.Held { // it goes on with the call
			r.set(theme.Pause, theme.WarningSoft, theme.WarningInk, e.T("Not recording"), e.T("On hold"))
			r.button("", "", widget.Raised, nil)
			break
		}
		if left > 0 && !v.Compact {
			extra = e.T("resumes in {time}", "time", Short(left))
		}
		r.set(theme.Pause, theme.WarningSoft, theme.WarningInk, e.T("Paused {time}", "time", Short(length)), extra)
		r.button(e.T("Resume"), e.T("Resume recording"), widget.RaisedWarning, e.Phone.ResumeRecording)
	case wire.RecordingAsking:
		r.set(theme.RecordOff, theme.Sunken, theme.Text, e.T("Record this call?"), "")
		r.button(e.T("Record"), e.T("Yes, record this call"), widget.Raised, e.Phone.ConsentToRecording)
		r.stop = e.Phone.RefuseRecording
		r.Stop.Set(e.T("Don't record this call"), theme.Close)
		r.Stop.Show()
	case wire.RecordingAnnouncing:
		r.set(theme.RecordOff, theme.Sunken, theme.Text, e.T("Announcing the recording"), "")
		r.button("", "", widget.Raised, nil)
	case wire.RecordingFailed:
		r.set(theme.WarningIcon, theme.WarningSoft, theme.WarningInk, e.T("Not recorded"), e.notRecorded(rec))
		r.button("", "", widget.Raised, nil)
	default:
		r.set(theme.RecordOff, theme.Sunken, theme.Text, e.T("Not recording"), "")
		r.button(e.T("Record"), e.T("Record this call"), widget.Raised, e.Phone.StartRecording)
		said = e.T("Tell the caller first: “I'd like to record this call.”")
	}
	r.said.SetRole(role)
	r.said.SetText(said)
	setVisible(r.said, r.says(v))
}

// says reports whether there is something to say under the row.
func (r *recordRow) says(v View) bool { return r.said.Text() != "" && !v.Compact }

// notRecorded says in a few words why a recording has failed.
func (e *Env) notRecorded(rec *app.Recording) string {
	switch rec.Reason {
	case wire.RecordingDisk:
		if rec.Here {
			return e.T("this computer's disk is full")
		}
		return e.T("the server's disk is full")
	case wire.RecordingNotTold:
		return e.T("the caller couldn't be told")
	case wire.RecordingNoKey:
		return e.T("recording isn't set up")
	case wire.RecordingTooLong:
		return e.T("the file holds no more")
	case wire.RecordingCodec:
		return e.T("its sound can't be written")
	}
	if rec.Here {
		return e.T("the file can't be written")
	}
	return e.T("the server can't write it")
}

// ToggleRecording pauses the recording of the call that has the sound, or resumes it.
func (e *Env) ToggleRecording(s *app.Snapshot) {
	if s == nil || s.Call == nil || s.Call.Recording == nil {
		return
	}
	switch s.Call.Recording.State {
	case wire.RecordingOn:
		e.doTo(s.Call.ID, e.Phone.PauseRecording)
	case wire.RecordingPaused:
		e.doTo(s.Call.ID, e.Phone.ResumeRecording)
	}
}
