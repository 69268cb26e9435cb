package ui

import (
	"context"
	"time"

	"fyne.io/fyne/v2"

	"offhook/app"
	"offhook/ui/screen"
	"offhook/ui/theme"
	"offhook/ui/widget"
	"offhook/voice/audio"
	"offhook/voice/fault"
)

// tasks is the work that pages start and follow.
type tasks shell

func (t *tasks) shell() *shell { return (*shell)(t) }

func (t *tasks) Devices(got func([]audio.Device, error)) {
	var list []audio.Device
	t.run.Go(func(ctx context.Context) (err error) {
		ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
		defer cancel()
		list, err = t.phone.Devices(ctx)
		return err
	}, func(err error) { got(list, err) })
}

// stream hands the checks of a channel to got, on the window's thread.
func (t *tasks) stream(open func(context.Context) (<-chan app.Check, error), got func(app.Check), done func(error)) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	live := func() bool { return ctx.Err() == nil }
	t.run.Go(func(outer context.Context) error {
		unhook := context.AfterFunc(outer, cancel)
		defer unhook()
		checks, err := open(ctx)
		if err != nil {
			return err
		}
		for c := range checks {
			t.run.Post(func() {
				if live() {
					got(c)
				}
			})
		}
		return nil
	}, func(err error) {
		if live() && done != nil {
			done(err)
		}
		cancel()
	})
	return cancel
}

func (t *tasks) CheckAudio(got func(app.Check), failed func(error)) (stop func()) {
	return t.stream(t.phone.CheckAudio, got, func(err error) {
		if err != nil && failed != nil {
			failed(err)
		}
	})
}

func (t *tasks) Diagnose(got func(app.Check), done func()) (stop func()) {
	return t.stream(func(ctx context.Context) (<-chan app.Check, error) { return t.phone.Diagnose(ctx), nil }, got, func(error) { done() })
}

func (t *tasks) PlayTest(device string, done func(error)) {
	t.run.Go(func(ctx context.Context) error {
		ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
		defer cancel()
		return t.phone.PlayTest(ctx, device)
	}, func(err error) {
		(*actions)(t).complain(err)
		done(err)
	})
}

func (t *tasks) Draft(from, to time.Time, done func(app.ReportDraft, error)) (stop func()) {
	var d app.ReportDraft
	ctx, cancel := context.WithCancel(context.Background())
	t.run.Go(func(outer context.Context) (err error) {
		unhook := context.AfterFunc(outer, cancel)
		defer unhook()
		d, err = t.phone.DraftReport(ctx, from, to)
		if d != nil && outer.Err() != nil {
			d.Close() // nobody is told any more
		}
		return err
	}, func(err error) {
		done(d, err)
		cancel()
	})
	return cancel
}

func (t *tasks) ReadDraft(d app.ReportDraft, parts []app.ReportPart, first, count int, done func([]string, int, error)) {
	var lines []string
	all := 0
	t.run.Go(func(context.Context) error {
		for _, part := range parts {
			got, n, err := d.Lines(part, max(0, first-all), max(0, count-len(lines)))
			if err != nil {
				return err
			}
			lines, all = append(lines, got...), all+n
		}
		return nil
	}, func(err error) { done(lines, all, err) })
}

func (t *tasks) Report(d app.ReportDraft, text string, parts []app.ReportPart, progress func(float64), done func(string, error)) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	reference := ""
	t.run.Go(func(outer context.Context) (err error) {
		unhook := context.AfterFunc(outer, cancel)
		defer unhook()
		reference, err = d.Send(ctx, text, parts, func(part float64) {
			t.run.Post(func() {
				if ctx.Err() == nil {
					progress(part)
				}
			})
		})
		return err
	}, func(err error) {
		if err != nil {
			err = fault.From(err)
		}
		done(reference, err)
		cancel()
	})
	return cancel
}

func (t *tasks) Update(change func(*app.Settings)) {
	t.run.Go(func(context.Context) error { return t.phone.UpdateSettings(change) }, func(err error) {
		(*actions)(t).complain(err)
		s := t.shell()
		s.settings = s.phone.Settings()
		s.applySettings()
		if s.snap != nil {
			s.render(s.view())
		}
	})
}

func (t *tasks) Statistics() (app.Stats, bool) { return t.phone.Statistics() }

func (t *tasks) SignOut() {
	(*actions)(t).Open(screen.PageNone)
	(*actions)(t).command(t.phone.SignOut)
}

func (t *tasks) SetProxyPassword(user, password string) {
	t.run.Go(func(context.Context) error { return t.phone.SetProxyPassword(user, password) }, (*actions)(t).complain)
}

func (t *tasks) Language() string { return t.host.Language() }

func (t *tasks) SetLanguage(language string) {
	t.host.SetLanguage(language)
	t.shell().setLanguage(language)
}

func (t *tasks) Choose(from fyne.CanvasObject, options []string, chosen int, pick func(int)) {
	s := t.shell()
	var rows []*widget.TapRow
	var parts []fyne.CanvasObject
	width := from.Size().Width
	for i, o := range options {
		tick := widget.NewIcon("", theme.AccentInk, 20)
		label := o
		if i == chosen {
			tick.Set(theme.Check, theme.AccentInk)
			label = s.env.T("{choice}, chosen", "choice", o)
		}
		row := widget.NewTapRow(label, widget.Row44, widget.Inset(0, 12, 0, 12, widget.Row(
			widget.Grow(widget.NewText(o, widget.Style{})), widget.Gap(8), tick)), func() {
			s.closeMenu()
			pick(i)
		})
		row.SetMarked(i == chosen)
		rows = append(rows, row)
		parts = append(parts, row)
	}
	s.openMenuWith(from, max(width, 260), widget.Inset(8, 8, 8, 8, widget.Column(parts...)), rows, max(0, min(chosen, len(rows)-1)))
}
