package platform

import (
	"context"
	"database/sql"
	"encoding/json"
)

func (s *Server) keepEvents(ctx context.Context, account, name string, events []json.RawMessage, sessions []string) error {
	at := s.now().UnixMilli()
	return s.db.Write(ctx, func(tx *sql.Tx) error {
		for i, event := range events {
			if _, err := tx.Exec("INSERT INTO events (account, name, session, at, body) VALUES (?, ?, ?, ?, ?)", account, name, sessions[i], at, string(event)); err != nil {
				return err
			}
		}
		return nil
	})
}
