//go:build headless

package main

import (
	"context"
	"log/slog"
	"os"
	"runtime/debug"

	"offhook/app"
	"offhook/voice/fault"
)

// whole says that this program is offhook-headless: the same phone without the
// window and the demo platform, at two thirds of the memory.
const whole = false

const demoPassword = ""

// A call makes next to no garbage, so that collecting it at half the usual growth
// costs nothing and keeps a megabyte.
func init() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(50)
	}
}

func startDemo(context.Context, *options, string, *slog.Logger, *closing) error {
	return fault.New(fault.ConfigurationInvalid, "program.no-demo")
}

// front would be the window.
type front struct{ over bool }

func (*front) begin(options) error { return nil }

func (*front) show(context.Context, *app.Phone, options, *slog.Logger) error {
	return fault.New(fault.ConfigurationInvalid, "program.no-window")
}

func (*front) fail(context.Context, error, options) {}
