package archive

import (
	"offhook/demo/relay"
	"offhook/voice/recording"
)

// Take is a recording that goes on.
type Take struct{ *recording.Take }

// Begin makes the file of a session for a leg of some codec. failed is called, on a
// goroutine of its own, if it can't be written on: what is written stays. No sound is
// taken before SetActive.
func (a *Archive) Begin(session, codec string, mono bool, failed func(error)) (*Take, error) {
	if !sessionForm.MatchString(session) {
		return nil, ErrNone
	}
	t, err := recording.Begin(recording.TakeConfig{
		Path: a.path(session), Key: a.cfg.Key, Speaks: codec, Reserve: a.cfg.Reserve, Failed: failed,
		Meta: recording.Meta{Session: session, Began: a.cfg.Now().UTC(), Mono: mono},
	})
	if err != nil {
		return nil, err
	}
	a.work.Go(func() { <-t.Done() })
	return &Take{Take: t}, nil
}

// Tap is what a leg is given to be recorded: what its phone says goes to the right side
// if right is set, else to the left, and what it hears to the other.
func (t *Take) Tap(right bool) relay.Tap {
	return func(s relay.Tapped) {
		side := 0
		if right == s.FromPhone {
			side = 1
		}
		t.Sound(side, recording.Packet{Source: s.Source, TS: s.TS, Red: s.Red, Payload: s.Payload})
	}
}
