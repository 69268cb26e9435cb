package calllog

import (
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	// The driver "sqlite3". It is C, as half of the phone is: the same database
	// in Go makes the program, and with it the phone's memory, larger by 3 MB.
	"github.com/mattn/go-sqlite3"

	"offhook/assets/lang"
	"offhook/voice"
)

// FileName is the name of the call log within a profile's folder.
const FileName = "calls.sqlite"

// The bounds of the log. KeepRefused is for calls that never rang: a flood of
// them leaves the others alone.
const (
	KeepFor     = 90 * 24 * time.Hour
	KeepCalls   = 10_000
	KeepRefused = 1_000
)

// schemaVersion is PRAGMA user_version of a file that this phone writes.
const schemaVersion = 8

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
	line          TEXT NOT NULL DEFAULT '', -- the SIP account, '' for the subscriber's line
	times         INTEGER NOT NULL DEFAULT 1, -- how many calls the row stands for
	written       INTEGER NOT NULL DEFAULT 0, -- by a server's clock, 0 where none was known
	outcome       TEXT NOT NULL DEFAULT '',
	outcome_note  TEXT NOT NULL DEFAULT '',
	callback_at   INTEGER NOT NULL DEFAULT 0,
	outcome_due   TEXT NOT NULL DEFAULT '', -- whose platform is to be told of it, '' for nobody's
	end_word      TEXT NOT NULL DEFAULT '',
	transferred_to TEXT NOT NULL DEFAULT '', -- the party that the call was handed to
	recorded      INTEGER NOT NULL DEFAULT 0, -- some of the call was recorded
	recording_file TEXT NOT NULL DEFAULT '' -- the phone's own recording
);
CREATE INDEX calls_started ON calls(started DESC);
CREATE INDEX calls_session ON calls(session_id) WHERE session_id <> '';
` + mergedTable

// mergedTable holds the sessions of calls that another row stands for, so that
// one that is pushed again is not counted again.
const mergedTable = `
CREATE TABLE merged (session_id TEXT PRIMARY KEY, call TEXT NOT NULL);
`

// Log is the call log. All methods may be called from any goroutine; they wait
// for the disk, and what they wrote survives a kill or a power cut when they
// have returned.
type Log struct {
	db *sql.DB
	// ahead is how far a server's clock is ahead of this computer's, nil while no
	// server has told its time.
	ahead atomic.Pointer[time.Duration]
	now   func() time.Time
}

// Open opens or makes the log in dir. Calls that were in progress when the
// phone was killed are marked interrupted. A file that is damaged is set aside,
// never deleted; the log begins anew with the calls that can be read in it. A file
// that can't be used at all (locked by another program, on a full or read-only
// disk) never keeps the phone from calling: the log then lives in memory. remark
// says either in a sentence for the user, and cause is what the system said; only
// where there is no memory either is l nil.
func Open(dir string, now func() time.Time) (l *Log, remark lang.Text, cause error) {
	if now == nil {
		now = time.Now
	}
	path := filepath.Join(dir, FileName)
	l, err := open(path, now)
	if err == nil {
		return l, remark, nil
	}
	if damaged(err) {
		if l, remark, rerr := replace(path, now, err); rerr == nil {
			return l, remark, err
		}
	}
	l, merr := openAs(memory, now)
	if merr != nil {
		return nil, remark, errors.Join(err, merr)
	}
	return l, lang.Of("call-log.in-memory", Trouble(err)), err
}

func open(path string, now func() time.Time) (*Log, error) {
	// SQLite makes its files with the rights of the first.
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	_ = f.Close()
	for _, suffix := range []string{"", "-wal", "-shm"} {
		_ = os.Chmod(path+suffix, 0o600)
	}
	return openAs(dsn(path), now)
}

func openAs(name string, now func() time.Time) (*Log, error) {
	db, err := sql.Open("sqlite3", name)
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
	return l, nil
}

// memory names a database that goes with the process.
const memory = "file::memory:"

func dsn(path string) string {
	p := filepath.ToSlash(path)
	if runtime.GOOS == "windows" && !strings.HasPrefix(p, "/") {
		p = "/" + p
	}
	// SQLite's cache grows with the log until it is full: 32 pages are full after a
	// morning. A log that another program has locked must not hold a call up.
	q := url.Values{"_journal_mode": {"WAL"}, "_synchronous": {"FULL"}, "_busy_timeout": {"500"}, "_cache_size": {"-128"}}
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
	if version > 0 {
		if err := l.migrate(version); err != nil {
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
		WHERE open = 1`, voice.Incoming, voice.Incoming); err != nil {
		return err
	}
	return l.Trim()
}

