package screen

import (
	"context"
	"errors"
	"net/url"
	"time"

	"offhook/app"
	"offhook/app/diagnosis"
	"offhook/app/report"
	"offhook/app/signin"
	"offhook/voice"
	"offhook/voice/audio"
	"offhook/voice/fault"
)

// How long the window waits for the phone: for a command, for a sign-in, and for
// what concerns the sound devices.
const (
	commandLimit = 40 * time.Second
	signInLimit  = 60 * time.Second
	soundLimit   = 10 * time.Second
)

// within runs work off the window's thread for at most limit, and done on it.
func (e *Env) within(limit time.Duration, work func(ctx context.Context) error, done func(error)) {
	e.Run.Go(func(ctx context.Context) error {
		ctx, cancel := context.WithTimeout(ctx, limit)
		defer cancel()
		return work(ctx)
	}, done)
}

// Do runs a command to the phone off the window's thread; an error is shown as a
// notice.
func (e *Env) Do(work func(ctx context.Context) error) { e.within(commandLimit, work, e.Complain) }

// Complain shows the sentence of an error, if there is one.
func (e *Env) Complain(err error) {
	if err != nil {
		e.Notify(e.Sentence(fault.From(err)))
	}
}

// Answer accepts the call that rings.
func (e *Env) Answer() { e.doTo("", e.Phone.Answer) }

// Hangup declines, cancels or ends the call.
func (e *Env) Hangup() { e.doTo("", e.Phone.Hangup) }

// answer accepts one call, hangUp declines, cancels or ends it.
func (e *Env) answer(id string) { e.doTo(id, e.Phone.Answer) }
func (e *Env) hangUp(id string) { e.doTo(id, e.Phone.Hangup) }

// Decline declines the call that rings, and leaves another alone.
func (e *Env) Decline() {
	s := e.Phone.Snapshot()
	if c := s.Ringing(); c != nil {
		e.hangUp(c.ID)
	} else if PhaseOf(View{Snapshot: s}) == PhaseIncoming {
		e.Hangup()
	}
}

// doTo has a call do something, "" for the one that the snapshot shows as its Call.
func (e *Env) doTo(id string, do func(ctx context.Context, id string) error) {
	e.Do(func(ctx context.Context) error { return do(ctx, id) })
}

// Dial calls number. A call that did not begin is told to failed, or as a notice
// when that is nil.
func (e *Env) Dial(number string, failed func(sentence string)) {
	e.within(commandLimit, func(ctx context.Context) error { return e.Phone.Dial(ctx, number, "") }, func(err error) {
		switch {
		case err == nil:
		case failed != nil:
			failed(e.Sentence(fault.From(err)))
		default:
			e.Complain(err)
		}
	})
}

// SignIn signs in; why it failed comes back in the snapshot's account.
func (e *Env) SignIn(c signin.Credentials) {
	e.within(signInLimit, func(ctx context.Context) error { return e.Phone.SignIn(ctx, c) }, nil)
}

// ToggleMute mutes an answered call or takes the mute back.
func (e *Env) ToggleMute(s *app.Snapshot) {
	switch {
	case !Established(s):
	case s.Call.Muted:
		e.Complain(e.Phone.Unmute(""))
	default:
		e.Complain(e.Phone.Mute(""))
	}
}

// CanSwap reports whether there is another answered call to go to.
func CanSwap(s *app.Snapshot) bool {
	if s == nil || s.Call == nil {
		return false
	}
	other := waiting(View{Snapshot: s})
	return s.Call.Consultation.Answered() || other != nil && other.Established != nil && other.State.Answered()
}

// HoldOrSwap goes to the other of two calls, or holds the one that there is.
func (e *Env) HoldOrSwap(s *app.Snapshot) {
	if CanSwap(s) {
		e.Do(e.Phone.Swap)
		return
	}
	e.ToggleHold(s)
}

// ToggleHold puts the far side of the call that has the sound on hold, or takes it off.
func (e *Env) ToggleHold(s *app.Snapshot) {
	switch {
	case !Established(s):
	case s.Call.Held:
		e.doTo("", e.Phone.Resume)
	default:
		e.doTo("", e.Phone.Hold)
	}
}

// BackToCaller ends the asking of somebody who may take the call.
func (e *Env) BackToCaller(v View) {
	if v.Snapshot != nil && v.Call != nil && v.Call.Consultation.Active() {
		e.endConsultation()
	}
}

// endConsultation goes back to the far side from somebody who was asked whether to
// take the call.
func (e *Env) endConsultation() {
	e.Do(func(ctx context.Context) error {
		if err := e.Phone.EndConsultation(); err != nil {
			return err
		}
		return e.Phone.Resume(ctx, "")
	})
}

func (e *Env) sendDTMF(digit rune)             { e.Complain(e.Phone.SendDTMF("", string(digit))) }
func (e *Env) setRoute(route voice.AudioRoute) { e.Complain(e.Phone.SetRoute(route)) }

// SetAvailability chooses whether calls ring.
func (e *Env) SetAvailability(choice app.Availability) { e.Complain(e.Phone.SetAvailability(choice)) }

