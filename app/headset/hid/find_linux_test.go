package hid

import (
	"encoding/hex"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"go.uber.org/goleak"
	"golang.org/x/sys/unix"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// The system's driver finds a device, reads its buttons and shows its lights: on a
// pseudo terminal in the place of the kernel's device.
func TestTheDriver(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	class, devices := filepath.Join(root, "class"), filepath.Join(root, "dev")
	if list, err := findIn(class, devices); err != nil || len(list) > 0 {
		t.Errorf("%v, %v", list, err)
	}
	head := plugIn(t, class, devices, "plain")
	list, err := findIn(class, devices)
	if err != nil || len(list) != 1 || !list[0].Layout.Telephone() {
		t.Fatalf("%v, %v", list, err)
	}
	dev, err := list[0].Open()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := head.Write([]byte{3}); err != nil {
		t.Fatal(err)
	}
	if r, err := dev.Read(); err != nil || len(r) != 1 || r[0] != 3 {
		t.Errorf("%v, %v", r, err)
	}
	if err := dev.Write([]byte{0, 5}); err != nil {
		t.Error(err)
	}
	report := make([]byte, 16)
	if n, err := head.Read(report); err != nil || n != 2 || report[1] != 5 {
		t.Errorf("%v, %v", report[:n], err)
	}
	read := make(chan error)
	go func() { _, err := dev.Read(); read <- err }()
	if err := dev.Close(); err != nil {
		t.Error(err)
	}
	if err := <-read; err == nil {
		t.Error("closing a device does not end its reading")
	}
}

// plugIn makes a device of a descriptor out of a pseudo terminal, and returns its own
// end.
func plugIn(t *testing.T, class, devices, descriptor string) *os.File {
	t.Helper()
	fd, err := unix.Open("/dev/ptmx", unix.O_RDWR|unix.O_NOCTTY|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	n, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	// Bytes are bytes.
	raw, err := unix.IoctlGetTermios(fd, unix.TCGETS)
	if err != nil {
		t.Fatal(err)
	}
	raw.Iflag, raw.Oflag, raw.Lflag = 0, 0, 0
	raw.Cc[unix.VMIN], raw.Cc[unix.VTIME] = 1, 0
	if err := unix.IoctlSetTermios(fd, unix.TCSETS, raw); err != nil {
		t.Fatal(err)
	}
	data, err := hex.DecodeString(strings.ReplaceAll(descriptors[descriptor], " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Join(class, "hidraw0", "device"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(devices, 0o755); err != nil {
		t.Fatal(err)
	}
	_ = os.Remove(filepath.Join(devices, "hidraw0"))
	if err := os.Symlink(filepath.Join("/dev/pts", strconv.Itoa(n)), filepath.Join(devices, "hidraw0")); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(class, "hidraw0", "device", "report_descriptor"), data, 0o644); err != nil {
		t.Fatal(err)
	}
	head := os.NewFile(uintptr(fd), "headset")
	t.Cleanup(func() { head.Close() })
	return head
}
