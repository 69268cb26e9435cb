package ui

import (
	"errors"
	"os/exec"
	"runtime"

	"offhook/internal/crash"
)

// openMicrophoneSettings opens the page on which the system lets programs use the
// microphone.
func openMicrophoneSettings() error {
	var tries [][]string
	switch runtime.GOOS {
	case "windows":
		tries = [][]string{{"rundll32", "url.dll,FileProtocolHandler", "ms-settings:privacy-microphone"}}
	case "darwin":
		tries = [][]string{{"open", "x-apple.systempreferences:com.apple.preference.security?Privacy_Microphone"}}
	default:
		tries = [][]string{{"gnome-control-center", "sound"}, {"systemsettings", "kcm_pulseaudio"}, {"pavucontrol"}}
	}
	err := errors.New("ui: no settings program")
	for _, t := range tries {
		path, look := exec.LookPath(t[0])
		if look != nil {
			err = look
			continue
		}
		cmd := exec.Command(path, t[1:]...)
		if err = cmd.Start(); err == nil {
			crash.Go(func() { _ = cmd.Wait() }) // its end is of no interest
			return nil
		}
	}
	return err
}
