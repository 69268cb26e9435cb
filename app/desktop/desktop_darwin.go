package desktop

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"strconv"
)

func pauseMedia(context.Context) (func(context.Context) error, error) {
	return nil, errors.New("desktop: macOS lets no program pause another one's music")
}

// keepAwake runs the system's own tool, which ends with this process if it is
// killed.
func keepAwake(context.Context) (func(context.Context) error, error) {
	cmd := exec.Command("/usr/bin/caffeinate", "-d", "-w", strconv.Itoa(os.Getpid()))
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	return func(context.Context) error {
		err := cmd.Process.Kill()
		_ = cmd.Wait()
		return err
	}, nil
}
