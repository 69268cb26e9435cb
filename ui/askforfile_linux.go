package ui

import (
	"context"
	"errors"
	"net/url"
	"strings"

	"github.com/godbus/dbus/v5"

	"offhook/internal/portal"
)

// askForFile asks by the desktop's portal, which desktops have in and out of sandboxes,
// where a file is to be; "" is nowhere.
func askForFile(ctx context.Context, title, name string, endings []string) (string, error) {
	conn, err := sessionBus()
	if err != nil {
		return "", errNoDialog
	}
	defer conn.Close()
	p, err := portal.Open(ctx, conn)
	if err != nil {
		return "", errNoDialog
	}
	type rule struct {
		Kind    uint32 // 0: a pattern of names
		Pattern string
	}
	type filter struct {
		Name  string
		Rules []rule
	}
	var filters []filter
	for _, e := range endings {
		filters = append(filters, filter{strings.ToUpper(strings.TrimPrefix(e, ".")), []rule{{0, "*" + e}}})
	}
	results, err := p.Request(ctx, "org.freedesktop.portal.FileChooser.SaveFile", func(options map[string]dbus.Variant) []any {
		options["modal"] = dbus.MakeVariant(true)
		options["current_name"] = dbus.MakeVariant(name)
		options["filters"] = dbus.MakeVariant(filters)
		return []any{"", title, options}
	})
	switch {
	case errors.Is(err, portal.ErrRefused), ctx.Err() != nil:
		return "", nil
	case err != nil:
		return "", errNoDialog
	}
	var uris []string
	if err := results["uris"].Store(&uris); err != nil || len(uris) == 0 {
		return "", err
	}
	u, err := url.Parse(uris[0])
	if err != nil {
		return "", err
	}
	return u.Path, nil
}
