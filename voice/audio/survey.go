package audio

// survey is a look at the system's devices.
type survey struct {
	list         []Device
	mic, speaker muteLook // of the devices that were in use when it began
}

func (p *Path) take(list []Device) {
	for _, e := range p.ends() {
		e.survey(list)
	}
	p.tellHeadset(list)
}

// tellHeadset tells the processor, if it wants to know, whether the loudspeaker
// is one that the microphone can't hear.
func (p *Path) tellHeadset(list []Device) {
	teller, ok := p.cfg.Processor.(interface{ SetHeadset(bool) })
	if !ok || p.out.cur == nil {
		return
	}
	worn := false
	for _, d := range list {
		spec := p.out.cur.spec
		if d.Kind == Playback && (spec.Kind == SpecDevice && matches(d, spec) || spec.Kind == SpecDefault && d.IsDefault) {
			c := here().classOf(d)
			worn = c == headset || c == bluetooth
		}
	}
	teller.SetHeadset(worn)
}

// listAll lists every device that a Spec can name, nil if that fails.
func listAll(sys System) []Device {
	if s, ok := sys.(interface{ everything() []Device }); ok {
		return s.everything()
	}
	list, err := sys.Devices()
	if err != nil {
		return nil
	}
	return list
}
