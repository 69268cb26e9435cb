package ui

import (
	"context"
	"errors"

	"offhook/app"
	"offhook/voice/fault"
)

// linePhone is a Phone that has SIP accounts, too.
type linePhone interface {
	SaveLine(ctx context.Context, a app.SIPAccount, password string) error
	RemoveLine(ctx context.Context, id string) error
	KeepICEPassword(id, password string)
	Transfer(ctx context.Context, target string) error
}

var _ linePhone = (*app.Phone)(nil)

// lineWork runs work that concerns the SIP accounts; its error is a sentence.
func (t *tasks) lineWork(work func(context.Context, linePhone) error, done func(error)) {
	t.run.Go(func(ctx context.Context) error {
		p, ok := t.phone.(linePhone)
		if !ok {
			return fault.New(fault.InternalError, "This phone can't use SIP accounts.", "")
		}
		return work(ctx, p)
	}, func(err error) {
		s := t.shell()
		s.settings = s.phone.Settings()
		if err != nil {
			err = errors.New(fault.From(err).Sentence())
		}
		done(err)
	})
}

func (t *tasks) SaveLine(a app.SIPAccount, password, icePassword string, done func(error)) {
	if a.ID == "" {
		a.ID = a.User + "@" + a.Domain // as the phone names it: the keyring's entry bears it
	}
	t.lineWork(func(ctx context.Context, p linePhone) error {
		p.KeepICEPassword(a.ID, icePassword)
		return p.SaveLine(ctx, a, password)
	}, done)
}

func (t *tasks) RemoveLine(id string, done func(error)) {
	t.lineWork(func(ctx context.Context, p linePhone) error { return p.RemoveLine(ctx, id) }, done)
}

// Transfer hands the call on; what the far side says of it comes with the phone's
// state.
func (t *tasks) Transfer(target string, done func(error)) {
	t.lineWork(func(ctx context.Context, p linePhone) error { return p.Transfer(ctx, target) }, done)
}
