package main

import (
	"path/filepath"

	"offhook/app/autostart"
	"offhook/app/profile"
)

// loginEntry is what starts this phone again at login: with its profile, hidden.
func loginEntry(o options) *autostart.Entry {
	e := &autostart.Entry{ID: "offhook", Title: "Offhook", Args: []string{"--hidden"}}
	switch o.Profile {
	case profile.Default:
	case profile.Demo:
		e.ID, e.Title, e.Args = "offhook-demo", "Offhook - demo", append(e.Args, "--demo")
	default:
		e.ID, e.Title, e.Args = "offhook-"+o.Profile, "Offhook - "+o.Profile, append(e.Args, "--profile", o.Profile)
	}
	if o.ConfigDir != "" {
		dir, err := filepath.Abs(o.ConfigDir)
		if err != nil {
			dir = o.ConfigDir
		}
		e.Args = append(e.Args, "--config-dir", dir)
	}
	if o.Headless {
		e.Args[0] = "--headless"
	}
	return e
}
