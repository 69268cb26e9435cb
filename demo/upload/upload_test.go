package upload

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"offhook/demo/store"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func newStore(t *testing.T) (*Store, http.Handler) {
	t.Helper()
	db, err := store.Open(context.Background(), "", "uploads", []string{Migrations})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	s := New(Config{Dir: t.TempDir(), BaseURL: "/logs", Key: []byte("key"), DB: db})
	mux := http.NewServeMux()
	mux.Handle("PUT /logs/{reference}", s)
	return s, mux
}

func put(h http.Handler, url string, body io.Reader) int {
	rec := httptest.NewRecorder()
	h.ServeHTTP(rec, httptest.NewRequest(http.MethodPut, url, body))
	return rec.Code
}

func files(t *testing.T, s *Store) []string {
	t.Helper()
	list, err := filepath.Glob(filepath.Join(s.cfg.Dir, "*"))
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// Of several uploads to one destination one is kept, whole, and the others
// leave nothing.
func TestOneFileForADestination(t *testing.T) {
	t.Parallel()
	s, h := newStore(t)
	d, err := s.Grant(t.Context(), Request{Account: "demo", Subscriber: "alice", Size: 5})
	if err != nil {
		t.Fatal(err)
	}
	var kept atomic.Int32
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			switch code := put(h, d.URL, strings.NewReader("12345")); code {
			case http.StatusOK:
				kept.Add(1)
			case http.StatusConflict:
			default:
				t.Errorf("status %d", code)
			}
		})
	}
	wg.Wait()
	if kept.Load() != 1 || len(files(t, s)) != 1 {
		t.Errorf("%d kept, files %v", kept.Load(), files(t, s))
	}
	f, name, err := s.Open(t.Context(), "demo", d.Reference)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if text, _ := io.ReadAll(f); string(text) != "12345" || name != d.FileName {
		t.Errorf("%s holds %q", name, text)
	}
	for _, other := range [][2]string{{"other", d.Reference}, {"demo", "none"}, {"demo", "../../etc/passwd"}} {
		if _, _, err := s.Open(t.Context(), other[0], other[1]); !errors.Is(err, ErrNotFound) {
			t.Errorf("%v: %v", other, err)
		}
	}
}

// brokenReader fails in the middle, as a connection does.
type brokenReader struct{ sent bool }

func (b *brokenReader) Read(p []byte) (int, error) {
	if b.sent {
		return 0, io.ErrUnexpectedEOF
	}
	b.sent = true
	return copy(p, "123"), nil
}

func TestBrokenUploadLeavesNothing(t *testing.T) {
	t.Parallel()
	s, h := newStore(t)
	d, err := s.Grant(t.Context(), Request{Account: "demo", Size: 10})
	if err != nil {
		t.Fatal(err)
	}
	if code := put(h, d.URL, &brokenReader{}); code == http.StatusOK {
		t.Error("half a file is taken")
	}
	if list := files(t, s); len(list) != 0 {
		t.Errorf("files %v", list)
	}
	if code := put(h, d.URL, strings.NewReader("0123456789")); code != http.StatusOK {
		t.Errorf("the second try: %d", code)
	}
}

func TestPruneTakesWhatAKillLeft(t *testing.T) {
	t.Parallel()
	s, _ := newStore(t)
	left := filepath.Join(s.cfg.Dir, "partial-123")
	if err := os.WriteFile(left, []byte("half"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := s.Prune(t.Context(), time.Now().Add(-time.Hour)); err != nil || len(files(t, s)) != 1 {
		t.Errorf("an upload in progress: %v, files %v", err, files(t, s))
	}
	if err := s.Prune(t.Context(), time.Now().Add(time.Hour)); err != nil || len(files(t, s)) != 0 {
		t.Errorf("%v, files %v", err, files(t, s))
	}
}

func TestGrantIsBounded(t *testing.T) {
	t.Parallel()
	s, _ := newStore(t)
	for size, want := range map[int64]error{-1: ErrTooLarge, 0: nil, DefaultMaxSize: nil, DefaultMaxSize + 1: ErrTooLarge} {
		if _, err := s.Grant(t.Context(), Request{Size: size}); !errors.Is(err, want) {
			t.Errorf("size %d: %v", size, err)
		}
	}
}

// A subscriber uploads so much a day; what was granted counts while it may come.
func TestBudgetAndDisk(t *testing.T) {
	t.Parallel()
	s, h := newStore(t)
	now := time.Now()
	s.cfg.PerDay, s.cfg.Now = 1000, func() time.Time { return now }
	grant := func(name string, size int64, want error) Destination {
		t.Helper()
		d, err := s.Grant(t.Context(), Request{Account: "demo", Subscriber: name, Size: size})
		if !errors.Is(err, want) {
			t.Errorf("%d bytes of %s: %v, want %v", size, name, err, want)
		}
		return d
	}
	first := grant("alice", 600, nil)
	grant("alice", 500, ErrBudget)
	grant("bob", 1000, nil)
	now = now.Add(s.cfg.Life + time.Second)
	grant("alice", 500, nil) // the first never came
	now = now.Add(-s.cfg.Life)
	if code := put(h, first.URL, strings.NewReader(strings.Repeat("x", 600))); code != http.StatusOK {
		t.Fatalf("upload: %d", code)
	}
	now = now.Add(s.cfg.Life + time.Minute)
	grant("alice", 500, ErrBudget) // it came
	now = now.Add(24 * time.Hour)
	late := grant("alice", 1000, nil)
	s.cfg.Reserve = 1 << 62
	grant("alice", 1, ErrDisk)
	if code := put(h, late.URL, strings.NewReader("x")); code != http.StatusInsufficientStorage {
		t.Errorf("an upload to a full disk: %d", code)
	}
}
