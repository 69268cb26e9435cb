package upload

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"mime"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"time"

	"github.com/google/uuid"

	"offhook/demo/store"
	"offhook/internal/disk"
)

// Defaults and bounds of a destination.
const (
	DefaultMaxSize = 50 << 20
	DefaultLife    = 15 * time.Minute
	DefaultPerDay  = 200 << 20
	DefaultReserve = 256 << 20
	maxDescription = 2000
	// slowest is the least rate of an upload, in bytes a second, beyond a grace
	// of slowGrace: it bounds how long a slow peer holds a connection.
	slowest   = 16 << 10
	slowGrace = 30 * time.Second
	// multipartOverhead is allowed around a file that comes as a form field.
	multipartOverhead = 4 << 10
	partialFiles      = "partial-*"
)

// Migrations is the schema that a Store needs in its database.
const Migrations = `
CREATE TABLE uploads (
	reference TEXT PRIMARY KEY, account TEXT NOT NULL, name TEXT NOT NULL, session TEXT NOT NULL,
	description TEXT NOT NULL, granted INTEGER NOT NULL, received INTEGER, size INTEGER NOT NULL);
CREATE INDEX uploads_by_account ON uploads (account, granted);
`

// Errors of Grant and Open.
var (
	ErrTooLarge = errors.New("the file is larger than the platform takes")
	ErrNotFound = errors.New("there is no such upload")
	// ErrBudget says that the subscriber has had its bytes of the last 24 hours.
	ErrBudget = errors.New("the subscriber has uploaded enough for a day")
	// ErrDisk says that the disk is nearly full: what is left is for calls.
	ErrDisk = errors.New("the disk is nearly full")
)

// Config is what New needs.
type Config struct {
	// Dir holds the files. It must exist.
	Dir string
	// BaseURL is the address at which Handler is mounted, without a slash at
	// its end; the reference and the signature follow it.
	BaseURL string
	// Key signs the destinations.
	Key []byte
	DB  *store.DB
	// MaxSize is the most bytes of one file, Life how long a destination lives.
	// 0 means the defaults.
	MaxSize int64
	Life    time.Duration
	// PerDay is the most bytes of one subscriber in 24 hours, Reserve how many must
	// stay free on the disk. 0 means the defaults.
	PerDay  int64
	Reserve uint64
	Now     func() time.Time
	Logger  *slog.Logger
}

// Store keeps uploads. Its methods are safe for concurrent use.
type Store struct {
	cfg Config
}

