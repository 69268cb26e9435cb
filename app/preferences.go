package app

import (
	"context"
	"reflect"
	"strings"

	"offhook/app/calllog"
	"offhook/app/provision"
	"offhook/app/settings"
	"offhook/internal/dscp"
	"offhook/voice/fault"
)

// Settings returns a copy of the settings.
func (p *Phone) Settings() Settings { return p.store.Get() }

// UpdateSettings changes the settings and writes them. change must only write
// to its argument. Settings that a provisioning file locked keep their value,
// and an error says so.
func (p *Phone) UpdateSettings(change func(*Settings)) error {
	var locked []string
	was := false
	now, err := p.store.Update(func(s *settings.Settings) {
		before := s.Clone()
		change(s)
		s.Locked = before.Locked
		locked = settings.Restore(s, before)
		was = before.Appearance.StartAtLogin
	})
	p.settingsChanged()
	if on := now.Appearance.StartAtLogin; on != was {
		if err := p.startAtLogin(on); err != nil {
			return err
		}
	}
	if err != nil {
		return p.notWritten(err)
	}
	if len(locked) > 0 {
		return fault.New(fault.ConfigurationInvalid, "settings.locked", strings.Join(locked, ", "))
	}
	return nil
}

// applyPolicy brings the settings in line with what an administrator decided,
// and unlocks them when there is no policy any more.
func applyPolicy(store *settings.Store, policy *provision.Policy) error {
	before := store.Get()
	if policy == nil && len(before.Locked) == 0 {
		return nil
	}
	_, err := store.Update(func(s *settings.Settings) {
		if policy == nil {
			s.Locked = nil
		} else {
			policy.Apply(s)
		}
	})
	return err
}

// settingsChanged makes the phone follow its settings.
func (p *Phone) settingsChanged() {
	set := p.store.Get()
	p.loop.post(func() {
		m := &p.m
		old := m.settings
		if reflect.DeepEqual(old, set) {
			return
		}
		m.settings = set
		m.settingsRevision++
		if old.Audio != set.Audio {
			p.useAudio(set)
			p.nameDevices(old.Audio, set)
			p.retry.Fire() // the devices are looked at again
		}
		if !reflect.DeepEqual(old.Favourites, set.Favourites) || !reflect.DeepEqual(old.SIPAccounts, set.SIPAccounts) || old.Audio.Country != set.Audio.Country {
			p.contacts.Store(p.contacts.Load().With(set.Favourites, p.matching(set)))
			m.contactsRevision++
		}
		if !reflect.DeepEqual(old.SIPAccounts, set.SIPAccounts) {
			p.linesChanged()
		}
		if !reflect.DeepEqual(old.Favourites, set.Favourites) || !reflect.DeepEqual(old.SIPAccounts, set.SIPAccounts) || old.Calls.DefaultLine != set.Calls.DefaultLine {
			p.watchAllExtensions()
		}
		p.limitCalls(set)
		if old.Recording != set.Recording {
			p.ruleRecordings(set)
		}
		if old.OnAnotherPhone != set.OnAnotherPhone {
			p.tellAllCodes()
		}
		if old.Audio.RingVolume != set.Audio.RingVolume {
			p.ringOn()
		}
		dscp.Set(set.Network.VoiceDSCP, set.Network.SignallingDSCP)
		for _, f := range m.follow {
			f(set)
		}
		p.touch()
	})
}

// notWritten says that a setting holds until the restart only.
func (p *Phone) notWritten(err error) error {
	p.log.Error("settings can't be written", "err", err)
	return fault.Wrap(err, fault.InternalError, "settings.not-saved", calllog.Trouble(err))
}

// startAtLogin makes the system's entry what the setting says.
func (p *Phone) startAtLogin(on bool) error {
	if p.cfg.StartAtLogin == nil {
		return nil
	}
	if err := p.cfg.StartAtLogin.Set(on); err != nil {
		p.log.Error("start at login", "on", on, "err", err)
		return fault.Wrap(err, fault.InternalError, "settings.no-start-at-login", calllog.Trouble(err))
	}
	return nil
}

// keepStartAtLogin writes the entry anew where the program was moved, or where a policy
// has switched it on.
func (p *Phone) keepStartAtLogin(context.Context) {
	if e := p.cfg.StartAtLogin; e != nil && p.store.Get().Appearance.StartAtLogin && e.Stale() {
		_ = p.startAtLogin(true) // logged; the user may switch it on again
	}
}
