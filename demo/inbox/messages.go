package inbox

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"offhook/voice/wire"
)

const (
	// clusterPartitions is over how many streams the inboxes of a cluster are spread,
	// so that the loss of a leader stalls only a part of them. It can't be changed
	// while there are messages.
	clusterPartitions = 4
	// duplicates is how long a message that is stored again is known.
	duplicates = 2 * time.Minute
	// storeWithin bounds one try to store a message or to delete it, tryFor all of
	// them: longer than an election takes.
	storeWithin, tryFor, tryAgain = 2 * time.Second, 20 * time.Second, 250 * time.Millisecond
	// readWithin bounds the reading of one message: a ring waits for it.
	readWithin = 500 * time.Millisecond
)

// message is one that waits for its acknowledgement.
type message struct {
	id      int64
	expires time.Time
	text    []byte // the frame that the phone gets
	// seq is its number in the stream of its partition, 0 if that is not known yet.
	seq uint64
}

var errStored = errors.New("a stored message is not readable")

// parseMessage reads what the stream or the ring subject carries.
func parseMessage(text []byte, seq uint64) (message, error) {
	var f wire.MessageFrame
	if err := json.Unmarshal(text, &f); err != nil || f.Type != wire.FrameMessage || f.ID < 1 {
		return message{}, errStored
	}
	expires, err := time.Parse(time.RFC3339, f.ExpiresAt)
	if err != nil {
		return message{}, errStored
	}
	return message{id: f.ID, expires: expires, text: text, seq: seq}, nil
}

// newMessage gives a message its id. Ids rise with the clock, in microseconds, so that
// any node can give one without asking the others; the last four bits differ between
// nodes.
func (h *Hub) newMessage(data wire.PushData) (message, error) {
	text, err := json.Marshal(data)
	if err != nil {
		return message{}, err
	}
	now := h.now()
	h.mu.Lock()
	h.lastID = max(h.lastID+nodesApart, idAt(now))
	id := h.lastID | h.nodeBits
	h.mu.Unlock()
	expires := now.Add(h.cfg.Life)
	text, err = json.Marshal(wire.MessageFrame{Type: wire.FrameMessage, ID: id, SentAt: stamp(now), ExpiresAt: stamp(expires), Data: text})
	return message{id: id, expires: expires, text: text}, err
}

const nodesApart = 1 << 4

// idAt is the lowest id of a time.
func idAt(t time.Time) int64 { return t.UnixMicro() &^ (nodesApart - 1) }

// nodeBits are the last bits of the ids of a node.
func nodeBits(node string) int64 {
	h := fnv.New32a()
	h.Write([]byte(node))
	return int64(h.Sum32() % nodesApart)
}

// openStreams makes the streams of the messages, or takes those that are there.
func (h *Hub) openStreams(ctx context.Context) error {
	n := 1
	if !h.cfg.Node.Alone() {
		n = clusterPartitions
	}
	for i := range n {
		subject := h.cfg.Node.Subject("inbox." + strconv.Itoa(i))
		s, err := h.cfg.Node.Stream(ctx, jetstream.StreamConfig{
			Name: "inbox-" + strconv.Itoa(i), Subjects: []string{subject + ".*.*"}, AllowDirect: true,
			MaxAge: h.cfg.Life + h.cfg.Keep, Duplicates: duplicates,
			MaxMsgsPerSubject: int64(h.cfg.MaxWaiting), Discard: jetstream.DiscardNew, DiscardNewPerSubject: true,
			RePublish: &jetstream.RePublish{Source: subject + ".*.*", Destination: h.cfg.Node.Subject("phone.{{wildcard(1)}}.{{wildcard(2)}}")},
		})
		if err != nil {
			return fmt.Errorf("open the inboxes: %w", err)
		}
		h.streams = append(h.streams, s)
	}
	return nil
}

// stream is where an owner's messages are.
func (h *Hub) stream(o Owner) jetstream.Stream { return h.streams[h.partition(o)] }

func (h *Hub) partition(o Owner) int {
	sum := fnv.New32a()
	sum.Write([]byte(o.Account + "/" + o.Subscriber))
	return int(sum.Sum32() % uint32(len(h.streams)))
}

// storedUnder is the subject of an owner's messages in their stream.
func (h *Hub) storedUnder(o Owner) string {
	return h.cfg.Node.Subject("inbox." + strconv.Itoa(h.partition(o)) + "." + token(o.Account) + "." + token(o.Subscriber))
}

var tokenForm = regexp.MustCompile(`^[A-Za-z0-9_-]+$`)

// token writes a name as one token of a subject.
func token(name string) string {
	if tokenForm.MatchString(name) {
		return name
	}
	return "=" + base64.RawURLEncoding.EncodeToString([]byte(name))
}

