package platform

import (
	"bytes"
	"net/http"
	"testing"
	"time"
)

// A recording is fetched in parts as it is read; a platform that answers something else
// is not believed.
func TestOpenRecording(t *testing.T) {
	t.Parallel()
	whole := make([]byte, 3*recordingPart+17)
	for i := range whole {
		whole[i] = byte(i * 7)
	}
	fetches, lies := 0, ""
	c, _ := serve(t, func(w http.ResponseWriter, r *http.Request) {
		fetches++
		switch lies {
		case "no range":
			_, _ = w.Write(whole)
			return
		case "another range":
			w.Header().Set("Content-Range", "bytes 5-8/99")
			w.WriteHeader(http.StatusPartialContent)
			_, _ = w.Write(whole[:4])
			return
		}
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(whole))
	})
	r, err := c.OpenRecording(t.Context(), "s1")
	if err != nil || r.Size() != int64(len(whole)) {
		t.Fatalf("%v, %d bytes", err, r.Size())
	}
	got := make([]byte, len(whole))
	for _, at := range []int64{0, recordingPart - 5, 2 * recordingPart, 10, int64(len(whole)) - 3} {
		n, _ := r.ReadAt(got, at)
		if !bytes.Equal(got[:n], whole[at:]) {
			t.Errorf("%d bytes from %d on differ", n, at)
		}
	}
	if fetches > 12 {
		t.Errorf("%d fetches", fetches)
	}
	for _, lies = range []string{"no range", "another range"} {
		if _, err := c.OpenRecording(t.Context(), "s1"); err == nil {
			t.Errorf("%s is believed", lies)
		}
	}
}

// FuzzReadRange: what a platform says of a part never points outside of it.
func FuzzReadRange(f *testing.F) {
	for _, h := range []string{"bytes 0-9/100", "bytes 0-9/*", "bytes -1-9/5", "", "bytes 9223372036854775807-1/9223372036854775807"} {
		f.Add(h, 10)
	}
	f.Fuzz(func(t *testing.T, h string, n int) {
		p, err := readRange(&http.Response{Header: http.Header{"Content-Range": {h}}}, make([]byte, n&0xffff))
		if err == nil && (p.from < 0 || p.size-int64(len(p.body)) < p.from) {
			t.Errorf("%q: %d of %d", h, p.from, p.size)
		}
	})
}
