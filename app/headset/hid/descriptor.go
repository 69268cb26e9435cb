package hid

// Usage is a page and an id of the HID usage tables.
type Usage uint32

// The usages of the telephony page (0x0B) that a headset's buttons have, and those of
// the LED page (0x08) that show a call (HID Usage Tables 1.5, chapters 11 and 14).
const (
	Hook  Usage = 0x0B0020
	Flash Usage = 0x0B0021
	Drop  Usage = 0x0B0026
	Mute  Usage = 0x0B002F

	LEDMute    Usage = 0x080009
	LEDOffHook Usage = 0x080017
	LEDRing    Usage = 0x080018
	LEDHold    Usage = 0x080020
)

// The bounds of a descriptor: more than any device has, and little enough that a
// hostile one costs nothing.
const (
	maxDescriptor = 4096
	maxUsages     = 256
	maxFields     = 1024
	maxStack      = 8
	maxReportBits = 8 * 256
)

// field is where a usage stands in a report.
type field struct {
	report   byte // its id, 0 where the device has none
	bit      int  // behind the id
	size     int
	usage    Usage
	relative bool // a press is a 1, and the 0 behind it says nothing
	// choices are the usages that the field chooses from, by its value less least; nil
	// for a field of one usage.
	choices []Usage
	least   int
}

// Layout is what a report descriptor says of a device's buttons and lights.
type Layout struct {
	inputs, outputs []field
	// length is how many bytes an output report has behind its id.
	length map[byte]int
	ids    bool // reports begin with their id
}

// global is the state that Push and Pop keep.
type global struct {
	page        uint32
	least       int
	size, count int
	report      byte
}

// Parse reads a report descriptor. What is damaged is read up to the damage.
func Parse(data []byte) Layout {
	l := Layout{length: map[byte]int{}}
	data = data[:min(len(data), maxDescriptor)]
	var g global
	var stack []global
	var usages []Usage
	from, has := Usage(0), false
	bits := map[[2]byte]int{} // by kind and report
	for len(data) > 0 {
		head := data[0]
		if head == 0xFE { // a long item
			if len(data) < 3 || len(data) < 3+int(data[1]) {
				return l
			}
			data = data[3+int(data[1]):]
			continue
		}
		n := int(head & 3)
		if n == 3 {
			n = 4
		}
		if len(data) < 1+n {
			return l
		}
		value := uint32(0)
		for i := n; i > 0; i-- {
			value = value<<8 | uint32(data[i])
		}
		data = data[1+n:]
		full := func() Usage {
			if n == 4 {
				return Usage(value)
			}
			return Usage(g.page<<16 | value&0xFFFF)
		}
		switch head & 0xFC {
		case 0x04:
			g.page = value & 0xFFFF
		case 0x14:
			g.least = signed(value, n)
		case 0x74:
			g.size = int(min(value, 64))
		case 0x84:
			g.report, l.ids = byte(value), true
		case 0x94:
			g.count = int(min(value, maxReportBits))
		case 0xA4:
			if len(stack) < maxStack {
				stack = append(stack, g)
			}
		case 0xB4:
			if len(stack) > 0 {
				g, stack = stack[len(stack)-1], stack[:len(stack)-1]
			}
		case 0x08:
			if len(usages) < maxUsages {
				usages = append(usages, full())
			}
		case 0x18:
			from, has = full(), true
		case 0x28:
			for u := from; has && u <= full() && len(usages) < maxUsages; u++ {
				usages = append(usages, u)
			}
			has = false
		case 0x80, 0x90: // Input, Output
			kind := head & 0xFC
			at := bits[[2]byte{kind, g.report}]
			width := g.size * g.count
			if at+width > maxReportBits {
				return l
			}
			bits[[2]byte{kind, g.report}] = at + width
			list := &l.inputs
			if kind == 0x90 {
				list = &l.outputs
				l.length[g.report] = (at + width + 7) / 8
			}
			if constant := value&1 != 0; !constant && g.size > 0 {
				l.add(list, g, usages, at, value)
			}
			usages, has = nil, false
		case 0xA0, 0xC0, 0xB0: // Collection, End Collection, Feature
			usages, has = nil, false
		}
	}
	return l
}

// add adds the fields of a main item.
func (l *Layout) add(list *[]field, g global, usages []Usage, at int, flags uint32) {
	if len(usages) == 0 {
		return
	}
	variable, relative := flags&2 != 0, flags&4 != 0
	for i := range g.count {
		if len(*list) >= maxFields {
			return
		}
		f := field{report: g.report, bit: at + i*g.size, size: g.size, relative: relative}
		if variable {
			f.usage = usages[min(i, len(usages)-1)]
		} else {
			f.choices, f.least = usages, g.least
		}
		*list = append(*list, f)
	}
}

func signed(value uint32, n int) int {
	switch n {
	case 1:
		return int(int8(value))
	case 2:
		return int(int16(value))
	}
	return int(int32(value))
}

// Telephone reports whether the device has a hook switch or a mute button.
func (l Layout) Telephone() bool {
	for _, f := range l.inputs {
		for _, u := range append([]Usage{f.usage}, f.choices...) {
			if u == Hook || u == Mute {
				return true
			}
		}
	}
	return false
}

// bitsOf reads a field of a report; ok is false where the report ends before it.
func bitsOf(report []byte, bit, size int) (value uint64, ok bool) {
	if bit+size > 8*len(report) {
		return 0, false
	}
	for i := range size {
		at := bit + i
		value |= uint64(report[at/8]>>(at%8)&1) << i
	}
	return value, true
}

// Press is a button as a report shows it.
type Press struct {
	Usage Usage
	Down  bool
	// Relative says that a press is Down, and that the report behind it says nothing.
	Relative bool
}

// Presses reads an input report.
func (l Layout) Presses(report []byte) (list []Press) {
	id := byte(0)
	if l.ids {
		if len(report) == 0 {
			return nil
		}
		id, report = report[0], report[1:]
	}
	for _, f := range l.inputs {
		if f.report != id {
			continue
		}
		v, ok := bitsOf(report, f.bit, f.size)
		switch {
		case !ok:
		case f.choices == nil:
			list = append(list, Press{f.usage, v != 0, f.relative})
		default: // each of the choices that is not named is up
			for i, u := range f.choices {
				list = append(list, Press{u, int64(v)-int64(f.least) == int64(i), true})
			}
		}
	}
	return list
}

// Lights makes the output reports that show which LEDs are on.
func (l Layout) Lights(on map[Usage]bool) (reports [][]byte) {
	made := map[byte][]byte{}
	order := []byte{}
	for _, f := range l.outputs {
		lit, known := on[f.usage]
		if !known || f.choices != nil {
			continue
		}
		r := made[f.report]
		if r == nil {
			r = make([]byte, 1+l.length[f.report])
			r[0] = f.report
			made[f.report] = r
			order = append(order, f.report)
		}
		if lit {
			r[1+f.bit/8] |= 1 << (f.bit % 8)
		}
	}
	for _, id := range order {
		reports = append(reports, made[id])
	}
	return reports
}
