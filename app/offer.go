package app

import (
	"slices"

	"offhook/voice/audio"
	"offhook/voice/fault"
)

// TakeDevice uses the device that Snapshot.Audio.Offer offers. Without an offer it does
// nothing but say so.
func (p *Phone) TakeDevice() error {
	o := p.Snapshot().Audio.Offer
	if o == nil {
		return fault.New(fault.NoCall, "audio.nothing-offered")
	}
	p.RefuseDevice()
	if o.Kind == OfferHeadset {
		return p.SetRoute(o.route)
	}
	return p.UpdateSettings(func(s *Settings) { s.Audio.Microphone = o.spec.String() })
}

// RefuseDevice takes the offer away, if there is one: the sound stays where it is.
func (p *Phone) RefuseDevice() {
	p.loop.post(func() { p.offer(nil) })
}

// offer changes what is offered.
func (p *Phone) offer(o *DeviceOffer) {
	if p.m.audio.Offer != o {
		p.m.audio.Offer = o
		p.touch()
	}
}

// offerFor offers what a notice of the call's sound suggests, and takes an offer away
// that makes no sense any more.
func (p *Phone) offerFor(n audio.Notice) {
	now := p.m.audio.Offer
	switch n.Code {
	case audio.HeadsetOffered:
		p.offer(&DeviceOffer{Kind: OfferHeadset, Device: n.Device, route: n.Route})
	case audio.DeadMicrophone:
		if n.Instead.ID != "" {
			p.offer(&DeviceOffer{Kind: OfferMicrophone, Device: n.Instead.Name, Silent: n.Device, spec: n.Instead.Spec()})
		}
	case audio.AliveMicrophone:
		if now != nil && now.Kind == OfferMicrophone {
			p.offer(nil)
		}
	case audio.DevicesChanged:
		if now != nil && !now.there(n.Devices) {
			p.offer(nil)
		}
	case audio.Moved, audio.Returned:
		if now != nil && (now.Kind == OfferMicrophone) == (n.Kind == audio.Capture) {
			p.offer(nil)
		}
	}
}

// there reports whether what is offered is still plugged in.
func (o *DeviceOffer) there(list []audio.Device) bool {
	if o.Kind == OfferHeadset {
		return slices.Contains(audio.Routes(list), o.route)
	}
	return audio.Find(list, audio.Capture, o.spec) != nil
}
