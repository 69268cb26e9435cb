package audio

import "offhook/voice/fault"

// muteLook is a question to the system: is this very device muted?
type muteLook struct {
	id           uint64 // of the running device, 0 for none
	spec         Spec
	muted, known bool
}

// ask asks, outside of the path's goroutine; list is what is there.
func (m *muteLook) ask(sys System, kind Kind, list []Device) {
	asker, ok := sys.(interface {
		systemMuted(kind Kind, spec Spec) (muted, known bool)
	})
	if !ok || m.id == 0 || !m.spec.Real() {
		return
	}
	spec := m.spec
	if d := Find(list, kind, spec); d != nil {
		spec = d.Spec()
	}
	m.muted, m.known = asker.systemMuted(kind, spec)
}

func (s *system) systemMuted(kind Kind, spec Spec) (muted, known bool) {
	if s.cards == nil {
		return false, false
	}
	return s.mutes.ask(kind, spec)
}

// inUse is the device that is open, to be asked about.
func (e *endpoint) inUse() muteLook {
	if e.cur == nil {
		return muteLook{}
	}
	return muteLook{id: e.cur.id, spec: e.cur.spec}
}

// silenced reports whether the device is known to be muted in the system.
func (e *endpoint) silenced() bool { return e.cur != nil && e.cur.muted }

// muteSeen tells what an answer changes.
func (e *endpoint) muteSeen(m muteLook) {
	r := e.cur
	if r == nil || !m.known || m.id != r.id || m.muted == r.muted {
		return
	}
	r.muted = m.muted
	if !m.muted {
		e.notice(Notice{Code: SystemUnmuted, Kind: e.kind, Device: e.name()})
		return
	}
	e.log.Warn("sound device is muted in the system", "kind", e.kind.String(), "device", r.spec.String())
	e.notice(Notice{Code: SystemMuted, Kind: e.kind, Device: e.name(), Err: fault.New(fault.AudioDeviceError,
		"audio.system-muted", e.kind.Word(), e.name())})
}
