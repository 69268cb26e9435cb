package inbox

import (
	"context"
	"encoding/json"
	"strconv"
	"strings"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"offhook/voice/wire"
)

// What concerns a phone goes over one subject for its owner, to every node: a message
// that rings now, the same message once its stream has it, and the notes of other
// nodes. Nobody keeps what is said there. One subscription serves a node: subjects
// that only the phone's node listens to would have each reconnection of a phone told
// to all nodes, and there are more of these than calls.

// headerNote marks a note of another node.
const headerNote = "Offhook-Note"

// note is what nodes tell each other of an owner.
type note struct {
	// Has is the node to whose phone the inbox has gone, Device that phone's.
	Has    string `json:"has,omitempty"`
	Device string `json:"device,omitempty"`
	// Refused says that the subscriber may have no socket.
	Refused bool `json:"refused,omitempty"`
}

func (h *Hub) phoneSubject(o Owner) string {
	return h.cfg.Node.Subject("phone." + token(o.Account) + "." + token(o.Subscriber))
}

// ownerOf is whose phone a subject concerns.
func (h *Hub) ownerOf(subject string) (o Owner, ok bool) {
	names := strings.Split(strings.TrimPrefix(subject, h.cfg.Node.Subject("phone.")), ".")
	if len(names) != 2 {
		return o, false
	}
	o = Owner{Account: untoken(names[0]), Subscriber: untoken(names[1])}
	return o, o.Account != "" && o.Subscriber != ""
}

// ring sends a message to the owner's phone, on whichever node it is, and returns nil
// once that node has sent it.
func (h *Hub) ring(ctx context.Context, o Owner, m message) error {
	_, err := h.cfg.Node.Conn().RequestWithContext(ctx, h.phoneSubject(o), m.text)
	return err
}

// tellNodes tells the other nodes of an owner.
func (h *Hub) tellNodes(o Owner, n note) {
	if h.cfg.Node.Alone() {
		return
	}
	text, err := json.Marshal(n)
	if err == nil {
		err = h.cfg.Node.Conn().PublishMsg(&nats.Msg{Subject: h.phoneSubject(o), Data: text, Header: nats.Header{headerNote: {h.cfg.Node.ID()}}})
	}
	if err != nil {
		h.log.Warn("the other nodes could not be told of a phone", "subscriber", o.Subscriber, "error", err)
	}
}

// hear takes what is told of a phone. It does not block.
func (h *Hub) hear(msg *nats.Msg) {
	o, ok := h.ownerOf(msg.Subject)
	if !ok {
		return
	}
	if from := msg.Header.Get(headerNote); from != "" {
		var n note
		if from != h.cfg.Node.ID() && json.Unmarshal(msg.Data, &n) == nil {
			h.heed(o, n)
		}
		return
	}
	h.mu.Lock()
	s := h.sockets[o]
	h.mu.Unlock()
	if s == nil {
		return
	}
	seq, _ := strconv.ParseUint(msg.Header.Get(jetstream.SequenceHeader), 10, 64)
	m, err := parseMessage(msg.Data, seq)
	if err != nil {
		h.log.Warn("a message for a phone was not understood", "subscriber", o.Subscriber, "error", err)
		return
	}
	s.take(m, func() {
		if msg.Reply != "" {
			_ = msg.Respond(nil) // who asked may have its answer from the stream
		}
	})
}

// heed does what another node's note asks for.
func (h *Hub) heed(o Owner, n note) {
	if n.Refused {
		h.refuse(o)
		return
	}
	h.mu.Lock()
	s := h.sockets[o]
	h.mu.Unlock()
	if s != nil {
		s.replacedBy(n.Device)
	}
}

// refuse closes the owner's socket with 4401, if it is here.
func (h *Hub) refuse(o Owner) {
	h.mu.Lock()
	s := h.sockets[o]
	h.mu.Unlock()
	if s != nil {
		s.end(wire.CloseRefused, "subscriber refused")
	}
}
