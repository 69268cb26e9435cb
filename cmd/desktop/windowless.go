//go:build headless

package main

import (
	"context"
	"log/slog"

	"offhook/app"
	"offhook/voice/fault"
)

// whole says that this program is offhook-headless: the same phone without the
// window and the demo platform, at two thirds of the memory.
const whole = false

const demoPassword = ""

func startDemo(context.Context, *options, string, *slog.Logger, *closing) error {
	return fault.New(fault.ConfigurationInvalid, "This program holds no demo platform.", "Use offhook --demo, or a platform of its own.")
}

func showWindow(context.Context, *app.Phone, options, *slog.Logger) error {
	return fault.New(fault.ConfigurationInvalid, "This program has no window.", "Use offhook.")
}
