package calllog

import (
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"offhook/assets/lang"

	"github.com/mattn/go-sqlite3"
)

var (
	errUnknownSchema = errors.New("calllog: the file was written by a newer phone")
	errBroken        = errors.New("calllog: the file is broken")
)

// damaged reports whether err says that the file can't be used as it is.
func damaged(err error) bool {
	var coded sqlite3.Error
	if errors.As(err, &coded) {
		// An ErrError is a table or a column that is not there.
		return coded.Code == sqlite3.ErrCorrupt || coded.Code == sqlite3.ErrNotADB || coded.Code == sqlite3.ErrError
	}
	return errors.Is(err, errUnknownSchema) || errors.Is(err, errBroken)
}

// check reads the whole file, as far as SQLite can tell whether it is sound; a
// full log takes some 10 ms.
func (l *Log) check() error {
	var word string
	if err := l.db.QueryRow("PRAGMA quick_check(1)").Scan(&word); err != nil {
		return err
	}
	if word != "ok" {
		return errBroken
	}
	return nil
}

// replace sets a file that can't be used aside, under another name, and begins
// anew with the calls that can still be read in it. The remark says so.
func replace(path string, now func() time.Time, why error) (*Log, lang.Text, error) {
	aside := fmt.Sprintf("%s.%s.bad", path, time.Now().UTC().Format("20060102T150405"))
	if err := os.Rename(path, aside); err != nil {
		return nil, lang.Text{}, errors.Join(why, err)
	}
	for _, suffix := range []string{"-wal", "-shm"} {
		_ = os.Rename(path+suffix, aside+suffix)
	}
	l, err := open(path, now)
	if err != nil {
		return nil, lang.Text{}, err
	}
	n := l.salvage(aside)
	if err := l.settle(); err != nil {
		l.Close()
		return nil, lang.Text{}, err
	}
	code := "call-log.damaged"
	if errors.Is(why, errUnknownSchema) {
		code = "call-log.newer"
	}
	return l, lang.Of(code, n, filepath.Base(aside)), nil
}

// salvage copies the calls that can be read in another file, in their order, and
// returns how many. A file of an older phone has fewer columns.
// It goes from both ends, so that one broken page hides no more than itself.
func (l *Log) salvage(from string) (n int) {
	old, err := sql.Open("sqlite3", dsn(from))
	if err != nil {
		return 0
	}
	defer old.Close()
	names := []string{"rowid"}
	has := columnsOf(old)
	for _, c := range columnsOf(l.db) {
		if slices.Contains(has, c) {
			names = append(names, c)
		}
	}
	tx, err := l.db.Begin()
	if err != nil {
		return 0
	}
	defer tx.Rollback()
	list := strings.Join(names, ", ")
	insert := "INSERT OR IGNORE INTO calls (" + list + ") VALUES (?" + strings.Repeat(",?", len(names)-1) + ")"
	for _, order := range []string{"", " DESC"} {
		rows, err := old.Query("SELECT " + list + " FROM calls NOT INDEXED ORDER BY rowid" + order)
		if err != nil {
			continue
		}
		n += copyRows(tx, insert, rows, len(names))
	}
	if tx.Commit() != nil {
		return 0
	}
	return n
}

// columnsOf are the columns of a log's calls, none if they can't be read.
func columnsOf(db *sql.DB) (names []string) {
	rows, err := db.Query("SELECT name FROM pragma_table_info('calls')")
	if err != nil {
		return nil
	}
	defer rows.Close()
	for rows.Next() {
		var name string
		if rows.Scan(&name) == nil {
			names = append(names, name)
		}
	}
	return names
}

// copyRows inserts what can be read of rows and returns how many were new.
func copyRows(tx *sql.Tx, insert string, rows *sql.Rows, count int) (n int) {
	defer rows.Close()
	for rows.Next() {
		row := make([]any, count)
		fields := make([]any, count)
		for i := range row {
			fields[i] = &row[i]
		}
		if rows.Scan(fields...) != nil {
			continue
		}
		if res, err := tx.Exec(insert, row...); err == nil {
			added, _ := res.RowsAffected()
			n += int(added)
		}
	}
	return n
}
