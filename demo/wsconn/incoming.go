package wsconn

import (
	"bufio"
	"bytes"

	"github.com/gobwas/ws"
)

// maxHandshake limits the HTTP head in either direction.
const maxHandshake = 16 * 1024

// headEnd finds the empty line that ends an HTTP head, over any split.
type headEnd struct{ matched int }

func (h *headEnd) done() bool { return h.matched == 4 }

// scan returns how many bytes of b belong to the head.
func (h *headEnd) scan(b []byte) int {
	for i, ch := range b {
		switch {
		case ch == crlfcrlf[h.matched]:
			h.matched++
		case ch == '\r':
			h.matched = 1
		default:
			h.matched = 0
		}
		if h.done() {
			return i + 1
		}
	}
	return len(b)
}

type eventKind int

const (
	gotNothing eventKind = iota
	gotMessage
	gotPing
	gotPong
	gotClose
	gotOversized
)

// event is what one frame, or the last of several, amounts to. payload is
// valid until the next call of next.
type event struct {
	kind    eventKind
	payload []byte
	size    int64
}

// incoming turns bytes into events. It can stop at any byte, when a deadline
// passes, and go on from there.
type incoming struct {
	br       *bufio.Reader
	state    ws.State
	max      int
	progress bool // the last step took bytes in

	shaken bool
	head   headEnd
	seen   int

	inFrame bool // the header is parsed, its payload is being read
	header  ws.Header
	left    int64 // payload bytes still to come
	control []byte
	message []byte
	total   int64 // of the message so far, kept or not
}

// handshake gives bytes of the HTTP head and never a byte beyond it.
func (in *incoming) handshake(b []byte) (int, error) {
	if _, err := in.br.Peek(1); err != nil {
		return 0, err
	}
	ready, _ := in.br.Peek(min(in.br.Buffered(), len(b)))
	n := copy(b, ready[:in.head.scan(ready)])
	_, _ = in.br.Discard(n)
	if in.seen += n; in.seen > maxHandshake {
		return n, ErrHandshakeTooLarge
	}
	in.shaken = in.head.done()
	return n, nil
}

// parseHeader parses a frame's header at the start of b; size is 0 if b holds
// no whole one yet.
func parseHeader(b []byte) (h ws.Header, size int, err error) {
	if len(b) < 2 {
		return h, 0, nil
	}
	size = 2
	switch b[1] & 0x7f {
	case 126:
		size += 2
	case 127:
		size += 8
	}
	if b[1]&0x80 != 0 {
		size += 4
	}
	if len(b) < size {
		return h, 0, nil
	}
	h, err = ws.ReadHeader(bytes.NewReader(b[:size]))
	return h, size, err
}

// next reads one frame. Frames that complete nothing give gotNothing.
func (in *incoming) next() (event, error) {
	in.progress = false
	if !in.inFrame {
		if err := in.readHeader(); err != nil {
			return event{}, err
		}
	}
	if err := in.readPayload(); err != nil {
		return event{}, err
	}
	in.inFrame = false
	return in.finish(), nil
}

func (in *incoming) readHeader() error {
	for want := 2; ; {
		peeked, err := in.br.Peek(want)
		if err != nil {
			return err
		}
		in.progress = true
		h, size, err := parseHeader(peeked)
		if err != nil {
			return err
		}
		if size == 0 {
			want++
			continue
		}
		_, _ = in.br.Discard(size)
		if err := ws.CheckHeader(h, in.state); err != nil {
			return err
		}
		if h.Length > maxFrame {
			return ErrFrameTooLarge
		}
		in.begin(h)
		return nil
	}
}

func (in *incoming) begin(h ws.Header) {
	in.inFrame, in.header, in.left = true, h, h.Length
	switch {
	case h.OpCode.IsControl():
		in.control = in.control[:0]
	case h.OpCode != ws.OpContinuation:
		in.message, in.total = in.message[:0], 0
		fallthrough
	default:
		in.total += h.Length
		in.state = in.state.Clear(ws.StateFragmented)
		if !h.Fin {
			in.state = in.state.Set(ws.StateFragmented)
		}
	}
}

// readPayload takes the payload in as it comes. What goes beyond the limit of
// a message is skipped, never stored.
func (in *incoming) readPayload() error {
	for in.left > 0 {
		if _, err := in.br.Peek(1); err != nil {
			return err
		}
		in.progress = true
		n := int(min(int64(in.br.Buffered()), in.left))
		chunk, _ := in.br.Peek(n)
		offset := int(in.header.Length - in.left)
		switch {
		case in.header.OpCode.IsControl():
			in.control = append(in.control, chunk...)
			in.unmask(in.control[len(in.control)-n:], offset)
		case in.total <= int64(in.max):
			in.message = append(in.message, chunk...)
			in.unmask(in.message[len(in.message)-n:], offset)
		}
		_, _ = in.br.Discard(n)
		in.left -= int64(n)
	}
	return nil
}

func (in *incoming) unmask(b []byte, offset int) {
	if in.header.Masked {
		ws.Cipher(b, in.header.Mask, offset)
	}
}

func (in *incoming) finish() event {
	switch in.header.OpCode {
	case ws.OpPing:
		return event{kind: gotPing, payload: in.control}
	case ws.OpPong:
		return event{kind: gotPong, payload: in.control}
	case ws.OpClose:
		return event{kind: gotClose, payload: in.control}
	}
	switch {
	case !in.header.Fin:
		return event{}
	case in.total > int64(in.max):
		return event{kind: gotOversized, size: in.total}
	}
	return event{kind: gotMessage, payload: in.message}
}
