//go:build !headless

package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"

	"offhook/app"
	"offhook/app/control"
	"offhook/app/profile"
	"offhook/app/settings"
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
		Listen: o.DemoListen, MediaListen: "127.0.0.1:0", DataDir: filepath.Join(dir, "platform"), Logger: log.With("room", "demo"),
	})
	if err == nil {
		err = platform.Start(ctx)
	}
	if err != nil {
		return fault.Wrap(err, fault.InternalError, "program.demo-cannot-start")
	}
	closers.add(func() error {
		limit, cancel := context.WithTimeout(context.Background(), closeLimit)
		defer cancel()
		return platform.Close(limit)
	})
	o.Server, o.Account = platform.URL(), demo.DemoAccount
	if o.User == "" {
		o.User = "alice"
	}
	return nil
}

// front is the window, as far as a run has come with it.
type front struct {
	begun *ui.Begun
	// over says that the phone had its window: there is no second one.
	over bool
}

// begin begins with what the window needs while the phone is being opened.
func (w *front) begin(o options) error {
	if o.Headless {
		return nil
	}
	if err := ui.Screen(); err != nil {
		return err
	}
	w.begun = ui.Begin()
	return nil
}

// show runs the window until the user quits or the phone is told to.
func (w *front) show(ctx context.Context, phone *app.Phone, o options, log *slog.Logger) error {
	// The window goes when its phone is closed.
	stop := context.AfterFunc(ctx, func() {
		limit, cancel := context.WithTimeout(context.Background(), closeLimit)
		defer cancel()
		_ = phone.Close(limit)
	})
	defer stop()
	// Without an X server the window's thread never comes back: what must be done
	// at the end is done here.
	gone := func() {
		log.Error("the screen is gone")
		limit, cancel := context.WithTimeout(context.Background(), closeLimit)
		defer cancel()
		_ = phone.Close(limit)
		fmt.Fprintln(os.Stderr, "offhook:", sentence(fault.New(fault.ConfigurationInvalid, "program.screen-gone")))
		os.Exit(control.ExitError)
	}
	err := w.begun.Run(phone, ui.Options{Profile: o.Profile, Hidden: o.Hidden, Log: log, ScreenGone: gone})
	w.over = err == nil
	return err
}

// fail shows a person why there is no phone, until they close it.
func (w *front) fail(ctx context.Context, err error, o options) {
	if ctx.Err() != nil || ui.Screen() != nil {
		return // nobody could read it
	}
	f := failure(err)
	if base, err := profile.Base(o.ConfigDir); err == nil {
		look := settings.Look(profile.Dir(base, o.Profile)).Appearance
		f.Language, f.Theme = look.Language, look.Theme
	}
	if w.begun == nil {
		w.begun = ui.Begin()
	}
	if err := w.begun.ShowFailure(ctx, f, ui.Options{Profile: o.Profile}); err != nil {
		ui.Box(f)
	}
}

// failure is an error in the parts that the window shows.
func failure(err error) ui.Failure {
	var c *control.Failure
	if errors.As(err, &c) {
		return ui.Failure{Message: c.Message, Next: c.Next, Code: c.Code}
	}
	f := fault.From(err)
	shown := ui.Failure{Message: f.Text(), Next: f.Text().Next(), Code: string(f.Type)}
	if f.Cause != nil {
		shown.Detail = f.Cause.Error()
	}
	return shown
}
