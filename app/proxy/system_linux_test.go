package proxy

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/godbus/dbus/v5"
)

// ownBus marks the child process that has a session bus of its own.
const ownBus = "OFFHOOK_TEST_PROXY_BUS"

// portal answers as the desktop does.
type portal struct{}

func (portal) Lookup(uri string) ([]string, *dbus.Error) {
	if strings.Contains(uri, "intranet") {
		return []string{"direct://"}, nil
	}
	return []string{"http://proxy.office:3128", "direct://"}, nil
}

func TestTheDesktopsProxy(t *testing.T) {
	if os.Getenv(ownBus) != "" {
		storyOfAPortal(t)
		return
	}
	t.Parallel()
	cmd := exec.Command("dbus-run-session", "--", os.Args[0], "-test.run", "^TestTheDesktopsProxy$", "-test.v")
	cmd.Env = append(os.Environ(), ownBus+"=1", "HOME="+t.TempDir())
	out, err := cmd.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "--- PASS") {
		t.Fatalf("%v\n%s", err, out)
	}
}

func storyOfAPortal(t *testing.T) {
	lookup := func(target string) string {
		u, _ := url.Parse(target)
		list, err := fromSystem(context.Background(), u)
		if err != nil {
			t.Error(err)
		}
		return fmt.Sprint(list)
	}
	if got := lookup("https://a.example"); got != "[<nil>]" {
		t.Errorf("a desktop without a portal: %s", got)
	}
	conn, err := dbus.ConnectSessionBus()
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := conn.Export(portal{}, "/org/freedesktop/portal/desktop", "org.freedesktop.portal.ProxyResolver"); err != nil {
		t.Fatal(err)
	}
	if _, err := conn.RequestName("org.freedesktop.portal.Desktop", 0); err != nil {
		t.Fatal(err)
	}
	for target, want := range map[string]string{"https://a.example": "[http://proxy.office:3128 <nil>]", "https://intranet": "[<nil>]"} {
		if got := lookup(target); got != want {
			t.Errorf("%s by %s, want %s", target, got, want)
		}
	}
}
