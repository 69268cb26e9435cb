package inbox

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"offhook/voice/wire"
	"time"

	"github.com/google/uuid"
)

// Migrations is the schema that a Hub needs in its database.
const Migrations = `
CREATE TABLE inboxes (
	account TEXT NOT NULL, name TEXT NOT NULL, uuid TEXT NOT NULL, last_id INTEGER NOT NULL,
	PRIMARY KEY (account, name)) WITHOUT ROWID;
CREATE TABLE messages (
	account TEXT NOT NULL, name TEXT NOT NULL, id INTEGER NOT NULL,
	sent INTEGER NOT NULL, expires INTEGER NOT NULL, data BLOB NOT NULL,
	PRIMARY KEY (account, name, id));
CREATE INDEX messages_by_expiry ON messages (expires);
`

// message is one that waits for its acknowledgement; times are Unix milliseconds.
type message struct {
	id, sent, expires int64
	data              []byte
}

func (m message) frame() wire.MessageFrame {
	return wire.MessageFrame{Type: wire.FrameMessage, ID: m.id, SentAt: stamp(time.UnixMilli(m.sent)), ExpiresAt: stamp(time.UnixMilli(m.expires)), Data: m.data}
}

// openInbox returns the inbox's uuid, made at the first call.
func (h *Hub) openInbox(ctx context.Context, o Owner) (id string, err error) {
	err = h.db.QueryRow(ctx, "SELECT uuid FROM inboxes WHERE account = ? AND name = ?", o.Account, o.Subscriber).Scan(&id)
	if err != sql.ErrNoRows {
		return id, err
	}
	err = h.db.Write(ctx, func(tx *sql.Tx) error {
		if _, err := tx.Exec("INSERT INTO inboxes (account, name, uuid, last_id) VALUES (?, ?, ?, 0) ON CONFLICT DO NOTHING", o.Account, o.Subscriber, uuid.NewString()); err != nil {
			return err
		}
		return tx.QueryRow("SELECT uuid FROM inboxes WHERE account = ? AND name = ?", o.Account, o.Subscriber).Scan(&id)
	})
	return id, err
}

// keep stores a message under the inbox's next id.
func (h *Hub) keep(ctx context.Context, o Owner, data wire.PushData) (id int64, err error) {
	text, err := json.Marshal(data)
	if err != nil {
		return 0, err
	}
	now := h.now()
	err = h.db.Write(ctx, func(tx *sql.Tx) error {
		var waiting int
		if err := tx.QueryRow("SELECT count(*) FROM messages WHERE account = ? AND name = ?", o.Account, o.Subscriber).Scan(&waiting); err != nil {
			return err
		}
		if waiting >= h.cfg.MaxWaiting {
			res, err := tx.Exec(`DELETE FROM messages WHERE account = ? AND name = ? AND id =
				(SELECT min(id) FROM messages WHERE account = ? AND name = ? AND expires <= ?)`,
				o.Account, o.Subscriber, o.Account, o.Subscriber, now.UnixMilli())
			if err != nil {
				return err
			}
			if n, err := res.RowsAffected(); err != nil || n == 0 {
				return errors.Join(ErrFull, err)
			}
		}
		if err := tx.QueryRow(`INSERT INTO inboxes (account, name, uuid, last_id) VALUES (?, ?, ?, 1)
			ON CONFLICT (account, name) DO UPDATE SET last_id = last_id + 1 RETURNING last_id`, o.Account, o.Subscriber, uuid.NewString()).Scan(&id); err != nil {
			return err
		}
		_, err := tx.Exec("INSERT INTO messages (account, name, id, sent, expires, data) VALUES (?, ?, ?, ?, ?, ?)",
			o.Account, o.Subscriber, id, now.UnixMilli(), now.Add(h.cfg.Life).UnixMilli(), text)
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("keep a message: %w", err)
	}
	return id, nil
}

// waiting returns the oldest messages after the given id that are still kept.
func (h *Hub) waiting(ctx context.Context, o Owner, after int64, limit int) ([]message, error) {
	rows, err := h.db.Query(ctx, "SELECT id, sent, expires, data FROM messages WHERE account = ? AND name = ? AND id > ? AND expires > ? ORDER BY id LIMIT ?",
		o.Account, o.Subscriber, after, h.now().Add(-h.cfg.Keep).UnixMilli(), limit)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var list []message
	for rows.Next() {
		var m message
		if err := rows.Scan(&m.id, &m.sent, &m.expires, &m.data); err != nil {
			return nil, err
		}
		list = append(list, m)
	}
	return list, rows.Err()
}

func (h *Hub) ack(ctx context.Context, o Owner, id int64) (int64, error) {
	return h.db.Exec(ctx, "DELETE FROM messages WHERE account = ? AND name = ? AND id = ?", o.Account, o.Subscriber, id)
}

// ackUpTo takes the since of a phone that names this very inbox as the
// acknowledgement of all up to it.
func (h *Hub) ackUpTo(ctx context.Context, o Owner, id int64) error {
	_, err := h.db.Exec(ctx, "DELETE FROM messages WHERE account = ? AND name = ? AND id <= ?", o.Account, o.Subscriber, id)
	return err
}

// drop forgets an inbox: its next one has another uuid.
func (h *Hub) drop(ctx context.Context, o Owner) error {
	return h.db.Write(ctx, func(tx *sql.Tx) error {
		for _, table := range []string{"messages", "inboxes"} {
			if _, err := tx.Exec("DELETE FROM "+table+" WHERE account = ? AND name = ?", o.Account, o.Subscriber); err != nil {
				return err
			}
		}
		return nil
	})
}

func (h *Hub) expire(ctx context.Context) (int64, error) {
	return h.db.Exec(ctx, "DELETE FROM messages WHERE expires <= ?", h.now().Add(-h.cfg.Keep).UnixMilli())
}
