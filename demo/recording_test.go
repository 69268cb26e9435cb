package demo

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"offhook/demo/exophone"
	"offhook/demo/platform"
	"offhook/demo/relay/relaytest"
	"offhook/voice/recording"
)

// A recording on the disk is of no use without its key, and nobody hears any of it
// without a line in the log, whichever part is asked for, and by whichever way.
func TestNobodyListensUnseen(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	_, key, err := recording.GenerateKey()
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "key")
	if err := os.WriteFile(file, []byte(key), 0o600); err != nil {
		t.Fatal(err)
	}
	data := filepath.Join(dir, "data")
	p := startPlatform(t, Config{
		DataDir: data, RecordingKeyFile: file, Record: exophone.RecordAll, RecordingTold: "none",
		Accounts: []platform.Account{{SID: "demo", APIKey: "key", APIToken: "token", Exophone: DemoExophone, VoIP: true}},
	})
	session := talkToWith(t, signedIn(t, p, "alice"), "announcer", relaytest.Tone(440, time.Second))
	call := p.URL() + "/v2/accounts/demo/calls/" + session
	ask := func(method, url, part string, credentials bool) (int, []byte) {
		t.Helper()
		req, err := http.NewRequest(method, url, nil)
		if err != nil {
			t.Fatal(err)
		}
		if part != "" {
			req.Header.Set("Range", part)
		}
		if credentials {
			req.SetBasicAuth("key", "token")
		}
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		body, err := io.ReadAll(res.Body)
		if err != nil {
			t.Fatal(err)
		}
		return res.StatusCode, body
	}
	listened := func() int {
		t.Helper()
		var report struct {
			Response struct {
				Data platform.CallReport `json:"data"`
			} `json:"response"`
		}
		status, body := ask(http.MethodGet, call, "", true)
		if err := json.Unmarshal(body, &report); err != nil || report.Response.Data.Recording == nil {
			t.Fatalf("%d %s: %v", status, body, err)
		}
		return len(report.Response.Data.Recording.Listened)
	}
	var link string
	relaytest.Eventually(t, "the recording", func() bool {
		var made struct {
			Response struct {
				Data struct{ URL string } `json:"data"`
			} `json:"response"`
		}
		_, body := ask(http.MethodPost, call+"/recording/link", "", true)
		if err := json.Unmarshal(body, &made); err != nil {
			t.Fatal(err)
		}
		link = made.Response.Data.URL
		return link != ""
	})

	for _, row := range []struct {
		name, url, part string
		credentials     bool
		status, times   int // how often the log has it then
	}{
		{"without credentials", call + "/recording", "", false, 401, 0},
		{"all but the first byte", call + "/recording", "bytes=1-", true, 206, 1},
		{"a part of the same", call + "/recording", "bytes=100-", true, 206, 1},
		{"from the beginning", call + "/recording", "", true, 200, 2},
		{"by a link, all but the first byte", link, "bytes=1-", false, 206, 3},
		{"by a link, a part of the same", link, "bytes=50-", false, 206, 3},
		{"by a link, the end", link, "bytes=-200", false, 206, 4},
		{"by another link", link + "x", "bytes=1-", false, 403, 4},
	} {
		if status, body := ask(http.MethodGet, row.url, row.part, row.credentials); status != row.status {
			t.Errorf("%s: %d %.100s", row.name, status, body)
		}
		if n := listened(); n != row.times {
			t.Errorf("%s: the log has %d fetches, want %d", row.name, n, row.times)
		}
	}

	_, sound := ask(http.MethodGet, call+"/recording", "", true)
	files, err := filepath.Glob(filepath.Join(data, "recordings", "*.rec"))
	if err != nil || len(files) != 1 || !bytes.HasPrefix(sound, []byte("OggS")) {
		t.Fatalf("%v, %v; the sound begins %.4q", files, err, sound)
	}
	stored, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	for at := 0; at+32 <= len(sound); at += 32 {
		if bytes.Contains(stored, sound[at:at+32]) {
			t.Fatalf("the file on the disk holds the sound, from byte %d on", at)
		}
	}
	if text := string(stored); strings.Contains(text, "OpusHead") || strings.Contains(text, session) || strings.Contains(text, strings.TrimSpace(key)) {
		t.Error("the file on the disk can be read without the key")
	}
}
