package ui

import (
	"context"
	"errors"

	"offhook/app"
	"offhook/voice/fault"
)

// lineWork runs work that concerns the SIP accounts; its error is a sentence.
func (t *tasks) lineWork(work func(context.Context) error, done func(error)) {
	t.run.Go(work, func(err error) {
		s := t.shell()
		s.settings = s.phone.Settings()
		if err != nil {
			err = errors.New(s.env.Sentence(fault.From(err)))
		}
		done(err)
	})
}

func (t *tasks) SaveLine(a app.SIPAccount, password, icePassword string, done func(error)) {
	if a.ID == "" {
		a.ID = a.User + "@" + a.Domain // as the phone names it: the keyring's entry bears it
	}
	t.lineWork(func(ctx context.Context) error {
		t.phone.KeepICEPassword(a.ID, icePassword)
		return t.phone.SaveLine(ctx, a, password)
	}, done)
}

func (t *tasks) RemoveLine(id string, done func(error)) {
	t.lineWork(func(ctx context.Context) error { return t.phone.RemoveLine(ctx, id) }, done)
}

// Transfer hands the call on; what the far side says of it comes with the phone's
// state.
func (t *tasks) Transfer(target string, done func(error)) {
	t.lineWork(func(ctx context.Context) error { return t.phone.Transfer(ctx, target) }, done)
}

// Consult calls whom the call may be handed to; how that fares comes with the
// phone's state.
func (t *tasks) Consult(target string, done func(error)) {
	t.lineWork(func(ctx context.Context) error { return t.phone.Consult(ctx, target) }, done)
}
