package endpoint

import (
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// answer writes the status and text of an error as a hat would.
func answer(w http.ResponseWriter, _ *http.Request, err error) {
	var e *Error
	if !errors.As(err, &e) {
		e = &Error{http.StatusInternalServerError, err.Error()}
	}
	http.Error(w, e.Text, e.Status)
}

func TestRoute(t *testing.T) {
	t.Parallel()
	h := Guard(Route(map[string]Func{
		http.MethodGet:    func(w http.ResponseWriter, r *http.Request) error { return nil },
		http.MethodPost:   func(w http.ResponseWriter, r *http.Request) error { var v struct{ A int }; return ReadObject(w, r, &v) },
		http.MethodDelete: func(w http.ResponseWriter, r *http.Request) error { panic("oh") },
	}, answer), slog.New(slog.DiscardHandler), answer)
	for _, row := range []struct {
		method, body string
		status       int
		text         string
	}{
		{"GET", "", 200, ""},
		{"PUT", "", 405, "GET, POST, DELETE"},
		{"DELETE", "", 500, "panic"},
		{"POST", `{"A":1,"B":2}`, 200, ""},
		{"POST", ` {} `, 200, ""},
		{"POST", ``, 400, "JSON object"},
		{"POST", `null`, 400, "JSON object"},
		{"POST", `[{}]`, 400, "JSON object"},
		{"POST", `{} {}`, 400, "JSON object"},
		{"POST", `{"A":"x"}`, 400, "A must not be a JSON string"},
		{"POST", `{"A":` + strings.Repeat("1", MaxBody) + `}`, 413, "larger than 65536 bytes"},
	} {
		rec := httptest.NewRecorder()
		h.ServeHTTP(rec, httptest.NewRequest(row.method, "/", strings.NewReader(row.body)))
		if rec.Code != row.status || !strings.Contains(rec.Body.String(), row.text) {
			t.Errorf("%s %.20q: %d %s, want %d with %q", row.method, row.body, rec.Code, rec.Body, row.status, row.text)
		}
	}
	rec := httptest.NewRecorder()
	Route(nil, answer).ServeHTTP(rec, httptest.NewRequest(http.MethodGet, "/", nil))
	if rec.Code != http.StatusNotFound || rec.Header().Get("Allow") != "" {
		t.Errorf("without functions: %d", rec.Code)
	}
}

func TestCredentials(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		header string
		bearer string
		basic  bool
	}{
		{"", "", false},
		{"Bearer abc", "abc", false},
		{"bearer abc", "abc", false},
		{"Bearer ", "", false},
		{"Bearer", "", false},
		{"Basic dXNlcjpwYXNz", "", true},
		{"Basic dXNlcjpwYXN0", "", false},
		{"Basic Og==", "", false},
		{"Basic !", "", false},
	} {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.Header.Set("Authorization", row.header)
		token, ok := Bearer(r)
		if ok != (row.bearer != "") || ok && token != row.bearer || HasBasic(r, "user", "pass") != row.basic || HasBasic(r, "", "") {
			t.Errorf("%q: %q %v %v", row.header, token, ok, HasBasic(r, "user", "pass"))
		}
	}
}