// New makes a Store.
func New(cfg Config) *Store {
	if cfg.MaxSize <= 0 {
		cfg.MaxSize = DefaultMaxSize
	}
	if cfg.Life <= 0 {
		cfg.Life = DefaultLife
	}
	if cfg.PerDay <= 0 {
		cfg.PerDay = DefaultPerDay
	}
	if cfg.Reserve == 0 {
		cfg.Reserve = DefaultReserve
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	return &Store{cfg: cfg}
}

// Request says who wants to upload what. A Size of 0 means unknown: then the
// largest size is granted. Session may be empty.
type Request struct {
	Account, Subscriber, Session, Description string
	Size                                      int64
}

// Destination is where one file may be PUT.
type Destination struct {
	URL       string
	FileName  string
	Reference string
}

// Room returns ErrDisk when less than the reserve is free. A disk that can't be
// asked counts as one with room.
func (s *Store) Room() error {
	if free, err := disk.Free(s.cfg.Dir); err == nil && free < s.cfg.Reserve {
		return ErrDisk
	}
	return nil
}

// within returns ErrBudget when size more bytes are too much for the subscriber's
// day. What was granted and has not come counts while it may still come.
func (s *Store) within(ctx context.Context, req Request) error {
	now := s.cfg.Now()
	var spent int64
	err := s.cfg.DB.QueryRow(ctx, `SELECT coalesce(sum(size), 0) FROM uploads WHERE account = ? AND name = ? AND granted > ? AND (received IS NOT NULL OR granted > ?)`,
		req.Account, req.Subscriber, now.Add(-24*time.Hour).UnixMilli(), now.Add(-s.cfg.Life).UnixMilli()).Scan(&spent)
	if err == nil && spent+req.Size > s.cfg.PerDay {
		err = ErrBudget
	}
	return err
}

// Grant gives out a destination. It returns ErrTooLarge when the file would be,
// ErrBudget or ErrDisk when it may not come now.
func (s *Store) Grant(ctx context.Context, req Request) (Destination, error) {
	switch {
	case req.Size > s.cfg.MaxSize || req.Size < 0:
		return Destination{}, ErrTooLarge
	case req.Size == 0:
		req.Size = s.cfg.MaxSize
	}
	if err := errors.Join(s.Room(), s.within(ctx, req)); err != nil {
		return Destination{}, err
	}
	if r := []rune(req.Description); len(r) > maxDescription {
		req.Description = string(r[:maxDescription])
	}
	reference, now := uuid.NewString(), s.cfg.Now()
	if _, err := s.cfg.DB.Exec(ctx, "INSERT INTO uploads (reference, account, name, session, description, granted, size) VALUES (?, ?, ?, ?, ?, ?, ?)",
		reference, req.Account, req.Subscriber, req.Session, req.Description, now.UnixMilli(), req.Size); err != nil {
		return Destination{}, fmt.Errorf("grant an upload: %w", err)
	}
	expires := now.Add(s.cfg.Life).Unix()
	query := url.Values{"expires": {strconv.FormatInt(expires, 10)}, "size": {strconv.FormatInt(req.Size, 10)}, "signature": {s.signature(reference, expires, req.Size)}}
	return Destination{URL: s.cfg.BaseURL + "/" + reference + "?" + query.Encode(), FileName: fileName(reference), Reference: reference}, nil
}

func fileName(reference string) string { return reference + ".zip" }

func (s *Store) signature(reference string, expires, size int64) string {
	mac := hmac.New(sha256.New, s.cfg.Key)
	fmt.Fprintf(mac, "PUT\n%s\n%d\n%d", reference, expires, size)
	return hex.EncodeToString(mac.Sum(nil))
}

var referenceForm = regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)

// ServeHTTP takes a PUT whose path has the wildcard {reference}: 200 when the
// file is kept, 403 for a wrong or expired signature, 409 for a second file,
// 413 for one over its size.
func (s *Store) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	reference := r.PathValue("reference")
	size, ok := s.authorised(r, reference)
	if !ok {
		http.Error(w, "the signature is wrong or has expired", http.StatusForbidden)
		return
	}
	deadline := time.Now().Add(slowGrace + time.Duration(size/slowest)*time.Second)
	if err := http.NewResponseController(w).SetReadDeadline(deadline); err != nil && !errors.Is(err, http.ErrNotSupported) {
		s.cfg.Logger.Warn("no deadline on an upload", "error", err)
	}
	body, err := file(w, r, size)
	if err == nil {
		err = s.Room()
	}
	if err == nil {
		err = s.receive(r.Context(), reference, body, size)
	}
	var tooLarge *http.MaxBytesError
	switch {
	case err == nil:
		w.WriteHeader(http.StatusOK)
	case errors.Is(err, ErrTooLarge) || errors.As(err, &tooLarge):
		http.Error(w, "the file is larger than was granted", http.StatusRequestEntityTooLarge)
	case errors.Is(err, ErrDisk):
		http.Error(w, "the disk is nearly full", http.StatusInsufficientStorage)
	case errors.Is(err, errReceived):
		http.Error(w, "the file is here already", http.StatusConflict)
	case errors.Is(err, errNoFile):
		http.Error(w, "the form has no field named file", http.StatusBadRequest)
	default:
		s.cfg.Logger.Warn("upload failed", "reference", reference, "error", err)
		http.Error(w, "the file could not be kept", http.StatusInternalServerError)
	}
}

func (s *Store) authorised(r *http.Request, reference string) (size int64, ok bool) {
	query := r.URL.Query()
	size, errSize := strconv.ParseInt(query.Get("size"), 10, 64)
	expires, errExpires := strconv.ParseInt(query.Get("expires"), 10, 64)
	if errSize != nil || errExpires != nil || !referenceForm.MatchString(reference) {
		return 0, false
	}
	want := s.signature(reference, expires, size)
	return size, hmac.Equal([]byte(want), []byte(query.Get("signature"))) && s.cfg.Now().Unix() <= expires
}

var (
	errReceived = errors.New("received before")
	errNoFile   = errors.New("no field named file")
)

