package audio

import (
	"slices"
	"sync"
	"testing/synctest"
)

// machine is a System whose devices come and go, freeze and refuse as a test
// wants.
type machine struct {
	mu      sync.Mutex
	list    []Device
	refused map[string]bool
	open    []*gadget
	// kept holds the samples that each microphone brings.
	noise int16
}

// gadget is a device of a machine.
type gadget struct {
	m      *machine
	name   string
	kind   Kind
	pacer  pacer
	mu     sync.Mutex
	frozen bool
}

func newMachine(list ...Device) *machine {
	return &machine{list: list, refused: make(map[string]bool), noise: 100}
}

func (m *machine) Devices() ([]Device, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.list), nil
}

func (m *machine) make(kind Kind, spec Spec) (*gadget, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	name := "default"
	switch spec.Kind {
	case SpecNull:
		name = "null"
	case SpecDevice:
		name = spec.Value
	}
	there := spec.Kind == SpecNull
	for _, d := range m.list {
		there = there || d.Kind == kind && spec.Kind == SpecDefault
	}
	if d := Find(m.list, kind, spec); d != nil {
		there, name = true, d.ID
	}
	if !there || m.refused[name] {
		return nil, noDevice(kind, spec)
	}
	g := &gadget{m: m, name: name, kind: kind}
	m.open = append(m.open, g)
	return g, nil
}

type gadgetSource struct{ *gadget }

func (g gadgetSource) Start(deliver func([]int16)) error {
	frame := make([]int16, FrameSamples)
	n := 0
	g.pacer.start(func() {
		g.m.mu.Lock()
		noise := g.m.noise
		g.m.mu.Unlock()
		for i := range frame {
			n++
			frame[i] = int16(n%3-1) * noise
		}
		if !g.stuck() {
			deliver(frame)
		}
	})
	return nil
}

type gadgetSink struct{ *gadget }

func (g gadgetSink) Start(pull func([]int16)) error {
	frame := make([]int16, FrameSamples)
	g.pacer.start(func() {
		if !g.stuck() {
			pull(frame)
		}
	})
	return nil
}

func (g *gadget) stuck() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.frozen
}

func (g *gadget) Close() error {
	g.pacer.stop()
	g.m.mu.Lock()
	defer g.m.mu.Unlock()
	g.m.open = slices.DeleteFunc(g.m.open, func(o *gadget) bool { return o == g })
	return nil
}

func (m *machine) OpenSource(spec Spec) (Source, error) {
	g, err := m.make(Capture, spec)
	if err != nil {
		return nil, err
	}
	return gadgetSource{g}, nil
}

func (m *machine) OpenSink(spec Spec) (Sink, error) {
	g, err := m.make(Playback, spec)
	if err != nil {
		return nil, err
	}
	return gadgetSink{g}, nil
}

func (m *machine) Close() error { return nil }

// opened is what is open now, sorted.
func (m *machine) opened() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	var names []string
	for _, g := range m.open {
		names = append(names, g.name)
	}
	slices.Sort(names)
	return names
}

// settle waits for devices that close in the background.
func (m *machine) settle() { synctest.Wait() }

func (m *machine) refuse(name string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.refused[name] = true
}

// unplug takes a device away: what is open on it freezes, without a word.
func (m *machine) unplug(id string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.list = slices.DeleteFunc(m.list, func(d Device) bool { return d.ID == id })
	m.freeze(id)
}

func (m *machine) freeze(id string) {
	for _, g := range m.open {
		if g.name == id {
			g.mu.Lock()
			g.frozen = true
			g.mu.Unlock()
		}
	}
}

func (m *machine) plug(d Device) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.list = append(m.list, d)
}
