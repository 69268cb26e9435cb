package app

import (
	"context"

	"offhook/app/diagnosis"
	"offhook/app/readiness"
	"offhook/internal/crash"
	"offhook/voice"
	"offhook/voice/line/sipaccount"
	"offhook/voice/media"
)

// Diagnose makes all checks and gives them out as they go; each name comes first as
// running and then with its outcome. The channel is closed at the end. It works signed
// out.
func (p *Phone) Diagnose(ctx context.Context) <-chan diagnosis.Check {
	ctx, cancel := p.withLife(ctx)
	set := p.store.Get()
	subject := diagnosis.Phone{
		Log: p.log, Now: p.cfg.Now, Version: p.cfg.Version, DeviceID: set.DeviceID, HTTP: p.http, Proxy: p.cfg.Proxy,
		LookupIP: p.cfg.LookupIP, Addresses: p.cfg.Addresses, Secrets: p.cfg.Secrets,
		Audio: p.cfg.Audio, Microphone: p.soundOf(set).Capture, Speaker: p.speakerSpec(false), Ring: p.speakerSpec(true), Opened: p.audioFailed,
		State: p.diagnosed, Servers: p.iceServers, Probe: p.engine.ProbeMedia, LastCall: func() (voice.Statistics, bool) { return p.Statistics("") },
	}
	out := make(chan diagnosis.Check)
	go func() {
		defer crash.Guard()
		defer cancel()
		defer close(out)
		subject.Run(ctx, out)
	}()
	return out
}

// diagnosed is the present state as the checks see it.
func (p *Phone) diagnosed() diagnosis.State {
	s := p.Snapshot()
	in := s.Account.State == SignedIn
	out := diagnosis.State{
		// A phone with SIP accounts alone shows the first in a subscriber's place.
		InCall: s.Call != nil, Subscriber: in && s.Account.AccountSID != "", AccountsOnly: in && s.Account.AccountSID == "",
		Server: or(s.Account.Node, s.Account.Server), Platform: p.store.Get().Account.PlatformURL,
		Signalling: s.condition(readiness.Platform), Push: s.condition(readiness.Push),
	}
	_ = p.loop.ask(p.ctx, func() error { out.PushRTT = p.m.inbox.RoundTrip; return nil })
	for _, l := range s.Lines {
		if l.State == LineOff {
			continue
		}
		a := diagnosis.Account{Address: l.Address, Server: l.Server, Registered: l.State == string(sipaccount.Registered)}
		if l.Err != nil {
			a.Why, a.Next = l.Err.Message, l.Err.Next
		}
		out.Accounts = append(out.Accounts, a)
	}
	return out
}

// iceServers are the STUN and TURN servers of the SIP accounts that are on, with their
// credentials.
func (p *Phone) iceServers() (servers []media.ICEServer) {
	for _, a := range p.store.Get().SIPAccounts {
		if a.On {
			servers = append(servers, p.voiceAccount(a, "").ICEServers...)
		}
	}
	return servers
}
