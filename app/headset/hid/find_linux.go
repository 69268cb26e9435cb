package hid

import (
	"errors"
	"os"
	"path/filepath"
)

// Find lists the devices that have a hook switch or a mute button. The package's udev
// rule lets the user at the screen open those of headsets.
func (*Finder) Find() ([]Found, error) { return findIn("/sys/class/hidraw", "/dev") }

func findIn(class, devices string) ([]Found, error) {
	entries, err := os.ReadDir(class)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil // until the first device comes
	}
	if err != nil {
		return nil, err
	}
	var list []Found
	for _, e := range entries {
		descriptor, err := os.ReadFile(filepath.Join(class, e.Name(), "device", "report_descriptor"))
		if err != nil {
			continue
		}
		l := Parse(descriptor)
		if !l.Telephone() {
			continue
		}
		path := filepath.Join(devices, e.Name())
		list = append(list, Found{Path: path, Layout: l, Open: func() (Device, error) {
			f, err := os.OpenFile(path, os.O_RDWR, 0)
			if err != nil {
				return nil, err
			}
			return hidraw{f}, nil
		}})
	}
	return list, nil
}

// Finder lists devices. The zero value is ready.
type Finder struct{}

// hidraw is an open hidraw device: each read and write is one report.
type hidraw struct{ file *os.File }

// Read is for Device.
func (h hidraw) Read() ([]byte, error) {
	report := make([]byte, 256)
	n, err := h.file.Read(report)
	return report[:n], err
}

// Write is for Device.
func (h hidraw) Write(report []byte) error {
	_, err := h.file.Write(report)
	return err
}

// Close is for Device.
func (h hidraw) Close() error { return h.file.Close() }