// file returns the file's bytes: the body, or the form field "file" as some
// clients send it.
func file(w http.ResponseWriter, r *http.Request, size int64) (io.Reader, error) {
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || kind != "multipart/form-data" {
		return http.MaxBytesReader(w, r.Body, size), nil
	}
	r.Body = http.MaxBytesReader(w, r.Body, size+multipartOverhead)
	form, err := r.MultipartReader()
	if err != nil {
		return nil, errNoFile
	}
	for {
		part, err := form.NextPart()
		if err != nil {
			return nil, errNoFile
		}
		if part.FormName() == "file" {
			return part, nil
		}
	}
}

// receive writes beside the final name and renames, so that a file under its
// name is always whole.
func (s *Store) receive(ctx context.Context, reference string, body io.Reader, size int64) (err error) {
	f, err := os.CreateTemp(s.cfg.Dir, partialFiles)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(f.Name()))
		}
	}()
	n, err := io.Copy(f, io.LimitReader(body, size+1))
	if err == nil && n > size {
		err = ErrTooLarge
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	marked, err := s.cfg.DB.Exec(ctx, "UPDATE uploads SET received = ?, size = ? WHERE reference = ? AND received IS NULL", s.cfg.Now().UnixMilli(), n, reference)
	if err != nil {
		return err
	}
	if marked == 0 {
		return errReceived
	}
	return os.Rename(f.Name(), filepath.Join(s.cfg.Dir, fileName(reference)))
}

// Upload is a file that arrived.
type Upload struct {
	Reference, Subscriber, Session, Description string
	Received                                    time.Time
	Size                                        int64
}

// List returns the newest uploads of an account, at most limit. A session other
// than "" keeps those of that call.
func (s *Store) List(ctx context.Context, account, session string, limit int) ([]Upload, error) {
	rows, err := s.cfg.DB.Query(ctx, `SELECT reference, name, session, description, received, size FROM uploads
		WHERE account = ? AND (? = '' OR session = ?) AND received IS NOT NULL ORDER BY received DESC LIMIT ?`, account, session, session, limit)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var list []Upload
	for rows.Next() {
		var u Upload
		var at int64
		if err := rows.Scan(&u.Reference, &u.Subscriber, &u.Session, &u.Description, &at, &u.Size); err != nil {
			return nil, err
		}
		u.Received = time.UnixMilli(at)
		list = append(list, u)
	}
	return list, rows.Err()
}

// Open opens an account's upload for reading; the caller closes it. Another
// account's upload is ErrNotFound.
func (s *Store) Open(ctx context.Context, account, reference string) (*os.File, string, error) {
	var one int
	err := s.cfg.DB.QueryRow(ctx, "SELECT 1 FROM uploads WHERE account = ? AND reference = ? AND received IS NOT NULL", account, reference).Scan(&one)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, "", ErrNotFound
	}
	if err != nil {
		return nil, "", err
	}
	f, err := os.Open(filepath.Join(s.cfg.Dir, fileName(reference)))
	return f, fileName(reference), err
}

// Prune deletes what was granted before a time: the file, if it came, and what
// is known of it. A partial file that its upload left behind goes too.
func (s *Store) Prune(ctx context.Context, before time.Time) error {
	rows, err := s.cfg.DB.Query(ctx, "SELECT reference FROM uploads WHERE granted < ?", before.UnixMilli())
	if err != nil {
		return err
	}
	var files []string
	for rows.Next() {
		var reference string
		if err := rows.Scan(&reference); err != nil {
			return errors.Join(err, rows.Close())
		}
		files = append(files, filepath.Join(s.cfg.Dir, fileName(reference)))
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return err
	}
	partial, err := filepath.Glob(filepath.Join(s.cfg.Dir, partialFiles))
	if err != nil {
		return err
	}
	for _, name := range partial {
		if info, err := os.Stat(name); err == nil && info.ModTime().Before(before) {
			files = append(files, name)
		}
	}
	// Files first: what is in the database can be tried again.
	for _, name := range files {
		if removeErr := os.Remove(name); removeErr != nil && !errors.Is(removeErr, os.ErrNotExist) {
			err = errors.Join(err, removeErr)
		}
	}
	if err != nil {
		return err
	}
	_, err = s.cfg.DB.Exec(ctx, "DELETE FROM uploads WHERE granted < ?", before.UnixMilli())
	return err
}
