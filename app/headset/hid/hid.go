// Package hid finds headsets and reads and writes their reports, by what each system
// offers to a program of the user: hidraw on Linux, hid.dll on Windows, IOKit on macOS.
// What a report means stands in the device's own descriptor.
package hid

// Device is an open headset. Its methods may block; Close ends both.
type Device interface {
	// Read returns the next input report in the form of the device's Layout, with its id
	// first where there are ids.
	Read() ([]byte, error)
	// Write sends an output report that Layout.Lights made, whose first byte is its id, 0
	// where there are none.
	Write(report []byte) error
	Close() error
}

// Found is a headset that the system has.
type Found struct {
	// Path names the device for as long as it is plugged in.
	Path   string
	Layout Layout
	Open   func() (Device, error)
}
