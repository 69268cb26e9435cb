package inbox

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"offhook/demo/store"
	"offhook/voice/wire"
)

// Migrations is the schema in which messages were kept before there were streams. It
// stays among a database's migrations; Import empties it.
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

// Import moves the messages of a database into the streams. Interrupted, it goes on at
// the next start: the streams know what they have.
func (h *Hub) Import(ctx context.Context, db *store.DB) error {
	type row struct {
		owner Owner
		message
	}
	rows, err := db.Query(ctx, "SELECT account, name, id, sent, expires, data FROM messages ORDER BY account, name, id")
	if err != nil {
		return fmt.Errorf("import messages: %w", err)
	}
	defer rows.Close()
	var list []row
	for rows.Next() {
		var r row
		var sent, expires int64
		var data []byte
		if err := rows.Scan(&r.owner.Account, &r.owner.Subscriber, &r.id, &sent, &expires, &data); err != nil {
			return fmt.Errorf("import messages: %w", err)
		}
		r.text, err = json.Marshal(wire.MessageFrame{Type: wire.FrameMessage, ID: r.id, SentAt: stamp(time.UnixMilli(sent)), ExpiresAt: stamp(time.UnixMilli(expires)), Data: data})
		if err != nil {
			return fmt.Errorf("import messages: %w", err)
		}
		list = append(list, r)
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("import messages: %w", err)
	}
	_ = rows.Close() // in memory it holds the only connection
	for _, r := range list {
		if err := h.store(ctx, r.owner, r.message); err != nil {
			return fmt.Errorf("import messages: %w", err)
		}
	}
	if len(list) == 0 {
		return nil
	}
	return db.Write(ctx, func(tx *store.Tx) error {
		for _, table := range []string{"messages", "inboxes"} {
			if _, err := tx.Exec("DELETE FROM " + table); err != nil {
				return err
			}
		}
		return nil
	})
}
