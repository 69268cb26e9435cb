package platform

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"regexp"
	"time"

	"offhook/demo/upload"
)

// The status of a subscriber.
const (
	StatusActive   = "active"
	StatusInactive = "inactive"
)

const maxCustomField = 1024

var (
	nameForm   = regexp.MustCompile(`^[A-Za-z0-9]{1,16}$`)
	deviceForm = regexp.MustCompile(`^[\x21-\x7e]{1,128}$`)
)

// Migrations is the schema of the platform's database.
var Migrations = []string{upload.Migrations + `
CREATE TABLE secrets (name TEXT PRIMARY KEY, value BLOB NOT NULL);
CREATE TABLE subscribers (
	seq INTEGER PRIMARY KEY AUTOINCREMENT,
	account TEXT NOT NULL, name TEXT NOT NULL, status TEXT NOT NULL, custom_field TEXT,
	sip_password TEXT NOT NULL, created INTEGER NOT NULL, updated INTEGER NOT NULL,
	UNIQUE (account, name));
CREATE TABLE clients (
	account TEXT NOT NULL, name TEXT NOT NULL, device TEXT NOT NULL, client_id TEXT NOT NULL,
	PRIMARY KEY (account, name, device),
	FOREIGN KEY (account, name) REFERENCES subscribers (account, name) ON DELETE CASCADE);
CREATE TABLE feedback (
	account TEXT NOT NULL, session TEXT NOT NULL, name TEXT NOT NULL,
	rating INTEGER NOT NULL, issue TEXT NOT NULL, note TEXT NOT NULL, at INTEGER NOT NULL,
	PRIMARY KEY (account, session, name));
CREATE TABLE events (
	id INTEGER PRIMARY KEY, account TEXT NOT NULL, name TEXT NOT NULL, session TEXT NOT NULL,
	at INTEGER NOT NULL, body TEXT NOT NULL);
CREATE INDEX events_by_session ON events (account, session);
CREATE TABLE calls (
	account TEXT NOT NULL, session TEXT NOT NULL, created INTEGER NOT NULL, ended INTEGER NOT NULL, record TEXT NOT NULL,
	PRIMARY KEY (account, session));
CREATE INDEX calls_by_time ON calls (account, created);
`}

// subscriber is a row of the directory; times are Unix milliseconds.
type subscriber struct {
	name, status     string
	customField      sql.NullString
	sipPassword      string
	created, updated int64
}

const subscriberColumns = "name, status, custom_field, sip_password, created, updated"

func (s *subscriber) scan(row interface{ Scan(...any) error }) error {
	return row.Scan(&s.name, &s.status, &s.customField, &s.sipPassword, &s.created, &s.updated)
}

// Subscriber is a subscriber as the documents show it.
type Subscriber struct {
	Name        string  `json:"subscriber_name"`
	Status      string  `json:"status"`
	CustomField *string `json:"custom_field"`
	DateCreated string  `json:"date_created"`
	DateUpdated string  `json:"date_updated"`
}

func (s *Server) object(sub subscriber) Subscriber {
	o := Subscriber{Name: sub.name, Status: sub.status, DateCreated: s.stamp(time.UnixMilli(sub.created)), DateUpdated: s.stamp(time.UnixMilli(sub.updated))}
	if sub.customField.Valid {
		o.CustomField = &sub.customField.String
	}
	return o
}

// stamp is RFC 3339 with a numeric offset, as in the documents.
func (s *Server) stamp(t time.Time) string {
	return t.In(s.cfg.Location).Format("2006-01-02T15:04:05-07:00")
}

func (s *Server) find(ctx context.Context, account, name string) (sub subscriber, err error) {
	err = sub.scan(s.db.QueryRow(ctx, "SELECT "+subscriberColumns+" FROM subscribers WHERE account = ? AND name = ?", account, name))
	if errors.Is(err, sql.ErrNoRows) {
		err = errSubscriberNotFound
	}
	return sub, err
}

