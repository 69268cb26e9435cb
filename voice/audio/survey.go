package audio

import "slices"

// survey is a look at the system's devices.
type survey struct {
	list         []Device
	mic, speaker muteLook // of the devices that were in use when it began
}

func (p *Path) take(list []Device) {
	for _, e := range p.ends() {
		e.survey(list)
	}
	if p.known != nil && !slices.Equal(list, p.known) {
		p.cfg.Notice(Notice{Code: DevicesChanged, Devices: list})
		p.greet(list)
	}
	p.known = list
	p.tellHeadset(list)
}

// greet takes a headset that has appeared, with its microphone, or offers it, if
// nobody chose a device and no headset is in use.
func (p *Path) greet(list []Device) {
	if p.out.cur == nil || p.out.wanted.Kind != SpecDefault || p.in.wanted.Kind != SpecDefault || p.actual() == RouteHeadphones || p.actual() == RouteBluetooth {
		return
	}
	for _, r := range []Route{RouteHeadphones, RouteBluetooth} {
		found, ok := here().pick(r, list)
		if !ok || found.in == nil || Find(p.known, Playback, found.out.Spec()) != nil && Find(p.known, Capture, found.in.Spec()) != nil {
			continue
		}
		name := Titles(list, Playback)[found.out.ID]
		if p.cfg.OfferHeadset {
			p.cfg.Notice(Notice{Code: HeadsetOffered, Kind: Playback, Device: name, Route: r})
			return
		}
		out, in := found.out.Spec(), found.in.Spec()
		if p.around(r, &out, &in) == nil {
			p.cfg.Notice(Notice{Code: Moved, Kind: Playback, Device: name, Route: r})
		}
		return
	}
}

// tellHeadset tells the processor, if it wants to know, whether the loudspeaker
// is one that the microphone can't hear.
func (p *Path) tellHeadset(list []Device) {
	teller, ok := p.cfg.Processor.(interface{ SetHeadset(bool) })
	if !ok || p.out.cur == nil {
		return
	}
	worn := false
	spec := p.out.cur.spec
	d := Find(list, Playback, spec)
	for i := range list {
		if spec.Kind == SpecDefault && list[i].Kind == Playback && list[i].IsDefault {
			d = &list[i]
		}
	}
	if d != nil {
		worn = here().worn(*d)
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
