package ui

import (
	"context"
	"errors"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/godbus/dbus/v5"

	"offhook/internal/portal"
)

// chooser is a made portal whose user takes path, or closes the dialog if it is "".
type chooser struct {
	conn *dbus.Conn
	mu   sync.Mutex
	path string
	told map[string]dbus.Variant
}

// takes says what the user will take.
func (c *chooser) takes(path string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.path = path
}

// SaveFile is the portal's method.
func (c *chooser) SaveFile(_, _ string, options map[string]dbus.Variant) (dbus.ObjectPath, *dbus.Error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.told = options
	handle := dbus.ObjectPath("/org/freedesktop/portal/desktop/request/1/" + options["handle_token"].Value().(string))
	status, results := uint32(0), map[string]dbus.Variant{"uris": dbus.MakeVariant([]string{c.path})}
	if c.path == "" {
		status, results = 1, nil
	}
	go func() { _ = c.conn.Emit(handle, "org.freedesktop.portal.Request.Response", status, results) }()
	return handle, nil
}

// A file goes where the user says in the dialog of the desktop; the ending that they take
// decides its form, and one that they leave out is added. Without a portal it goes to the
// downloads, and over no file that is there.
func TestAFileIsSavedWhereTheUserSays(t *testing.T) {
	address, service := newBus(t)
	t.Setenv("DBUS_SESSION_BUS_ADDRESS", address)
	dir := t.TempDir()
	t.Setenv("XDG_DOWNLOAD_DIR", dir)
	w := &window{}
	save := func() (string, error) {
		return w.Save(context.Background(), "Export", "calls", []string{".csv", ".json"}, func(ending string, to io.Writer) error {
			_, err := io.WriteString(to, "as "+ending)
			return err
		})
	}
	for _, want := range []string{"calls.csv", "calls-2.csv"} { // nobody has the portal's name
		if path, err := save(); err != nil || path != filepath.Join(dir, want) {
			t.Errorf("saved as %q, %v", path, err)
		}
	}
	c := &chooser{conn: service.conn}
	if err := service.conn.Export(c, "/org/freedesktop/portal/desktop", "org.freedesktop.portal.FileChooser"); err != nil {
		t.Fatal(err)
	}
	if _, err := service.conn.RequestName(portal.Name, dbus.NameFlagDoNotQueue); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string][2]string{
		"my calls.json": {"my calls.json", "as .json"}, "कॉल.CSV": {"कॉल.CSV", "as .csv"}, "list": {"list.csv", "as .csv"},
	} {
		c.takes((&url.URL{Scheme: "file", Path: filepath.Join(dir, name)}).String())
		path, err := save()
		if err != nil || path != filepath.Join(dir, want[0]) {
			t.Errorf("%s: saved as %q, %v", name, path, err)
		}
		if text, _ := os.ReadFile(path); string(text) != want[1] {
			t.Errorf("%s holds %q", name, text)
		}
	}
	c.mu.Lock()
	proposed := c.told["current_name"]
	c.mu.Unlock()
	if proposed.Value() != "calls.csv" {
		t.Errorf("the dialog proposes %v", proposed)
	}
	c.takes("")
	if path, err := save(); path != "" || err != nil {
		t.Errorf("a dialog that was closed saves %q, %v", path, err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := askForFile(ctx, "Export", "calls.csv", []string{".csv"}); err != nil && !errors.Is(err, errNoDialog) {
		t.Error(err)
	}
}
