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

	"offhook/demo/agents"
	"offhook/demo/store"
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
`, `
CREATE TABLE families (
	id TEXT PRIMARY KEY, account TEXT NOT NULL, name TEXT NOT NULL, device TEXT NOT NULL,
	generation INTEGER NOT NULL, expires INTEGER NOT NULL,
	FOREIGN KEY (account, name, device) REFERENCES clients (account, name, device) ON DELETE CASCADE);
CREATE INDEX families_by_client ON families (account, name, device);
`, agents.Migrations + `
CREATE TABLE outcomes (
	account TEXT NOT NULL, session TEXT NOT NULL, name TEXT NOT NULL,
	code TEXT NOT NULL, note TEXT NOT NULL, callback TEXT NOT NULL, at INTEGER NOT NULL,
	PRIMARY KEY (account, session, name));
`, agents.MigrationBy, recordingMigration}

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

// findByToken finds the subscriber of a verified token and the generation that
// its family has come to. The client id dies with its subscriber, so a token
// outlives neither deletion nor a second creation under the same name.
func (s *Server) findByToken(ctx context.Context, account string, claims tokenClaims) (sub subscriber, generation int64, err error) {
	row := s.db.QueryRow(ctx, `SELECT generation, `+subscriberColumns+` FROM subscribers JOIN clients USING (account, name) JOIN families USING (account, name, device)
		WHERE account = ? AND name = ? AND device = ? AND client_id = ? AND families.id = ?`, account, claims.Subject, claims.DeviceID, claims.ClientID, claims.Family)
	err = row.Scan(&generation, &sub.name, &sub.status, &sub.customField, &sub.sipPassword, &sub.created, &sub.updated)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return sub, 0, errTokenInvalid
	case err != nil:
		return sub, 0, err
	case sub.status != StatusActive:
		return sub, 0, errInactive
	}
	return sub, generation, nil
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
	if err == nil && status != StatusActive {
		s.ended(account, name, false)
	}
	return err
}

func (s *Server) remove(ctx context.Context, account, name string) error {
	n, err := s.db.Exec(ctx, "DELETE FROM subscribers WHERE account = ? AND name = ?", account, name)
	if err == nil && n == 0 {
		err = errSubscriberNotFound
	}
	if err == nil {
		s.ended(account, name, true)
	}
	return err
}

// revoke ends whatever a subscriber's phones hold: tokens, SIP password, sockets
// and calls. They may sign in anew.
func (s *Server) revoke(ctx context.Context, account, name string) error {
	err := s.db.Write(ctx, func(tx *store.Tx) error {
		res, err := tx.Exec("UPDATE subscribers SET sip_password = ?, updated = ? WHERE account = ? AND name = ?", randomPassword(), s.now().UnixMilli(), account, name)
		if err != nil {
			return err
		}
		if n, err := res.RowsAffected(); err != nil || n == 0 {
			return errors.Join(err, errSubscriberNotFound)
		}
		_, err = tx.Exec("DELETE FROM clients WHERE account = ? AND name = ?", account, name)
		return err
	})
	if err == nil {
		s.ended(account, name, false)
	}
	return err
}

// ended tells the rest of the platform that a subscriber's rights have ended.
func (s *Server) ended(account, name string, gone bool) {
	s.log.Info("a subscriber's rights have ended", "account", account, "subscriber", name, "gone", gone)
	if gone && account == s.cfg.Accounts[0].SID {
		s.agents.Forget(name)
	}
	if s.cfg.Revoked != nil {
		s.cfg.Revoked(account, name, gone)
	}
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
	err = s.db.Write(ctx, func(tx *store.Tx) error {
		if _, err := tx.Exec("INSERT INTO clients (account, name, device, client_id) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
			account, name, device, newClientID()); err != nil {
			return err
		}
		return tx.QueryRow("SELECT client_id FROM clients WHERE account = ? AND name = ? AND device = ?", account, name, device).Scan(&id)
	})
	return id, err
}

// newFamily begins the tokens of one sign-in.
func (s *Server) newFamily(ctx context.Context, account, name, device string) (string, error) {
	id := rand.Text()
	_, err := s.db.Exec(ctx, "INSERT INTO families (id, account, name, device, generation, expires) VALUES (?, ?, ?, ?, 0, ?)",
		id, account, name, device, s.now().Add(s.cfg.RefreshLife+clockSkew).UnixMilli())
	return id, err
}

// advance notes that the tokens of a generation have reached their phone: the
// refresh token of the generation before has had its time.
func (s *Server) advance(ctx context.Context, claims tokenClaims) error {
	_, err := s.db.Exec(ctx, "UPDATE families SET generation = ?, expires = ? WHERE id = ? AND generation < ?",
		claims.Generation, s.now().Add(s.cfg.RefreshLife+clockSkew).UnixMilli(), claims.Family, claims.Generation)
	return err
}

// revokeFamily ends the tokens of one sign-in, whose refresh token was used a
// second time: somebody else has a copy. The SIP password that its profile told
// changes with it.
func (s *Server) revokeFamily(ctx context.Context, account string, claims tokenClaims) error {
	s.log.Warn("a refresh token was used again; the sign-in is ended", "account", account, "subscriber", claims.Subject, "device", claims.DeviceID)
	err := s.db.Write(ctx, func(tx *store.Tx) error {
		if _, err := tx.Exec("DELETE FROM families WHERE id = ?", claims.Family); err != nil {
			return err
		}
		_, err := tx.Exec("UPDATE subscribers SET sip_password = ? WHERE account = ? AND name = ?", randomPassword(), account, claims.Subject)
		return err
	})
	if err == nil {
		s.ended(account, claims.Subject, false)
	}
	return err
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