// openBrowser shows the server's address without encryption: in its place, the
// network shows its own page.
func (e *Env) openBrowser(server string) {
	if u, err := url.Parse(server); err == nil && u.Hostname() != "" {
		e.Host.OpenURL(&url.URL{Scheme: "http", Host: u.Hostname(), Path: "/"})
	}
}

func (e *Env) setFavourite(c app.Contact, on bool) {
	e.Run.Go(func(context.Context) error {
		if on {
			return e.Phone.AddFavourite(c.Name, c.Number)
		}
		return e.Phone.RemoveFavourite(c.Number)
	}, e.Complain)
}

// Update changes the settings.
func (e *Env) Update(change func(*app.Settings)) {
	e.Run.Go(func(context.Context) error { return e.Phone.UpdateSettings(change) }, func(err error) {
		e.Complain(err)
		e.SettingsChanged()
	})
}

// lineWork runs work that concerns SIP accounts or a transfer; done gets its
// sentence, "" when it went well.
func (e *Env) lineWork(work func(context.Context) error, done func(problem string)) {
	e.Run.Go(work, func(err error) {
		if err != nil {
			done(e.Sentence(fault.From(err)))
			return
		}
		done("")
	})
}

// devices lists the sound devices that are there now.
func (e *Env) devices(got func([]audio.Device, error)) {
	var list []audio.Device
	e.within(soundLimit, func(ctx context.Context) (err error) {
		list, err = e.Phone.Devices(ctx)
		return err
	}, func(err error) { got(list, err) })
}

// playTest lets a device sound; done may be nil.
func (e *Env) playTest(device string, done func(error)) {
	e.within(soundLimit, func(ctx context.Context) error { return e.Phone.PlayTest(ctx, device) }, func(err error) {
		e.Complain(err)
		if done != nil {
			done(err)
		}
	})
}

// cancellable runs work off the window's thread until it is done or stopped; done
// is called on the window's thread unless it was stopped. The context of work ends
// with the window, too.
func (e *Env) cancellable(work func(ctx context.Context) error, done func(error)) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	e.Run.Go(func(outer context.Context) error {
		unhook := context.AfterFunc(outer, cancel)
		defer unhook()
		return work(ctx)
	}, func(err error) {
		if ctx.Err() == nil {
			done(err)
		}
		cancel()
	})
	return cancel
}

// checks hands what open finds to got, one by one, until stopped; done gets the
// error of the opening.
func (e *Env) checks(open func(context.Context) (<-chan diagnosis.Check, error), got func(diagnosis.Check), done func(error)) (stop func()) {
	return e.cancellable(func(ctx context.Context) error {
		list, err := open(ctx)
		if err != nil {
			return err
		}
		for c := range list {
			e.Run.Post(func() {
				if ctx.Err() == nil {
					got(c)
				}
			})
		}
		return nil
	}, done)
}

func (e *Env) checkAudio(got func(diagnosis.Check), failed func(error)) (stop func()) {
	return e.checks(e.Phone.CheckAudio, got, func(err error) {
		if err != nil {
			failed(err)
		}
	})
}

func (e *Env) diagnose(got func(diagnosis.Check), done func()) (stop func()) {
	return e.checks(func(ctx context.Context) (<-chan diagnosis.Check, error) { return e.Phone.Diagnose(ctx), nil }, got, func(error) { done() })
}

// draftReport puts a report together. done is always called; a draft that nobody
// can be told of any more is closed.
func (e *Env) draftReport(from, to time.Time, done func(report.Draft, error)) (stop func()) {
	var d report.Draft
	ctx, cancel := context.WithCancel(context.Background())
	e.Run.Go(func(outer context.Context) (err error) {
		unhook := context.AfterFunc(outer, cancel)
		defer unhook()
		d, err = e.Phone.DraftReport(ctx, from, to)
		if d != nil && outer.Err() != nil {
			d.Close()
		}
		return err
	}, func(err error) {
		done(d, err)
		cancel()
	})
	return cancel
}

// readDraft reads count lines of parts of a draft from line first on, and how many
// there are.
func (e *Env) readDraft(d report.Draft, parts []report.Part, first, count int, done func(lines []string, all int, err error)) {
	var lines []string
	all := 0
	e.Run.Go(func(context.Context) error {
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

// sendReport sends parts of a draft with a description. done is always called, also
// when it was stopped.
func (e *Env) sendReport(d report.Draft, text string, parts []report.Part, progress func(float64), done func(reference string, err error)) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	reference := ""
	e.Run.Go(func(outer context.Context) (err error) {
		unhook := context.AfterFunc(outer, cancel)
		defer unhook()
		reference, err = d.Send(ctx, text, parts, func(part float64) {
			e.Run.Post(func() {
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

// Sentence is what err says to a person, in their language, or "" if it says
// nothing fit to show.
func (e *Env) Sentence(err error) string {
	var f *fault.Error
	if !errors.As(err, &f) {
		return ""
	}
	if said := e.named(f.Text().Code); said != "" {
		return said
	}
	return e.Words.Say(f.Text().WithNext())
}
