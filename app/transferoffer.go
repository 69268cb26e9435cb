package app

import (
	"time"

	"offhook/app/settings"
	"offhook/voice"
	"offhook/voice/fault"
)

// TransferOffer is the far side's wish to hand this phone to Target, which waits
// for the user's word and is declined by itself at Until.
type TransferOffer struct {
	Target string    `json:"target"`
	Until  time.Time `json:"until"`
}

func transferOfferOf(o voice.TransferOffer) *TransferOffer {
	if o.Target == "" {
		return nil
	}
	return &TransferOffer{Target: o.Target, Until: o.Until.UTC()}
}

// TransferOfferEngine is an Engine whose far sides may ask to hand the phone to
// somebody else.
type TransferOfferEngine interface {
	FollowTransfer() error
	DeclineTransfer() error
}

func (e *clientEngine) FollowTransfer() error  { return e.with((*voice.Call).FollowTransfer) }
func (e *clientEngine) DeclineTransfer() error { return e.with((*voice.Call).DeclineTransfer) }

func (p *Phone) offers() (TransferOfferEngine, error) {
	e, ok := p.engine.(TransferOfferEngine)
	if !ok {
		return nil, fault.New(fault.InternalError, "transfer.unsupported")
	}
	return e, nil
}

// FollowTransfer lets the far side hand this phone to whom
// Snapshot.Call.TransferOffer names: the call ends, and one to them begins.
func (p *Phone) FollowTransfer() error {
	e, err := p.offers()
	if err != nil {
		return err
	}
	return e.FollowTransfer()
}

// DeclineTransfer stays in the call that Snapshot.Call.TransferOffer would end.
func (p *Phone) DeclineTransfer() error {
	e, err := p.offers()
	if err != nil {
		return err
	}
	return e.DeclineTransfer()
}

// transferRule is what becomes of such a wish on an account: without a choice of
// the user's it is asked for, and followed where nobody would see the question.
func (p *Phone) transferRule(a SIPAccount) string {
	switch {
	case a.Transfers != "":
		return a.Transfers
	case a.RefuseTransfers:
		return settings.TransfersRefuse
	case p.cfg.Unattended:
		return settings.TransfersFollow
	default:
		return settings.TransfersAsk
	}
}
