package audio

import (
	"math"
	"strconv"
	"strings"

	"offhook/voice/fault"
)

// Spec says which device to open; ParseSpec reads it from the command line's
// form. The zero value is the system's default device.
type Spec struct {
	Kind SpecKind
	// Value is the device's ID or name, the file's path; empty otherwise. Name is the
	// name of a device whose ID is in Value, by which it is found if its ID changes.
	Value, Name string
	// Hz is the frequency of a sine.
	Hz float64
}

// SpecKind tells the kinds of Spec apart.
type SpecKind int

// The kinds: the default device, a named device, a generated tone, a WAV file,
// and nothing at all (paced).
const (
	SpecDefault SpecKind = iota
	SpecDevice
	SpecSine
	SpecFile
	SpecNull
)

// ParseSpec reads the command line's form of a Spec: empty or "default",
// "device:NAME" with a device's ID or name, "device:ID = NAME" with both, "sine:HZ" (20 to 20000),
// "file:PATH", and "null". The error is a *fault.Error of type
// InvalidParameter that quotes the form.
func ParseSpec(text string) (Spec, error) {
	kind, value, colon := strings.Cut(text, ":")
	switch {
	case text == "" || text == "default":
		return Spec{}, nil
	case text == "null":
		return Spec{Kind: SpecNull}, nil
	case !colon || value == "":
	case kind == "device":
		id, name, _ := strings.Cut(value, nameMark)
		return Spec{Kind: SpecDevice, Value: id, Name: name}, nil
	case kind == "file":
		return Spec{Kind: SpecFile, Value: value}, nil
	case kind == "sine":
		hz, err := strconv.ParseFloat(value, 64)
		if err == nil && hz >= 20 && hz <= 20000 { // false for NaN
			return Spec{Kind: SpecSine, Hz: hz}, nil
		}
		return Spec{}, fault.New(fault.InvalidParameter,
			"audio.bad-tone", strconv.Quote(value))
	}
	return Spec{}, fault.New(fault.InvalidParameter,
		"audio.bad-spec", strconv.Quote(text))
}

// String returns the form that ParseSpec reads.
func (s Spec) String() string {
	switch s.Kind {
	case SpecDevice:
		if s.Name != "" {
			return "device:" + s.Value + nameMark + s.Name
		}
		return "device:" + s.Value
	case SpecSine:
		hz := s.Hz
		if math.IsNaN(hz) || math.IsInf(hz, 0) {
			hz = 0
		}
		return "sine:" + strconv.FormatFloat(hz, 'f', -1, 64)
	case SpecFile:
		return "file:" + s.Value
	case SpecNull:
		return "null"
	default:
		return "default"
	}
}

// title is what a person calls a device: its name, as far as it is known.
func (s Spec) title() string {
	if s.Name != "" {
		return s.Name
	}
	return s.Value
}

// Real reports whether the spec names a device of the system, which can come
// and go.
func (s Spec) Real() bool { return s.Kind == SpecDefault || s.Kind == SpecDevice }
