package app

import (
	"reflect"
	"strings"

	"offhook/app/calllog"
	"offhook/app/provision"
	"offhook/app/settings"
	"offhook/voice/fault"
)

// Settings returns a copy of the settings.
func (p *Phone) Settings() Settings { return p.store.Get() }

// UpdateSettings changes the settings and writes them. change must only write
// to its argument. Settings that a provisioning file locked keep their value,
// and an error says so.
func (p *Phone) UpdateSettings(change func(*Settings)) error {
	var locked []string
	_, err := p.store.Update(func(s *settings.Settings) {
		before := s.Clone()
		change(s)
		s.Locked = before.Locked
		locked = settings.Restore(s, before)
	})
	p.settingsChanged()
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
		p.limitCalls(set)
		if old.OnAnotherPhone != set.OnAnotherPhone {
			p.tellAllCodes()
		}
		if old.Audio.RingVolume != set.Audio.RingVolume {
			p.ringOn()
		}
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
