package audio

import (
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"

	"offhook/assets/lang"
	"offhook/voice/fault"
)

// Route is where the sound of a call goes, by the name that the reference gives the
// route (section 1.4).
type Route string

// The routes. RouteEarpiece is what the settings chose, or else the system's
// default device.
const (
	RouteEarpiece   Route = "EARPIECE"
	RouteSpeaker    Route = "SPEAKER"
	RouteBluetooth  Route = "BLUETOOTH"
	RouteHeadphones Route = "HEADPHONES"
)

// besides are the routes other than RouteEarpiece, in the order in which to show
// them.
var besides = []Route{RouteSpeaker, RouteBluetooth, RouteHeadphones}

// Known reports whether r is one of the routes.
func (r Route) Known() bool { return r == RouteEarpiece || slices.Contains(besides, r) }

// class is what a device is to a person, as far as its names tell.
type class int

const (
	unknown class = iota
	speaker
	headset   // on a wire or a dongle of its own
	bluetooth // a headset by radio
	screen    // a display's loudspeaker: the last choice of all
	builtin   // a microphone in the machine
)

// mark is one sign by which a device is known.
type mark struct {
	os    string // runtime.GOOS, "" for all
	kind  Kind
	both  bool // either kind
	of    string
	class class
}

// marks are tried in order against "ID\nname"; the first that fits decides.
var marks = []mark{
	// PulseAudio and PipeWire name the bus in the ID.
	{os: "linux", both: true, of: `^bluez_(sink|source|output|input)\.`, class: bluetooth},
	{os: "linux", both: true, of: `(?i)^alsa_output\..*(hdmi|displayport)`, class: screen},
	// Radio headsets as Windows and macOS show them: by profile, or by their names.
	{both: true, of: `(?i)hands-?free|bluetooth|\bHFP\b|\bA2DP\b`, class: bluetooth},
	{both: true, of: `(?i)airpods|\bbeats\b|galaxy buds|pixel buds|freebuds|\bW[HF]-\d{3,4}X|quietcomfort|soundsport|powerbeats`, class: bluetooth},
	// Displays.
	{kind: Playback, of: `(?i)hdmi|displayport|display audio|nvidia high definition|\bmonitor\b`, class: screen},
	// Conference loudspeakers carry the makers' names of headsets: first.
	{both: true, of: `(?i)speak(er)?phone|\bspeak2?\s?\d{2,3}\b|calisto|poly sync|expand \d|\bSP[ -]?\d{2}\b`, class: speaker},
	// Headsets and headphones by word, in the languages systems speak.
	{both: true, of: `(?i)head-?set|head-?phone|earphone|ear-?buds?|kopfhörer|casque|écouteurs|auriculares|cuffie|fones`, class: headset},
	{os: "linux", both: true, of: `(?i)analog-stereo-headphones|headset-(mono|stereo)`, class: headset},
	// Headsets by maker and model, where the name has no such word.
	{both: true, of: `(?i)jabra|plantronics|blackwire|savi \d|voyager|evolve|\bepos\b|sennheiser (sc|mb|sp|adapt|impact)|\bH\d{3}e?\b|zone (wired|vibe|900)|yealink [uwb]h|poly (bw|vfocus)|\bUC[ -]?(stereo|mono)`, class: headset},
	// Loudspeakers.
	{kind: Playback, of: `(?i)speaker|lautsprecher|haut-parleurs?|altavoces|altoparlanti|alto-falantes|built-?in audio|internal|line ?out`, class: speaker},
	{os: "linux", kind: Playback, of: `(?i)^alsa_output\.pci`, class: speaker},
	{kind: Capture, of: `(?i)built-?in|internal|array|macbook|integrated|webcam|camera`, class: builtin},
}

// table is marks, ready for one system.
type table []struct {
	kind  Kind
	both  bool
	of    *regexp.Regexp
	class class
}

func tableFor(os string) table {
	var t table
	for _, m := range marks {
		if m.os == "" || m.os == os {
			t = append(t, struct {
				kind  Kind
				both  bool
				of    *regexp.Regexp
				class class
			}{m.kind, m.both, regexp.MustCompile("(?m)" + m.of), m.class})
		}
	}
	return t
}

// here is the table of this system.
var here = sync.OnceValue(func() table { return tableFor(runtime.GOOS) })

// worn reports whether a device is one that the microphone can't hear.
func (t table) worn(d Device) bool {
	c := t.classOf(d)
	return c == headset || c == bluetooth
}

func (t table) classOf(d Device) class {
	text := d.ID + "\n" + d.Name
	for _, m := range t {
		if (m.both || m.kind == d.Kind) && m.of.MatchString(text) {
			return m.class
		}
	}
	return unknown
}

// pair is the two devices of a route. in is nil if the microphone stays as it is.
type pair struct {
	out Device
	in  *Device
}

