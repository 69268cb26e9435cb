package exophone

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/emiago/sipgo/sip"
)

// FuzzEntry looks at any message as the exchange does before and after the SIP
// stack: nothing panics, and what is let through has what the handlers need.
func FuzzEntry(f *testing.F) {
	files, _ := filepath.Glob(filepath.Join("testdata", "torture", "*.dat"))
	for _, name := range files {
		b, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Add([]byte("OPTIONS sip:a@b SIP/2.0\r\nVia: SIP/2.0/WS x;branch=z9hG4bK1\r\nFrom: <sip:a@b>;tag=1\r\n" +
		"To: <sip:a@b>\r\nCall-ID: 1\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n"))
	a, _, _ := newTestAuthenticator()
	f.Fuzz(func(t *testing.T, message []byte) {
		if acceptable(message) != nil {
			return
		}
		if len(message) <= 4 {
			return
		}
		m, err := sip.ParseMessage(message)
		if err != nil {
			t.Fatalf("let through, and then not parsed: %v", err)
		}
		req, ok := m.(*sip.Request)
		if !ok {
			return
		}
		if wellFormed(req) != nil {
			_ = respond(req, 400).String()
			return
		}
		_ = dialogOf(req)
		_ = contactOf(req)
		_ = contentType(req)
		if _, v, _, err := a.check(t.Context(), req); err != nil || v == granted {
			t.Fatalf("verdict %d, err %v", v, err)
		}
		_ = respond(req, 200, "X", "y").String()
	})
}
