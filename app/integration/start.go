package integration

import (
	"os/exec"
	"runtime"

	"offhook/internal/crash"
)

// openPage opens a page in the user's browser, without a shell.
func openPage(url string) error {
	switch runtime.GOOS {
	case "windows":
		return startProgram([]string{"rundll32", "url.dll,FileProtocolHandler", url})
	case "darwin":
		return startProgram([]string{"open", url})
	default:
		return startProgram([]string{"xdg-open", url})
	}
}

// startProgram starts a program and does not wait for it.
func startProgram(argv []string) error {
	cmd := exec.Command(argv[0], argv[1:]...)
	if err := cmd.Start(); err != nil {
		return err
	}
	go crash.Guarded(func() { _ = cmd.Wait() })()
	return nil
}
