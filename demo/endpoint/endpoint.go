package endpoint

import (
	"bytes"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"runtime/debug"
	"strings"
)

// MaxBody is the largest JSON body that is read, in bytes.
const MaxBody = 64 << 10

// Func answers a request, or returns the error to answer with and has written
// nothing.
type Func func(w http.ResponseWriter, r *http.Request) error

// Fail writes the answer to an error in the form of its hat.
type Fail func(w http.ResponseWriter, r *http.Request, err error)

// Error is an error of a request itself: its status, and what is wrong in words
// that the client may read.
type Error struct {
	Status int
	Text   string
}

// Error describes the error for the log.
func (e *Error) Error() string { return fmt.Sprintf("%d: %s", e.Status, e.Text) }

// methods are those that Route knows, in the order in which Allow names them.
var methods = []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodDelete}

// Route picks the function for the request's method. Without one it fails with
// an *Error of status 405, and with 404 if there is no method at all.
func Route(functions map[string]Func, fail Fail) http.Handler {
	var allowed []string
	for _, m := range methods {
		if functions[m] != nil {
			allowed = append(allowed, m)
		}
	}
	allow := strings.Join(allowed, ", ")
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		serve := functions[r.Method]
		switch {
		case serve != nil:
			if err := serve(w, r); err != nil {
				fail(w, r, err)
			}
		case allow == "":
			fail(w, r, &Error{http.StatusNotFound, "There is nothing at this path"})
		default:
			w.Header().Set("Allow", allow)
			fail(w, r, &Error{http.StatusMethodNotAllowed, "This path takes " + allow})
		}
	})
}

// ErrPanic is what Guard fails with.
var ErrPanic = errors.New("panic in a request")

// Guard turns a panic into an answer and a line in the log.
func Guard(next http.Handler, log *slog.Logger, fail Fail) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			switch p := recover(); p {
			case nil:
			case http.ErrAbortHandler:
				panic(p)
			default:
				log.Error("panic in a request", "method", r.Method, "path", r.URL.Path, "panic", p, "stack", string(debug.Stack()))
				fail(w, r, ErrPanic)
			}
		}()
		next.ServeHTTP(w, r)
	})
}

// ReadObject reads a body that must be one JSON object of at most MaxBody bytes
// into v. Fields that v does not know are passed over, so that newer clients
// work. It fails with an *Error.
func ReadObject(w http.ResponseWriter, r *http.Request, v any) error {
	const form = "The body is not a JSON object of the documented form"
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, MaxBody))
	if err != nil {
		var tooLarge *http.MaxBytesError
		if errors.As(err, &tooLarge) {
			return &Error{http.StatusRequestEntityTooLarge, fmt.Sprintf("The body is larger than %d bytes", tooLarge.Limit)}
		}
		return &Error{http.StatusBadRequest, "The body could not be read"}
	}
	if err := json.Unmarshal(body, v); err != nil {
		var wrongType *json.UnmarshalTypeError
		if errors.As(err, &wrongType) && wrongType.Field != "" {
			return &Error{http.StatusBadRequest, fmt.Sprintf("%s must not be a JSON %s", wrongType.Field, wrongType.Value)}
		}
		return &Error{http.StatusBadRequest, form}
	}
	if !bytes.HasPrefix(bytes.TrimSpace(body), []byte("{")) {
		return &Error{http.StatusBadRequest, form}
	}
	return nil
}

// Bearer returns the request's Bearer token.
func Bearer(r *http.Request) (token string, ok bool) {
	scheme, token, ok := strings.Cut(r.Header.Get("Authorization"), " ")
	return token, ok && strings.EqualFold(scheme, "Bearer") && token != ""
}

// HasBasic reports whether the request brings these Basic credentials, in a time
// that tells nothing of them. Empty ones are never right.
func HasBasic(r *http.Request, user, password string) bool {
	u, p, ok := r.BasicAuth()
	right := same(u, user) & same(p, password)
	return ok && right == 1 && user != "" && password != ""
}

func same(a, b string) int {
	x, y := sha256.Sum256([]byte(a)), sha256.Sum256([]byte(b))
	return subtle.ConstantTimeCompare(x[:], y[:])
}
