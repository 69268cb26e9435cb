package probe

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"time"

	"github.com/pion/ice/v4"
	"github.com/pion/stun/v4"
	"github.com/pion/transport/v4"

	"offhook/internal/crash"
)

// Credentials are those of an ICE check. The zero value asks as a STUN client
// does, without any.
type Credentials struct {
	// Ufrag and Password are the far side's, OwnUfrag is ours.
	Ufrag, Password, OwnUfrag string
}

const (
	// firstWait is the first wait before a request is sent again over UDP; it
	// doubles (RFC 8489, section 6.2.1, which says 500 ms for networks that
	// nothing is known of).
	firstWait = 250 * time.Millisecond
	maxWait   = 2 * time.Second
	// maxMessage bounds an answer that is read.
	maxMessage = 1500
)

// ErrRefused says that the far side answered with an error.
var ErrRefused = errors.New("probe: refused")

// STUN asks host:port over network ("udp" or "tcp") and returns the round trip.
// It blocks until the answer, or the end of ctx, whose deadline is what bounds
// the repetitions.
func STUN(ctx context.Context, n transport.Net, network, address string, who Credentials) (time.Duration, error) {
	c, err := dial(ctx, n, network, address)
	if err != nil {
		return 0, err
	}
	defer c.Close()
	stop := context.AfterFunc(ctx, crash.Guarded(func() { _ = c.Close() }))
	defer stop()
	request, err := bindingRequest(who)
	if err != nil {
		return 0, err
	}
	rtt, err := exchange(ctx, c, request, strings.HasPrefix(network, "tcp") && who.Ufrag != "")
	if err != nil && ctx.Err() != nil {
		err = fmt.Errorf("no answer from %s: %w", address, ctx.Err())
	}
	return rtt, err
}

// dial connects; the network's own Dial knows no context.
func dial(ctx context.Context, n transport.Net, network, address string) (net.Conn, error) {
	type result struct {
		c   net.Conn
		err error
	}
	done := make(chan result, 1)
	go func() {
		defer crash.Guard()
		c, err := n.Dial(network, address)
		done <- result{c, err}
	}()
	select {
	case r := <-done:
		return r.c, r.err
	case <-ctx.Done():
		go func() {
			defer crash.Guard()
			if r := <-done; r.err == nil {
				_ = r.c.Close()
			}
		}()
		return nil, fmt.Errorf("no connection to %s: %w", address, ctx.Err())
	}
}

func bindingRequest(who Credentials) (*stun.Message, error) {
	setters := []stun.Setter{stun.TransactionID, stun.BindingRequest}
	if who.Ufrag != "" {
		setters = append(setters,
			stun.NewUsername(who.Ufrag+":"+who.OwnUfrag),
			ice.AttrControlling(1), ice.PriorityAttr(1),
			stun.NewShortTermIntegrity(who.Password),
		)
	}
	return stun.Build(append(setters, stun.Fingerprint)...)
}

// exchange sends the request until it is answered. framed is for ICE over TCP,
// where a length goes before each message (RFC 6544, section 3); what comes by a
// stream is not sent twice.
func exchange(ctx context.Context, c net.Conn, request *stun.Message, framed bool) (time.Duration, error) {
	_, packets := c.(net.PacketConn)
	out := request.Raw
	if framed {
		out = append(binary.BigEndian.AppendUint16(nil, uint16(len(request.Raw))), request.Raw...)
	}
	for wait := firstWait; ; wait = min(2*wait, maxWait) {
		sent := time.Now()
		if _, err := c.Write(out); err != nil {
			return 0, err
		}
		if packets {
			_ = c.SetReadDeadline(sent.Add(wait))
		}
		err := answer(c, request, framed, packets)
		switch {
		case err == nil:
			return time.Since(sent), nil
		case ctx.Err() != nil:
			return 0, ctx.Err()
		case !errors.Is(err, os.ErrDeadlineExceeded):
			return 0, err
		}
	}
}

// answer reads until the response to request, and passes over everything else.
func answer(c net.Conn, request *stun.Message, framed, packets bool) error {
	buf := make([]byte, maxMessage)
	for {
		n, err := read(c, buf, framed, packets)
		if err != nil {
			return err
		}
		m := &stun.Message{Raw: buf[:n]}
		if m.Decode() != nil || m.TransactionID != request.TransactionID {
			continue
		}
		switch m.Type.Class {
		case stun.ClassSuccessResponse:
			return nil
		case stun.ClassErrorResponse:
			var code stun.ErrorCodeAttribute
			_ = code.GetFrom(m)
			return fmt.Errorf("%w: %d", ErrRefused, code.Code)
		}
	}
}

// read reads one message.
func read(c net.Conn, buf []byte, framed, packets bool) (int, error) {
	switch {
	case packets:
		return c.Read(buf)
	case framed:
		if _, err := io.ReadFull(c, buf[:2]); err != nil {
			return 0, err
		}
		n := int(binary.BigEndian.Uint16(buf))
		if n > len(buf) {
			return 0, io.ErrShortBuffer
		}
		return io.ReadFull(c, buf[:n])
	default:
		// A STUN message names its length itself (RFC 8489, section 5).
		const header = 20
		if _, err := io.ReadFull(c, buf[:header]); err != nil {
			return 0, err
		}
		n := header + int(binary.BigEndian.Uint16(buf[2:]))
		if n > len(buf) {
			return 0, io.ErrShortBuffer
		}
		_, err := io.ReadFull(c, buf[header:n])
		return n, err
	}
}
