package main

import (
	"encoding/binary"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"offhook/internal/dscp"
)

// A SIP account's first message is marked as the setting says, and its policy's mark
// counts from the start.
func TestSignallingIsMarked(t *testing.T) {
	t.Parallel()
	server, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	raw, err := server.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	if err := raw.Control(func(fd uintptr) { err = unix.SetsockoptInt(int(fd), unix.IPPROTO_IP, unix.IP_RECVTOS, 1) }); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	secret := filepath.Join(dir, "password")
	if err := os.WriteFile(secret, []byte("x\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	startIn(t, dir, nil, "offhook", "--headless", "--config-dir", dir+"/phone", "--profile", "marks", "--sip-account", "alice@127.0.0.1",
		"--sip-server", "udp://"+server.LocalAddr().String(), "--password-file", secret, "--audio-in", "null", "--audio-out", "null", "--ring-out", "null")
	if err := server.SetReadDeadline(time.Now().Add(timeout)); err != nil {
		t.Fatal(err)
	}
	packet, control := make([]byte, 4096), make([]byte, 256)
	for {
		n, cn, _, _, err := server.ReadMsgUDP(packet, control)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(string(packet[:n]), "REGISTER ") {
			continue
		}
		messages, err := unix.ParseSocketControlMessage(control[:cn])
		if err != nil || len(messages) == 0 {
			t.Fatal(messages, err)
		}
		class := int(messages[0].Data[0])
		if len(messages[0].Data) >= 4 {
			class = int(binary.NativeEndian.Uint32(messages[0].Data))
		}
		if class>>2 != dscp.CS3 {
			t.Errorf("REGISTER is marked %d, not %d", class>>2, dscp.CS3)
		}
		return
	}
}