// pick finds the devices of a route, false if there are none.
func (t table) pick(r Route, list []Device) (pair, bool) {
	var want class
	switch r {
	case RouteSpeaker:
		want = speaker
	case RouteBluetooth:
		want = bluetooth
	case RouteHeadphones:
		want = headset
	default:
		return pair{}, false
	}
	var best pair
	found, score := false, 0
	for _, out := range list {
		if out.Kind != Playback || t.classOf(out) != want {
			continue
		}
		p := pair{out: out}
		s := 1
		if want != speaker {
			if p.in = t.partner(out, want, list); p.in != nil {
				s += 4
			}
		}
		// A hands-free endpoint carries both ways; a stereo one has no microphone,
		// and opening the headset's own would take its sound away.
		if want == bluetooth && handsFree().MatchString(out.ID+"\n"+out.Name) {
			s += 2
		}
		if out.IsDefault {
			s++
		}
		if !found || s > score {
			best, found, score = p, true, s
		}
	}
	return best, found
}

var (
	handsFree = pattern(`(?i)hands-?free|headset.head.unit|\bHFP\b|\bHSP\b`)
	// trimmings are what systems put around the name of the thing itself.
	trimmings = pattern(`(?i)^(bluez|alsa)_(sink|source|input|output)\.|hands-?free( ag)?( audio)?|(analog|digital)?[ -]?(stereo|mono)|headphones?|headset( earphone| microphone)?|earphone|microphone|\.?(a2dp|handsfree|headset)[._a-z-]*|(mono|stereo)-fallback|multichannel-(in|out)put|\baudio\b|\bspeakers?\b|[^\pL\pN]+`)
)

// pattern is a regular expression that is compiled when it is first used: a program
// that only talks to a running phone starts without.
func pattern(of string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(of) })
}

// core is what is left of a name without the words for its direction and profile.
func core(s string) string { return strings.ToLower(trimmings().ReplaceAllString(s, "")) }

// partner finds the microphone of the same thing as out.
func (t table) partner(out Device, want class, list []Device) *Device {
	outID, outName := core(out.ID), core(out.Name)
	var second *Device
	for i, in := range list {
		if in.Kind != Capture || in.monitor {
			continue
		}
		if inID := core(in.ID); len(outID) > 3 && inID == outID || len(outName) > 3 && core(in.Name) == outName {
			return &list[i]
		}
		if t.classOf(in) == want && second == nil {
			second = &list[i]
		}
	}
	return second
}

// noRoute is the error of a route without a device.
func noRoute(r Route) *fault.Error {
	word := map[Route]string{RouteSpeaker: "audio.loudspeaker", RouteBluetooth: "audio.bluetooth", RouteHeadphones: "audio.headset"}[r]
	return fault.New(fault.AudioDeviceError, "audio.route-missing", lang.Of(word))
}

// SetRoute moves the sound of the call to the devices of r: the headset with its
// own microphone, the loudspeaker with the microphone as chosen. RouteEarpiece
// goes back to the devices of the settings. Without a device for r, or if it
// can't be opened, nothing changes and the error says so.
func (p *Path) SetRoute(r Route) error {
	if !r.Known() {
		return fault.New(fault.InvalidParameter, "audio.no-such-route")
	}
	list := listAll(p.sys)
	return p.do(func() error {
		var out, in *Spec
		if r != RouteEarpiece {
			found, ok := here().pick(r, list)
			if !ok {
				return noRoute(r)
			}
			s := found.out.Spec()
			out = &s
			if found.in != nil {
				s := found.in.Spec()
				in = &s
			}
		}
		return p.around(r, out, in)
	})
}

// around takes other devices than those of the settings; all or nothing.
func (p *Path) around(r Route, out, in *Spec) error {
	before := p.out.around
	if err := p.out.turn(out); err != nil {
		return err
	}
	if err := p.in.turn(in); err != nil {
		_ = p.out.turn(before)
		return err
	}
	p.route = r
	return nil
}

// turn goes round the wanted device, or back to it with nil.
func (e *endpoint) turn(to *Spec) error {
	was := e.around
	e.around = to
	aim := e.aim()
	if e.cur == nil || e.cur.spec == aim {
		return nil
	}
	if err := e.open(aim); err != nil {
		e.around = was
		return err
	}
	e.problem = nil
	return nil
}

// Route is where the sound goes now: RouteEarpiece as well while the device of a
// route is away.
func (p *Path) Route() Route {
	r := RouteEarpiece
	_ = p.do(func() error {
		r = p.actual()
		return nil
	})
	return r
}

// actual is Route on the path's goroutine.
func (p *Path) actual() Route {
	if to := p.out.around; to != nil && p.out.cur != nil && p.out.cur.spec != *to {
		return RouteEarpiece
	}
	return p.route
}

// Routes lists the routes that there are devices for, EARPIECE always.
func Routes(list []Device) []Route {
	routes := []Route{RouteEarpiece}
	for _, r := range besides {
		if _, ok := here().pick(r, list); ok {
			routes = append(routes, r)
		}
	}
	return routes
}

// prefer takes a headset at the start of a call, if nobody chose a device and
// one is there.
func (p *Path) prefer() {
	if p.started {
		return
	}
	p.started = true
	if p.out.wanted.Kind != SpecDefault || p.in.wanted.Kind != SpecDefault {
		return
	}
	list := listAll(p.sys)
	for _, r := range []Route{RouteHeadphones, RouteBluetooth} {
		found, ok := here().pick(r, list)
		if !ok || found.in == nil {
			continue
		}
		out, in := found.out.Spec(), found.in.Spec()
		p.out.around, p.in.around = &out, &in
		p.route = r
		return
	}
}
