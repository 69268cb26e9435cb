package platform

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"offhook/demo/exophone"
	"offhook/demo/store"
	"offhook/voice/wire"
)

// EndedByRestart is the end reason of a call that was in progress when the
// platform's process ended.
const EndedByRestart = "platform-restart"

// recorder writes call records beside the exchange: Record only notes the
// newest state of each call, a goroutine writes what was noted.
type recorder struct {
	db      *store.DB
	account string
	node    string
	log     *slog.Logger
	done    chan struct{}

	mu     sync.Mutex
	wake   *sync.Cond // of mu
	noted  map[string]exophone.Record
	closed bool
}

func newRecorder(ctx context.Context, db *store.DB, account, node string, now func() time.Time, log *slog.Logger) (*recorder, error) {
	if err := endInterrupted(ctx, db, account, node, now()); err != nil {
		return nil, fmt.Errorf("end the calls of the last run: %w", err)
	}
	r := &recorder{db: db, account: account, node: node, log: log, done: make(chan struct{}), noted: make(map[string]exophone.Record)}
	r.wake = sync.NewCond(&r.mu)
	go r.write()
	return r, nil
}

// endInterrupted ends the calls that the last process of the node left behind.
func endInterrupted(ctx context.Context, db *store.DB, account, node string, at time.Time) error {
	return db.Write(ctx, func(tx *store.Tx) error {
		rows, err := tx.Query("SELECT record FROM calls WHERE account = ? AND ended = 0", account)
		if err != nil {
			return err
		}
		defer rows.Close()
		var records []exophone.Record
		for rows.Next() {
			var text string
			var record exophone.Record
			if err := rows.Scan(&text); err != nil {
				return err
			}
			if err := json.Unmarshal([]byte(text), &record); err != nil {
				return err
			}
			if record.Node != node {
				continue
			}
			record.Ended, record.EndReason, record.EndedBy = at, EndedByRestart, "platform"
			if r := record.Recording; r != nil && r.Ended.IsZero() && r.State != wire.RecordingFailed {
				r.State, r.Ended = wire.RecordingOff, at // up to its last second
			}
			for i := range record.Spoke {
				if record.Spoke[i].To.IsZero() {
					record.Spoke[i].To = at
				}
			}
			records = append(records, record)
		}
		if err := rows.Err(); err != nil {
			return err
		}
		return keepRecords(tx, account, records)
	})
}

// Record implements exophone.Recorder.
func (s *Server) Record(record exophone.Record) {
	s.agents.Record(record)
	r := s.recorder
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.closed {
		record.Node = r.node
		r.noted[record.SessionID] = record
		r.wake.Signal()
	}
}

func (r *recorder) write() {
	defer close(r.done)
	for {
		r.mu.Lock()
		for len(r.noted) == 0 && !r.closed {
			r.wake.Wait()
		}
		noted := r.noted
		r.noted = make(map[string]exophone.Record)
		r.mu.Unlock()
		if len(noted) == 0 {
			return
		}
		records := make([]exophone.Record, 0, len(noted))
		for _, record := range noted {
			records = append(records, record)
		}
		err := r.db.Write(context.Background(), func(tx *store.Tx) error { return keepRecords(tx, r.account, records) })
		if err != nil {
			r.log.Error("call records were lost", "calls", len(records), "error", err)
		}
	}
}

func keepRecords(tx *store.Tx, account string, records []exophone.Record) error {
	for _, record := range records {
		text, err := json.Marshal(record)
		if err != nil {
			return err
		}
		var ended int64
		if !record.Ended.IsZero() {
			ended = record.Ended.UnixMilli()
		}
		if _, err := tx.Exec(`INSERT INTO calls (account, session, created, ended, record) VALUES (?, ?, ?, ?, ?)
			ON CONFLICT (account, session) DO UPDATE SET ended = excluded.ended, record = excluded.record`,
			account, record.SessionID, record.Created.UnixMilli(), ended, string(text)); err != nil {
			return err
		}
	}
	return nil
}

func (r *recorder) close() {
	r.mu.Lock()
	r.closed = true
	r.wake.Signal()
	r.mu.Unlock()
	<-r.done
}