// migrations bring a log of the version of their place, counted from 1, to the next.
var migrations = []string{
	`ALTER TABLE calls ADD COLUMN line TEXT NOT NULL DEFAULT '';`,
	`ALTER TABLE calls ADD COLUMN times INTEGER NOT NULL DEFAULT 1;
	 ALTER TABLE calls ADD COLUMN written INTEGER NOT NULL DEFAULT 0;` + mergedTable,
	`ALTER TABLE calls ADD COLUMN outcome TEXT NOT NULL DEFAULT '';
	 ALTER TABLE calls ADD COLUMN outcome_note TEXT NOT NULL DEFAULT '';
	 ALTER TABLE calls ADD COLUMN callback_at INTEGER NOT NULL DEFAULT 0;
	 ALTER TABLE calls ADD COLUMN outcome_due TEXT NOT NULL DEFAULT '';`,
	`ALTER TABLE calls ADD COLUMN end_word TEXT NOT NULL DEFAULT '';`,
	`ALTER TABLE calls ADD COLUMN transferred_to TEXT NOT NULL DEFAULT '';`,
	`ALTER TABLE calls ADD COLUMN recorded INTEGER NOT NULL DEFAULT 0;`,
	`ALTER TABLE calls ADD COLUMN recording_file TEXT NOT NULL DEFAULT '';`,
}

func (l *Log) migrate(version int) error {
	for ; version < schemaVersion; version++ {
		tx, err := l.db.Begin()
		if err != nil {
			return err
		}
		_, err = tx.Exec(migrations[version-1] + fmt.Sprintf("PRAGMA user_version = %d;", version+1))
		if err != nil {
			return errors.Join(err, tx.Rollback())
		}
		if err := tx.Commit(); err != nil {
			return err
		}
	}
	return nil
}

// Close closes the file.
func (l *Log) Close() error { return l.db.Close() }

// ServerTime tells the log how far a server's clock is ahead of this computer's.
// Only from then on are calls deleted by their age.
func (l *Log) ServerTime(ahead time.Duration) { l.ahead.Store(&ahead) }

// written is the present time by a server's clock in Unix milliseconds, 0 if no
// server has told it.
func (l *Log) written() int64 {
	if ahead := l.ahead.Load(); ahead != nil {
		return l.now().Add(*ahead).UnixMilli()
	}
	return 0
}

// Trim removes what is beyond the bounds of the log: by the order in which calls
// were written, and by age only as far as a server's clock confirms it.
func (l *Log) Trim() error {
	var old int64
	if now := l.written(); now > 0 {
		old = now - KeepFor.Milliseconds()
	}
	_, err := l.db.Exec(`
		DELETE FROM calls WHERE open = 0 AND rowid <= (SELECT max(rowid) FROM calls WHERE written > 0 AND written < ?);
		DELETE FROM calls WHERE open = 0 AND missed_reason <> '' AND rowid <=
			(SELECT rowid FROM calls WHERE missed_reason <> '' ORDER BY rowid DESC LIMIT 1 OFFSET ?);
		DELETE FROM calls WHERE open = 0 AND rowid <= (SELECT rowid FROM calls ORDER BY rowid DESC LIMIT 1 OFFSET ?);
		DELETE FROM merged WHERE call NOT IN (SELECT id FROM calls);`,
		old, KeepRefused, KeepCalls)
	return err
}

// Trouble says in a few words what is wrong with the disk or the file.
func Trouble(err error) lang.Text {
	var coded sqlite3.Error
	full := errors.As(err, &coded) && coded.Code == sqlite3.ErrFull
	locked := errors.As(err, &coded) && (coded.Code == sqlite3.ErrBusy || coded.Code == sqlite3.ErrLocked)
	forbidden := errors.As(err, &coded) && (coded.Code == sqlite3.ErrReadonly || coded.Code == sqlite3.ErrCantOpen || coded.Code == sqlite3.ErrPerm)
	switch {
	case full, errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT), errors.Is(err, syscall.EFBIG), strings.Contains(err.Error(), "disk is full"):
		return lang.Of("disk.full")
	case locked:
		return lang.Of("disk.locked")
	case forbidden, errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EROFS):
		return lang.Of("disk.folder")
	default:
		return lang.Of("disk.trouble")
	}
}
