package media

import (
	"context"
	"errors"
	"strings"
	"testing"
)

// secured is what the session told last of its security, and how often it told.
func (p *phone) secured() (last Security, n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, e := range p.events {
		if e.Kind == Secured {
			last, n = e.Security, n+1
		}
	}
	return last, n
}

// What is in force is told once, and a call that is encrypted stays so.
func TestEncryptionStays(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	a, b := newPlainPhone(t, 440, Config{SDES: SDESRequire}), newPlainPhone(t, 1000, Config{})
	exchange(t, a, b, false)
	hears(t, a, 1000)
	exchange(t, a, b, false)
	for _, p := range []*phone{a, b} {
		p.await("its security", func() bool { s, n := p.secured(); return s.Keys == KeysSDES && s.Encrypted() && n == 1 })
	}
	for _, proto := range []string{"RTP/AVP", "RTP/AVPF"} {
		clear := offerHead + strings.Replace(inClear, "RTP/AVP", proto, 1)
		if _, err := b.Answer(ctx, clear); !errors.Is(err, ErrNotAcceptable) {
			t.Errorf("an offer of %s: %v", proto, err)
		}
		if _, err := b.Offer(ctx, false); err != nil {
			t.Fatal(err)
		}
		if err := b.SetAnswer(clear); !errors.Is(err, ErrNotAcceptable) {
			t.Errorf("an answer of %s: %v", proto, err)
		}
	}
	// The call goes on as it was.
	hears(t, b, 440)
	hears(t, a, 1000)
}

// A call in clear text says so, and may become encrypted.
func TestEncryptionBegins(t *testing.T) {
	t.Parallel()
	a := newPlainPhone(t, 440, Config{})
	if _, err := a.Answer(context.Background(), offerHead+inClear); err != nil {
		t.Fatal(err)
	}
	a.await("its security", func() bool { s, n := a.secured(); return !s.Encrypted() && n == 1 })
	if _, err := a.Answer(context.Background(), offerHead+keyed); err != nil {
		t.Fatal(err)
	}
	a.await("its security", func() bool { s, n := a.secured(); return s.Encrypted() && n == 2 })
}

// A far side that comes with another certificate and other ICE credentials is
// another association, which is told; another certificate alone is refused.
func TestAnotherCertificate(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	a, b := call(t, Config{}, Config{})
	a.await("its security", func() bool { s, _ := a.secured(); return s == Security{Keys: KeysDTLS} })
	// Another phone takes b's place, as after a transfer.
	c := newPhone(t, 1240, Config{})
	c.OpenSend()
	c.OpenReceive()
	exchange(t, c, a, false)
	hears(t, a, 1240)
	hears(t, c, 440)
	a.await("the change", func() bool { s, _ := a.secured(); return s == Security{Keys: KeysDTLS, Renewals: 1} })

	// The same in an answer to an offer of ours: the next offer begins anew.
	failed := a.count(Failed)
	exchange(t, a, b, false)
	a.await("the failure", func() bool { return a.count(Failed) > failed })
	d := newPhone(t, 1640, Config{})
	d.OpenSend()
	d.OpenReceive()
	exchange(t, a, d, true)
	hears(t, a, 1640)
	hears(t, d, 440)

	offer, err := d.Offer(ctx, false)
	if err != nil {
		t.Fatal(err)
	}
	at := strings.Index(offer, "a=fingerprint:sha-256 ") + len("a=fingerprint:sha-256 ")
	forged := offer[:at] + strings.Repeat("AB:", 31) + "AB" + offer[at+95:]
	if _, err := a.Answer(ctx, forged); !errors.Is(err, ErrNotAcceptable) {
		t.Errorf("another certificate on the same path: %v", err)
	}
	hears(t, a, 1640)
}
