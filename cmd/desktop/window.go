//go:build !headless

package main

import (
	"context"
	"log/slog"
	"path/filepath"

	"offhook/app"
	"offhook/demo"
	_ "offhook/internal/plainlocale" // before the window library looks
	"offhook/ui"
	"offhook/voice/fault"
)

// whole says that this program holds the window and the demo platform.
const whole = true

const demoPassword = demo.DemoPassword

// startDemo runs the platform inside this process and signs in there.
func startDemo(ctx context.Context, o *options, dir string, log *slog.Logger, closers *closing) error {
	platform, err := demo.New(demo.Config{
		Listen: o.demoListen, MediaListen: "127.0.0.1:0", DataDir: filepath.Join(dir, "platform"), Logger: log.With("room", "demo"),
	})
	if err == nil {
		err = platform.Start(ctx)
	}
	if err != nil {
		return fault.Wrap(err, fault.InternalError, "The demo platform can't start.", "Close another demo, or choose --demo-listen.")
	}
	closers.add(func() error {
		limit, cancel := context.WithTimeout(context.Background(), closeLimit)
		defer cancel()
		return platform.Close(limit)
	})
	o.server, o.account = platform.URL(), demo.DemoAccount
	if o.user == "" {
		o.user = "alice"
	}
	return nil
}

// begun is a window that has begun, nil for a phone without one.
type begun = *ui.Begun

// beginWindow begins with what the window needs while the phone is being opened.
func beginWindow(o options) begun {
	if o.headless {
		return nil
	}
	return ui.Begin()
}

// showWindow runs the window until the user quits or the phone is told to.
func showWindow(ctx context.Context, w begun, phone *app.Phone, o options, log *slog.Logger) error {
	// The window goes when its phone is closed.
	stop := context.AfterFunc(ctx, func() {
		limit, cancel := context.WithTimeout(context.Background(), closeLimit)
		defer cancel()
		_ = phone.Close(limit)
	})
	defer stop()
	return w.Run(phone, ui.Options{Profile: o.profile, Log: log})
}
