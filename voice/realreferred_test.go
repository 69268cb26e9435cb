package voice_test

import (
	"context"
	"testing"
	"time"

	"offhook/voice"
	"offhook/voice/clock"
	"offhook/voice/fault"
	"offhook/voice/line/sipaccount"
)

// offered waits until a call's offer of a transfer fits.
func offered(t *testing.T, p *phoneOf, fits func(voice.TransferOffer) bool) voice.CallDetails {
	t.Helper()
	for {
		if c := expect[voice.CallChanged](p).Call; fits(c.TransferOffer) {
			return c
		}
	}
}

func standing(o voice.TransferOffer) bool { return o.Target == "carol" }
func gone(o voice.TransferOffer) bool     { return o == voice.TransferOffer{} }

// decision is a clock whose time for the user's decision ends when it is told to.
type decision struct {
	clock.System
	end chan func()
}

func (d *decision) AfterFunc(after time.Duration, f func()) (stop func() bool) {
	if after != voice.OfferTime {
		return d.System.AfterFunc(after, f)
	}
	d.end <- f
	return func() bool { return true }
}

// askedPhones are alice, who wants to be asked, has called bob, and is offered to
// be handed to carol; handed gets what bob is answered.
func askedPhones(t *testing.T, rule sipaccount.TransferRule) (alice, bob, carol *phoneOf, atBob *voice.Call, handed chan error, clock *decision) {
	t.Helper()
	p := newPBX(t)
	clock = &decision{end: make(chan func(), 4)}
	a := p.account("alice")
	a.Transfers = rule
	alice = newSIPPhoneWith(t, "alice", sine, null, []voice.Option{voice.WithClock(clock)}, a)
	bob, carol = newSIPPhone(t, "bob", sine, null, p.account("bob")), newSIPPhone(t, "carol", sine, null, p.account("carol"))
	_, atBob = connect(t, alice, bob, "bob")
	handed = make(chan error, 4)
	ctx := within(t)
	go func() { handed <- atBob.Transfer(ctx, "carol") }()
	return alice, bob, carol, atBob, handed, clock
}

// staysWith sees that a transfer came to nothing and the call goes on.
func staysWith(t *testing.T, alice, bob *phoneOf, atBob *voice.Call, handed chan error) {
	t.Helper()
	if err := <-handed; fault.TypeOf(err) != fault.ServerError {
		t.Errorf("bob is told %v", err)
	}
	for c := expect[voice.CallChanged](bob).Call; !c.Transfer.Final; c = expect[voice.CallChanged](bob).Call {
	}
	if got := atBob.Details().Transfer; got != (voice.Transfer{Target: "carol", Status: 603, EndReason: voice.EndBusy, Final: true}) {
		t.Errorf("bob: %+v", got)
	}
	if err := alice.latest().FollowTransfer(); fault.TypeOf(err) != fault.NoCall {
		t.Errorf("followed afterwards: %v", err)
	}
	hears(t, alice.latest())
	hears(t, atBob)
}

// alice is asked whether she goes to carol, and goes.
func TestTransferIsAskedForAndFollowed(t *testing.T) {
	t.Parallel()
	alice, bob, carol, _, handed, _ := askedPhones(t, sipaccount.TransfersAsk)
	got := offered(t, alice, standing)
	if left := time.Until(got.TransferOffer.Until); got.RemoteID != "bob" || left <= 0 || left > voice.OfferTime {
		t.Errorf("%+v, %v left", got.TransferOffer, left)
	}
	hears(t, alice.latest()) // the call goes on meanwhile
	select {
	case err := <-handed:
		t.Fatalf("bob is answered before alice has decided: %v", err)
	default:
	}
	if err := alice.latest().FollowTransfer(); err != nil {
		t.Fatal(err)
	}
	if err := <-handed; err != nil {
		t.Fatal(err)
	}
	if got := expect[voice.CallInitiated](alice).Call; got.RemoteID != "carol" || got.TransferredBy != "bob" {
		t.Errorf("alice's second call: %+v", got)
	}
	expect[voice.IncomingCall](carol)
	if err := carol.latest().Answer(); err != nil {
		t.Fatal(err)
	}
	handedOver(alice)
	hears(t, alice.latest())
	if got := expect[voice.CallEnded](bob).Call; got.EndReason != voice.EndLocalHangup || got.Transfer.Status != 200 {
		t.Errorf("bob: %v %+v", got.EndReason, got.Transfer)
	}
}

// alice stays with bob: because she says so, because she says nothing, or because
// her account never wants to be transferred.
func TestTransferIsAskedForAndDeclined(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(t *testing.T, alice *phoneOf, clock *decision){
		"by the user": func(t *testing.T, alice *phoneOf, _ *decision) {
			offered(t, alice, standing)
			if err := alice.latest().DeclineTransfer(); err != nil {
				t.Fatal(err)
			}
			if err := alice.latest().DeclineTransfer(); fault.TypeOf(err) != fault.NoCall {
				t.Errorf("declined twice: %v", err)
			}
			offered(t, alice, gone)
		},
		"by the time": func(t *testing.T, alice *phoneOf, clock *decision) {
			offered(t, alice, standing)
			(<-clock.end)()
			offered(t, alice, gone)
		},
		"by the rule": nil,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rule := sipaccount.TransfersAsk
			if end == nil {
				rule = sipaccount.TransfersRefuse
			}
			alice, bob, _, atBob, handed, clock := askedPhones(t, rule)
			if end != nil {
				end(t, alice, clock)
			}
			staysWith(t, alice, bob, atBob, handed)
			if end == nil {
				return
			}
			// Who was declined may ask again.
			go func() { handed <- atBob.Transfer(within(t), "carol") }()
			offered(t, alice, standing)
			if err := alice.latest().DeclineTransfer(); err != nil {
				t.Fatal(err)
			}
			<-handed
		})
	}
}

// The offer goes with its call, no matter who ends it.
func TestTransferOfferEndsWithItsCall(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(alice, bob *voice.Call) error{
		"there": func(_, bob *voice.Call) error { return bob.Hangup() },
		"here":  func(alice, _ *voice.Call) error { return alice.Hangup() },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			alice, bob, _, atBob, handed, _ := askedPhones(t, sipaccount.TransfersAsk)
			offered(t, alice, standing)
			if err := end(alice.latest(), atBob); err != nil {
				t.Fatal(err)
			}
			if got := expect[voice.CallEnded](alice).Call; !gone(got.TransferOffer) {
				t.Errorf("%+v", got.TransferOffer)
			}
			expect[voice.CallEnded](bob)
			if err := <-handed; err == nil {
				t.Error("the transfer was taken on")
			}
		})
	}
}

// Somebody who asks a third party is not asked to go away at the same time.
func TestNoTransferOfferBesideAConsultation(t *testing.T) {
	t.Parallel()
	p := newPBX(t)
	a := p.account("alice")
	a.Transfers = sipaccount.TransfersAsk
	alice, bob, carol := newSIPPhone(t, "alice", sine, null, a), newSIPPhone(t, "bob", sine, null, p.account("bob")), newSIPPhone(t, "carol", sine, null, p.account("carol"))
	atAlice, atBob := connect(t, alice, bob, "bob")
	if err := atAlice.Consult(within(t), "carol"); err != nil {
		t.Fatal(err)
	}
	expect[voice.IncomingCall](carol)
	if err := atBob.Transfer(context.Background(), "carol"); fault.TypeOf(err) != fault.ServerError {
		t.Errorf("%v", err)
	}
	if got := atAlice.Details(); !gone(got.TransferOffer) || !got.Consultation.Active() {
		t.Errorf("%+v", got)
	}
}
