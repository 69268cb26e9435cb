package audio

// Spec says which device to open; ParseSpec reads it from the command line's
// form. The zero value is the system's default device.
type Spec struct {
	Kind SpecKind
	// Value is the device's ID or name, the file's path; empty otherwise.
	Value string
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