// untoken reads back what token has written, "" for what it has not.
func untoken(text string) string {
	encoded, ok := strings.CutPrefix(text, "=")
	if !ok {
		return text
	}
	name, err := base64.RawURLEncoding.DecodeString(encoded)
	if err != nil {
		return ""
	}
	return string(name)
}

// uuidOf names an owner's inbox. Its messages' ids rise with the clock; a phone that
// knows a later one than there can be, since the clock was set back, gets another
// name and forgets.
func (h *Hub) uuidOf(o Owner, since int64) string {
	name := o.Account + "/" + o.Subscriber
	if since > idAt(h.now().Add(time.Minute)) {
		name += "/" + strconv.FormatInt(since, 10)
	}
	return uuid.NewSHA1(uuid.NameSpaceOID, append([]byte(name+"/"), h.cfg.Secret...)).String()
}

// store keeps a message, or returns ErrFull. It tries again while the stream has no
// leader; the stream knows a message that it has already.
func (h *Hub) store(ctx context.Context, o Owner, m message) error {
	msg := &nats.Msg{Subject: h.storedUnder(o), Data: m.text, Header: nats.Header{jetstream.MsgIDHeader: {token(o.Account) + "." + token(o.Subscriber) + "." + strconv.FormatInt(m.id, 10)}}}
	return again(ctx, func(ctx context.Context) error {
		_, err := h.cfg.Node.JetStream().PublishMsg(ctx, msg)
		if !full(err) {
			return err
		}
		if room, roomErr := h.makeRoom(ctx, o); roomErr != nil || !room {
			return final{errors.Join(ErrFull, roomErr)}
		}
		_, err = h.cfg.Node.JetStream().PublishMsg(ctx, msg)
		return err
	})
}

// full reports whether an inbox holds as many messages as it may.
func full(err error) bool {
	const storeFailed = 10077 // JSStreamStoreFailedF, which a full disk gives too
	var api *jetstream.APIError
	return errors.As(err, &api) && api.ErrorCode == storeFailed && api.Description == "maximum messages per subject exceeded"
}

// final is an error that another try would not change.
type final struct{ error }

func (f final) Unwrap() error { return f.error }

// again tries for so long as an election may take, until ctx ends or the error is
// final.
func again(ctx context.Context, try func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, tryFor)
	defer cancel()
	for {
		attempt, cancel := context.WithTimeout(ctx, storeWithin)
		err := try(attempt)
		cancel()
		var last final
		if err == nil || errors.As(err, &last) {
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(tryAgain):
		}
	}
}

// makeRoom deletes the oldest message of an inbox if it has expired.
func (h *Hub) makeRoom(ctx context.Context, o Owner) (bool, error) {
	m, err := h.next(ctx, o, 1)
	if err != nil || !m.expired(h.now()) {
		return false, err
	}
	return true, h.stream(o).DeleteMsg(ctx, m.seq)
}

func (m message) expired(now time.Time) bool { return !m.expires.After(now) }

// next returns the first message of an inbox at or after a number of the stream, or
// errNone.
func (h *Hub) next(ctx context.Context, o Owner, from uint64) (message, error) {
	ctx, cancel := context.WithTimeout(ctx, readWithin)
	defer cancel()
	raw, err := h.stream(o).GetMsg(ctx, from, jetstream.WithGetMsgSubject(h.storedUnder(o)))
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		return message{}, errNone
	}
	if err != nil {
		return message{}, err
	}
	m, err := parseMessage(raw.Data, raw.Sequence)
	m.seq = raw.Sequence
	return m, err
}

var errNone = errors.New("no message")

// delete forgets a message of an owner, once it is acknowledged, and tells done. It
// does not wait.
func (h *Hub) delete(o Owner, seq uint64, done func()) {
	h.background(func() {
		unheard := false // a try whose answer did not come
		err := again(h.ctx, func(ctx context.Context) error {
			err := h.stream(o).DeleteMsg(ctx, seq)
			gone := errors.Is(err, jetstream.ErrMsgNotFound) || errors.Is(err, jetstream.ErrMsgDeleteUnsuccessful)
			if err == nil || gone && unheard {
				h.acked.Add(1)
			}
			if gone {
				return nil
			}
			unheard = err != nil
			return err
		})
		done()
		if err != nil && h.ctx.Err() == nil {
			h.log.Error("an acknowledgement was lost; the message will come again", "subscriber", o.Subscriber, "error", err)
		}
	})
}

// drop forgets all messages of an inbox.
func (h *Hub) drop(ctx context.Context, o Owner) error {
	return h.stream(o).Purge(ctx, jetstream.WithPurgeSubject(h.storedUnder(o)))
}
