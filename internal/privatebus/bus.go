// Package privatebus gives a test a message bus of its own, on which it plays the
// services of a desktop.
package privatebus

import (
	"bufio"
	"context"
	"os/exec"
	"strings"
	"testing"

	"github.com/godbus/dbus/v5"
)

// Start runs a bus until the test ends and returns how to connect to it.
func Start(t testing.TB) (connect func() (*dbus.Conn, error)) {
	t.Helper()
	address := Address(t)
	return func() (*dbus.Conn, error) { return dbus.Connect(address) }
}

// Address runs a bus until the test ends and returns where it is.
func Address(t testing.TB) string {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	cmd := exec.CommandContext(ctx, "dbus-daemon", "--session", "--nofork", "--print-address")
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		cancel()
		t.Fatal("this test needs the package dbus: ", err)
	}
	t.Cleanup(func() { cancel(); _ = cmd.Wait() })
	address, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(address)
}
