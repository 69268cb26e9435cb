package history

import (
	"database/sql"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	// The driver "sqlite3". It is C, as half of the phone is: the same database
	// in Go makes the program, and with it the phone's memory, larger by 3 MB.
	_ "github.com/mattn/go-sqlite3"
)

// FileName is the name of the call log within a profile's folder.
const FileName = "calls.sqlite"

// The bounds of the log.
const (
	KeepFor   = 90 * 24 * time.Hour
	KeepCalls = 10_000
)

// schemaVersion is PRAGMA user_version of a file that this phone writes.
const schemaVersion = 2

const schema = `
CREATE TABLE calls (
	id            TEXT PRIMARY KEY,
	session_id    TEXT NOT NULL,
	direction     TEXT NOT NULL,
	missed        INTEGER NOT NULL,
	remote_id     TEXT NOT NULL,
	remote_name   TEXT NOT NULL,
	message       TEXT NOT NULL,
	started       INTEGER NOT NULL, -- Unix milliseconds, as all times here
	rang_s        INTEGER NOT NULL,
	duration_s    INTEGER NOT NULL,
	end_reason    TEXT NOT NULL,
	missed_reason TEXT NOT NULL,
	mos           REAL NOT NULL,
	rating        INTEGER NOT NULL DEFAULT 0,
	issue         TEXT NOT NULL DEFAULT '',
	note          TEXT NOT NULL DEFAULT '',
	interrupted   INTEGER NOT NULL DEFAULT 0,
	open          INTEGER NOT NULL DEFAULT 0, -- the call is in progress
	seen          INTEGER NOT NULL DEFAULT 1,
	line          TEXT NOT NULL DEFAULT '' -- the SIP account, '' for the subscriber's line
);
CREATE INDEX calls_started ON calls(started DESC);
CREATE INDEX calls_session ON calls(session_id) WHERE session_id <> '';
`

// Log is the call log. All methods may be called from any goroutine; they wait
// for the disk, and what they wrote survives a kill or a power cut when they
// have returned.
type Log struct {
	db  *sql.DB
	now func() time.Time
}

// Open opens or makes the log in dir. Calls that were in progress when the
// phone was killed are marked interrupted. A file that is damaged is set aside,
// never deleted; the log begins anew with the calls that can be read in it, and
// remark says so in a sentence for the user.
func Open(dir string, now func() time.Time) (l *Log, remark string, err error) {
	if now == nil {
		now = time.Now
	}
	path := filepath.Join(dir, FileName)
	l, err = open(path, now)
	if err == nil {
		return l, "", nil
	}
	if !damaged(err) {
		return nil, "", err
	}
	return replace(path, now, err)
}

func open(path string, now func() time.Time) (*Log, error) {
	db, err := sql.Open("sqlite3", dsn(path))
	if err != nil {
		return nil, err
	}
	// One connection: writers never wait for each other inside SQLite, and its
	// cache exists once.
	db.SetMaxOpenConns(1)
	l := &Log{db: db, now: now}
	if err := l.prepare(); err != nil {
		db.Close()
		return nil, err
	}
	_ = os.Chmod(path, 0o600)
	return l, nil
}

func dsn(path string) string {
	p := filepath.ToSlash(path)
	if runtime.GOOS == "windows" && !strings.HasPrefix(p, "/") {
		p = "/" + p
	}
	// SQLite's cache grows with the log until it is full: 32 pages are full after a
	// morning.
	q := url.Values{"_journal_mode": {"WAL"}, "_synchronous": {"FULL"}, "_busy_timeout": {"3000"}, "_cache_size": {"-128"}}
	return "file:" + (&url.URL{Path: p}).EscapedPath() + "?" + q.Encode()
}

func (l *Log) prepare() error {
	var version int
	if err := l.db.QueryRow("PRAGMA user_version").Scan(&version); err != nil {
		return err
	}
	switch {
	case version > schemaVersion:
		return errUnknownSchema
	case version == 0:
		tx, err := l.db.Begin()
		if err != nil {
			return err
		}
		defer tx.Rollback()
		if _, err := tx.Exec(schema + fmt.Sprintf("PRAGMA user_version = %d;", schemaVersion)); err != nil {
			return err
		}
		if err := tx.Commit(); err != nil {
			return err
		}
	default:
		if err := l.check(); err != nil {
			return err
		}
	}
	if version == 1 {
		if err := l.addLine(); err != nil {
			return err
		}
	}
	return l.settle()
}

// settle marks the calls that were in progress when the phone was killed, and
// removes what is beyond the bounds.
func (l *Log) settle() error {
	if _, err := l.db.Exec(`UPDATE calls SET open = 0, interrupted = 1,
		missed = (direction = ? AND duration_s = 0), seen = NOT (direction = ? AND duration_s = 0),
		end_reason = CASE end_reason WHEN '' THEN 'FAILURE' ELSE end_reason END
		WHERE open = 1`, Incoming, Incoming); err != nil {
		return err
	}
	return l.Trim()
}

// addLine brings a log of version 1 up to date.
func (l *Log) addLine() error {
	tx, err := l.db.Begin()
	if err != nil {
		return err
	}
	defer tx.Rollback()
	if _, err := tx.Exec(`ALTER TABLE calls ADD COLUMN line TEXT NOT NULL DEFAULT ''; PRAGMA user_version = 2;`); err != nil {
		return err
	}
	return tx.Commit()
}

// Close closes the file.
func (l *Log) Close() error { return l.db.Close() }

// Trim removes what is beyond the bounds of the log.
func (l *Log) Trim() error {
	_, err := l.db.Exec(`DELETE FROM calls WHERE open = 0 AND (started < ? OR started <
		(SELECT started FROM calls ORDER BY started DESC LIMIT 1 OFFSET ?))`,
		l.now().Add(-KeepFor).UnixMilli(), KeepCalls-1)
	return err
}
