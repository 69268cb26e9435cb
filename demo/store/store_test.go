package store

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var schema = []string{`CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT NOT NULL)`}

func count(t *testing.T, db *DB) (n int) {
	t.Helper()
	if err := db.QueryRow(context.Background(), "SELECT count(*) FROM notes").Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

func TestWriteIsWholeOrAbsent(t *testing.T) {
	t.Parallel()
	for name, dir := range map[string]string{"memory": "", "file": t.TempDir()} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx := context.Background()
			db, err := Open(ctx, dir, "notes", schema)
			if err != nil {
				t.Fatal(err)
			}
			defer db.Close()
			var wg sync.WaitGroup
			for range 50 {
				wg.Go(func() {
					if _, err := db.Exec(ctx, "INSERT INTO notes(text) VALUES (?)", "x"); err != nil {
						t.Error(err)
					}
				})
			}
			wg.Wait()
			wrong := errors.New("wrong")
			err = db.Write(ctx, func(tx *Tx) error {
				if _, err := tx.Exec("INSERT INTO notes(text) VALUES ('never')"); err != nil {
					return err
				}
				return wrong
			})
			if !errors.Is(err, wrong) {
				t.Fatalf("Write = %v, want the error of its function", err)
			}
			if n := count(t, db); n != 50 {
				t.Fatalf("%d rows, want 50", n)
			}
		})
	}
}

func TestReopenMigratesAndKeeps(t *testing.T) {
	t.Parallel()
	ctx, dir := context.Background(), filepath.Join(t.TempDir(), "a folder?#%")
	db, err := Open(ctx, dir, "notes", schema)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.Exec(ctx, "INSERT INTO notes(text) VALUES ('kept')"); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	newer := append(schema[:1:1], `ALTER TABLE notes ADD COLUMN colour TEXT NOT NULL DEFAULT 'blue'`)
	db, err = Open(ctx, dir, "notes", newer)
	if err != nil {
		t.Fatal(err)
	}
	var colour string
	if err := db.QueryRow(ctx, "SELECT colour FROM notes").Scan(&colour); err != nil || colour != "blue" {
		t.Fatalf("colour = %q, %v", colour, err)
	}
	info, err := os.Stat(filepath.Join(dir, "notes.db"))
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, want only the owner", info.Mode())
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if db, err = Open(ctx, dir, "notes", schema); err == nil || !strings.Contains(err.Error(), "newer program") {
		if db != nil {
			db.Close()
		}
		t.Fatalf("an older program opened a newer database: %v", err)
	}
}
