package audio

import (
	"bufio"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// soundServerMayAnswer says whether there is a PulseAudio or PipeWire server to
// ask. Asking where there is none costs: each attempt of the library to connect
// leaves a descriptor of its own open.
func soundServerMayAnswer() bool {
	if os.Getenv("PULSE_SERVER") != "" {
		return true
	}
	for _, p := range soundServerPlaces() {
		if _, err := os.Stat(p); err == nil {
			return true
		}
	}
	return namesServer("/etc/pulse/client.conf") || namesServer(filepath.Join(os.Getenv("HOME"), ".config", "pulse", "client.conf"))
}

// soundServerPlaces are the sockets where a server may listen.
func soundServerPlaces() (places []string) {
	if dir := os.Getenv("PULSE_RUNTIME_PATH"); dir != "" {
		places = append(places, filepath.Join(dir, "native"))
	}
	if dir := os.Getenv("XDG_RUNTIME_DIR"); dir != "" {
		places = append(places, filepath.Join(dir, "pulse", "native"))
	}
	return append(places, filepath.Join("/run/user", strconv.Itoa(os.Getuid()), "pulse", "native"), "/run/pulse/native", "/var/run/pulse/native")
}

// namesServer reports whether a configuration of PulseAudio's clients names a
// server.
func namesServer(path string) bool {
	f, err := os.Open(path)
	if err != nil {
		return false
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		key, value, ok := strings.Cut(lines.Text(), "=")
		if ok && strings.TrimSpace(key) == "default-server" && strings.TrimSpace(value) != "" {
			return true
		}
	}
	return false
}