// findByToken finds the subscriber of a verified token. The client id dies with
// its subscriber, so a token outlives neither deletion nor a second creation
// under the same name.
func (s *Server) findByToken(ctx context.Context, account string, claims tokenClaims) (sub subscriber, err error) {
	err = sub.scan(s.db.QueryRow(ctx, `SELECT `+subscriberColumns+` FROM subscribers JOIN clients USING (account, name)
		WHERE account = ? AND name = ? AND device = ? AND client_id = ?`, account, claims.Subject, claims.DeviceID, claims.ClientID))
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return sub, errTokenInvalid
	case err != nil:
		return sub, err
	case sub.status != StatusActive:
		return sub, errInactive
	}
	return sub, nil
}

func (s *Server) create(ctx context.Context, account, name string, customField *string) (subscriber, error) {
	now := s.now().UnixMilli()
	sub := subscriber{name: name, status: StatusActive, sipPassword: randomPassword(), created: now, updated: now}
	if customField != nil {
		sub.customField = sql.NullString{String: *customField, Valid: true}
	}
	n, err := s.db.Exec(ctx, `INSERT INTO subscribers (account, name, status, custom_field, sip_password, created, updated)
		VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`, account, sub.name, sub.status, sub.customField, sub.sipPassword, sub.created, sub.updated)
	if err == nil && n == 0 {
		err = errDuplicate
	}
	return sub, err
}

// update sets the status, and the custom field if setField is true (nil for null).
func (s *Server) update(ctx context.Context, account, name, status string, setField bool, field *string) error {
	n, err := s.db.Exec(ctx, `UPDATE subscribers SET status = ?, custom_field = CASE WHEN ? THEN ? ELSE custom_field END, updated = ?
		WHERE account = ? AND name = ?`, status, setField, field, s.now().UnixMilli(), account, name)
	if err == nil && n == 0 {
		err = errSubscriberNotFound
	}
	return err
}

func (s *Server) remove(ctx context.Context, account, name string) error {
	n, err := s.db.Exec(ctx, "DELETE FROM subscribers WHERE account = ? AND name = ?", account, name)
	if err == nil && n == 0 {
		err = errSubscriberNotFound
	}
	return err
}

// list returns a page, newest first, and how many there are in all.
func (s *Server) list(ctx context.Context, account, status string, limit, offset int) (page []subscriber, total int, err error) {
	const where = " FROM subscribers WHERE account = ? AND (? = '' OR status = ?)"
	if err := s.db.QueryRow(ctx, "SELECT count(*)"+where, account, status, status).Scan(&total); err != nil {
		return nil, 0, err
	}
	rows, err := s.db.Query(ctx, "SELECT "+subscriberColumns+where+" ORDER BY seq DESC LIMIT ? OFFSET ?", account, status, status, limit, offset)
	if err != nil {
		return nil, 0, err
	}
	defer rows.Close()
	for rows.Next() {
		var sub subscriber
		if err := sub.scan(rows); err != nil {
			return nil, 0, err
		}
		page = append(page, sub)
	}
	return page, total, rows.Err()
}

// Subscribers returns a page of an account's subscribers, newest first, and how
// many there are in all. A status other than "" keeps those that have it.
func (s *Server) Subscribers(ctx context.Context, account, status string, limit, offset int) ([]Subscriber, int, error) {
	rows, total, err := s.list(ctx, account, status, limit, offset)
	page := make([]Subscriber, len(rows))
	for i, row := range rows {
		page[i] = s.object(row)
	}
	return page, total, err
}

// clientID returns the client id of a subscriber's device, made at its first token.
func (s *Server) clientID(ctx context.Context, account, name, device string) (id string, err error) {
	err = s.db.Write(ctx, func(tx *sql.Tx) error {
		if _, err := tx.Exec("INSERT INTO clients (account, name, device, client_id) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
			account, name, device, newClientID()); err != nil {
			return err
		}
		return tx.QueryRow("SELECT client_id FROM clients WHERE account = ? AND name = ? AND device = ?", account, name, device).Scan(&id)
	})
	return id, err
}

// newClientID is 8 hex digits, as in the documents' samples.
func newClientID() string {
	var b [4]byte
	rand.Read(b[:])
	return hex.EncodeToString(b[:])
}

func randomPassword() string {
	var b [18]byte
	rand.Read(b[:])
	return base64.RawURLEncoding.EncodeToString(b[:])
}
