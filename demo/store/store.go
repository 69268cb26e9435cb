package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"sync"

	_ "github.com/mattn/go-sqlite3" // the driver "sqlite3"
)

// readers is how many connections may read at once beside the one that writes.
const readers = 4

// DB is one SQLite database. Reads go to Query and QueryRow and run beside each
// other; writes go through Write one at a time, so that none ever waits in
// SQLite's own polling lock. All methods are safe for concurrent use.
type DB struct {
	write   *sql.DB
	read    *sql.DB
	path    string // "" in memory
	writing sync.Mutex
	shared  *shared // nil unless Share has made it one of a cluster
	// foreign says that the database is a cluster's, and this process none of its nodes.
	foreign bool
}

// Open opens or makes the database name inside dir and brings it to the newest
// schema: migrations[i] leads from version i to version i+1, each in one
// transaction. An empty dir means memory only. A database that a newer program
// made is refused.
func Open(ctx context.Context, dir, name string, migrations []string) (*DB, error) {
	db, err := open(dir, name)
	if err != nil {
		return nil, fmt.Errorf("open database %s: %w", name, err)
	}
	if err := db.migrate(ctx, migrations); err != nil {
		return nil, errors.Join(fmt.Errorf("open database %s: %w", name, err), db.Close())
	}
	if err := db.QueryRow(ctx, "SELECT count(*) FROM sqlite_master WHERE name = 'cluster_state'").Scan(&db.foreign); err != nil {
		return nil, errors.Join(fmt.Errorf("open database %s: %w", name, err), db.Close())
	}
	return db, nil
}

func open(dir, name string) (*DB, error) {
	// NORMAL flushes at checkpoints: a killed process loses nothing, a machine
	// that loses power may lose the last transactions but never its consistency.
	pragmas := url.Values{"_busy_timeout": {"5000"}, "_journal_mode": {"WAL"}, "_synchronous": {"NORMAL"}, "_foreign_keys": {"1"}}
	if dir == "" {
		w, err := sql.Open("sqlite3", "file::memory:?"+pragmas.Encode())
		if err != nil {
			return nil, err
		}
		// A second connection would see a second, empty memory database.
		w.SetMaxOpenConns(1)
		w.SetConnMaxIdleTime(0)
		return &DB{write: w, read: w}, nil
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	path := filepath.Join(dir, name+".db")
	// SQLite gives its side files the mode of the main file, so making that one
	// first keeps all of them to their owner.
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	if err := f.Close(); err != nil {
		return nil, err
	}
	uri := url.URL{Scheme: "file", Opaque: (&url.URL{Path: path}).EscapedPath(), RawQuery: pragmas.Encode() + "&_txlock=immediate"}
	w, err := sql.Open("sqlite3", uri.String())
	if err != nil {
		return nil, err
	}
	w.SetMaxOpenConns(1)
	uri.RawQuery = pragmas.Encode()
	r, err := sql.Open("sqlite3", uri.String())
	if err != nil {
		return nil, errors.Join(err, w.Close())
	}
	r.SetMaxOpenConns(readers)
	r.SetMaxIdleConns(readers)
	return &DB{write: w, read: r, path: path}, nil
}

func (d *DB) migrate(ctx context.Context, migrations []string) error {
	return d.writeHere(ctx, func(tx *Tx) error {
		var version int
		if err := tx.QueryRow("PRAGMA user_version").Scan(&version); err != nil {
			return err
		}
		if version > len(migrations) {
			return fmt.Errorf("schema version %d was made by a newer program, this one knows %d", version, len(migrations))
		}
		for i := version; i < len(migrations); i++ {
			if _, err := tx.Exec(migrations[i]); err != nil {
				return fmt.Errorf("migrate to schema version %d: %w", i+1, err)
			}
		}
		_, err := tx.Exec(fmt.Sprintf("PRAGMA user_version = %d", len(migrations)))
		return err
	})
}

// Write runs f in one transaction: it is committed when f returns nil and
// leaves no trace otherwise. f must not call the DB itself. A write that has
// begun is finished even when ctx ends: it takes less time than its undoing.
//
// In a cluster f may be run again, after changes of other nodes, and Write returns
// once most nodes have the change.
func (d *DB) Write(ctx context.Context, f func(tx *Tx) error) error {
	ctx = context.WithoutCancel(ctx)
	switch {
	case d.shared != nil:
		return d.writeShared(ctx, f)
	case d.foreign:
		return d.handIn(ctx, f)
	}
	return d.writeHere(ctx, f)
}

// writeHere writes into this database alone.
func (d *DB) writeHere(ctx context.Context, f func(tx *Tx) error) error {
	d.writing.Lock()
	defer d.writing.Unlock()
	tx, err := d.write.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	if err := f(&Tx{tx: tx}); err != nil {
		return errors.Join(err, tx.Rollback())
	}
	return tx.Commit()
}

// Exec runs one statement as a transaction of its own and returns the number of
// rows that it touched.
func (d *DB) Exec(ctx context.Context, query string, args ...any) (n int64, err error) {
	if d.shared != nil || d.foreign {
		err = d.Write(ctx, func(tx *Tx) error {
			res, err := tx.Exec(query, args...)
			if err == nil {
				n, err = res.RowsAffected()
			}
			return err
		})
		return n, err
	}
	d.writing.Lock()
	defer d.writing.Unlock()
	res, err := d.write.ExecContext(context.WithoutCancel(ctx), query, args...)
	if err != nil {
		return 0, err
	}
	return res.RowsAffected()
}

// Query reads rows; the caller closes them. In memory the rows hold the only
// connection, so close them before the next call.
func (d *DB) Query(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	return d.read.QueryContext(ctx, query, args...)
}

// QueryRow reads one row.
func (d *DB) QueryRow(ctx context.Context, query string, args ...any) *sql.Row {
	return d.read.QueryRowContext(ctx, query, args...)
}

// Ping tells whether the database answers.
func (d *DB) Ping(ctx context.Context) error {
	var one int
	return d.read.QueryRowContext(ctx, "SELECT 1").Scan(&one)
}

// Close waits for the statements in progress and closes the database.
func (d *DB) Close() error {
	if s := d.shared; s != nil {
		if s.stop != nil {
			s.stop()
		}
		s.running.Wait()
		if s.reading != nil {
			s.reading.Stop()
			<-s.reading.Closed()
		}
	}
	d.writing.Lock()
	defer d.writing.Unlock()
	if d.read == d.write {
		return d.write.Close()
	}
	return errors.Join(d.read.Close(), d.write.Close())
}

// Check reads a whole database file and returns what is wrong with it. A file
// that is not there yet is right.
func Check(ctx context.Context, dir, name string) error {
	path := filepath.Join(dir, name+".db")
	if _, err := os.Stat(path); errors.Is(err, os.ErrNotExist) {
		return nil
	}
	db, err := open(dir, name)
	if err != nil {
		return err
	}
	var verdict string
	err = db.QueryRow(ctx, "PRAGMA quick_check(1)").Scan(&verdict)
	if err == nil && verdict != "ok" {
		err = errors.New(verdict)
	}
	return errors.Join(err, db.Close())
}
