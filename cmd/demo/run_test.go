package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestUsage(t *testing.T) {
	t.Parallel()
	config := func(text string) string {
		path := filepath.Join(t.TempDir(), "config")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	data := t.TempDir()
	for _, row := range []struct {
		name           string
		args           []string
		code           int
		stdout, stderr string // parts
	}{
		{"nothing", nil, 2, "", "Usage:"},
		{"help", []string{"--help"}, 0, "offhook-demo serve", ""},
		{"unknown command", []string{"fly"}, 2, "", `there is no command "fly"`},
		{"serve help", []string{"serve", "--help"}, 0, "-media-listen", ""},
		{"serve, unknown flag", []string{"serve", "--fly"}, 2, "", "-fly"},
		{"serve, unknown flag in JSON", []string{"serve", "--json", "--fly"}, 2, `{"error":{"code":"USAGE","message":`, ""},
		{"serve, bad duration", []string{"serve", "--ring-limit", "soon"}, 2, "", "ring-limit"},
		{"serve, argument", []string{"serve", "now"}, 2, "", "no argument"},
		{"serve, bad public IP", []string{"serve", "--public-ip", "1.2.3"}, 2, "", "public-ip"},
		{"serve, half of TLS", []string{"serve", "--tls-cert", "x"}, 2, "", "certificate and a key"},
		{"serve, public URL with path", []string{"serve", "--public-url", "https://example.com/x"}, 2, "", "public URL"},
		{"serve, key without token", []string{"serve", "--api-key", "k"}, 2, "", "API token"},
		{"serve, port of nobody", []string{"serve", "--listen", "256.0.0.1:1"}, 1, "", "listen"},
		{"serve, port of nobody in JSON", []string{"serve", "--json", "--listen", "256.0.0.1:1"}, 1, `{"error":{"code":"FAILED"`, ""},
		{"serve, hold music of another form", []string{"serve", "--hold-music", config("ID3")}, 2, "", "not a WAV file of PCM or an Ogg file of Opus"},
		{"serve, hold music and none", []string{"serve", "--hold-music", "x", "--no-hold-music"}, 2, "", "no hold music is wanted"},
		{"serve, no file of hold music", []string{"serve", "--hold-music", "/nonexistent"}, 2, "", "hold music"},
		{"serve, all recorded without a key", []string{"serve", "--record", "all"}, 2, "", "offhook-demo recording-key makes one"},
		{"serve, a key that is none", []string{"serve", "--data", data, "--recording-key", config("s3cret")}, 2, "", "AGE-SECRET-KEY-1"},
		{"serve, no file of the key", []string{"serve", "--data", data, "--recording-key", "/nonexistent"}, 2, "", "key of recordings"},
		{"serve, recordings in memory", []string{"serve", "--recording-key", "x"}, 2, "", "data folder"},
		{"serve, another word for which calls", []string{"serve", "--record", "some"}, 2, "", "never"},
		{"recording-key", []string{"recording-key"}, 0, "AGE-SECRET-KEY-1", ""},
		{"recording-open without a recording", []string{"recording-open", config("s3cret")}, 2, "", "file of the key"},
		{"recording-open, a key that is none", []string{"recording-open", config("s3cret"), "x"}, 1, "", "age-keygen"},
		{"recording-key with a name", []string{"recording-key", "x"}, 2, "", "no arguments"},
		{"config, no file", []string{"serve", "--config", "/nonexistent"}, 2, "", "config"},
		{"config, unknown name", []string{"serve", "--config", config("# mine\n\nfly = high\n")}, 2, "", `:3: there is no setting "fly"`},
		{"config, no value", []string{"serve", "--config", config("listen")}, 2, "", ":1: want name = value"},
		{"config, secret of a bad form", []string{"serve", "--config", config("ring-limit = s3cret")}, 2, "", "ring-limit is not of its form"},
		{"config in a config", []string{"serve", "--config", config("config = x")}, 2, "", "no setting"},
		{"config, the command line goes before it", []string{"serve", "--listen", "256.0.0.1:1", "--config", config("listen = 127.0.0.1:0")}, 1, "", "256.0.0.1"},
		{"user", []string{"user"}, 2, "", "add, list, password"},
		{"user help", []string{"user", "--help"}, 0, "add NAME", ""},
		{"user dance", []string{"user", "dance", "--data", data}, 2, "", "no command dance"},
		{"user without data", []string{"user", "list"}, 2, "", "--data"},
		{"user add without name", []string{"user", "add", "--data", data}, 2, "", "takes 1 name"},
		{"user add, bad name", []string{"user", "add", "d a v e", "--data", data, "--password-file", config("secret")}, 1, "", "letters and digits"},
		{"user add, no password", []string{"user", "add", "dave", "--data", data, "--password-file", config("\n")}, 1, "", "password"},
		{"user remove nobody", []string{"user", "remove", "nobody", "--data", data, "--json"}, 1, `{"error":{"code":"FAILED"`, ""},
		{"doctor help", []string{"doctor", "--help"}, 0, "says what to do", ""},
		{"doctor", []string{"doctor", "--listen", "127.0.0.1:0", "--media-listen", "127.0.0.1:0", "--data", data}, 0, "databases are whole", ""},
		{"doctor, sick", []string{"doctor", "--listen", "256.0.0.1:1", "--json"}, 1, `"ok":false`, ""},
		{"doctor, sick backend", []string{"doctor", "--listen", "127.0.0.1:0", "--media-listen", "127.0.0.1:0", "--push-url", "http://127.0.0.1:1/x"}, 1, "Nothing answers", "something is wrong"},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			var stdout, stderr bytes.Buffer
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
			defer cancel()
			code := run(ctx, row.args, &stdout, &stderr)
			if code != row.code || !strings.Contains(stdout.String(), row.stdout) || !strings.Contains(stderr.String(), row.stderr) {
				t.Errorf("exit code %d, want %d\nstdout: %s\nstderr: %s", code, row.code, &stdout, &stderr)
			}
			if strings.Contains(stdout.String()+stderr.String(), "s3cret") {
				t.Error("a value of the config file is told")
			}
		})
	}
}

// serve runs from its first line to its end, and users come and go meanwhile.
func TestServe(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	password := filepath.Join(t.TempDir(), "password")
	if err := os.WriteFile(password, []byte("open sesame\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, end := context.WithCancel(t.Context())
	out, in := io.Pipe()
	ended := make(chan int)
	var stderr bytes.Buffer // read after the end
	go func() {
		code := run(ctx, []string{"serve", "--listen", "127.0.0.1:0", "--media-listen", "127.0.0.1:0", "--data", data, "--json", "--api-key", "key", "--api-token", "s3cret-token"}, in, &stderr)
		in.Close()
		ended <- code
	}()
	var ready struct{ URL, Account, Exophone string }
	lines := json.NewDecoder(out)
	if err := lines.Decode(&ready); err != nil {
		t.Fatal(err)
	}
	if ready.Account != "demo" || ready.Exophone != "08040408080" {
		t.Errorf("ready line %+v", ready)
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	login := func() int {
		res, err := client.Post(ready.URL+"/v1/login", "application/json", strings.NewReader(`{"user_name":"dave","password":"open sesame","account_sid":"demo","device_id":"d"}`))
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		return res.StatusCode
	}
	user := func(args ...string) string {
		var stdout, stderr bytes.Buffer
		if code := run(t.Context(), append([]string{"user"}, append(args, "--data", data)...), &stdout, &stderr); code != 0 {
			t.Fatalf("user %v: %d %s", args, code, &stderr)
		}
		return stdout.String()
	}
	if code := login(); code != http.StatusForbidden {
		t.Errorf("login before the sign-up: %d", code)
	}
	user("add", "dave", "--password-file", password, "--display-name", "Dave D.")
	if code := login(); code != http.StatusOK {
		t.Errorf("login after the sign-up: %d", code)
	}
	if list := user("list"); !strings.Contains(list, "Dave D.") || !strings.Contains(list, "alice") {
		t.Errorf("list: %s", list)
	}
	user("remove", "dave")
	if code := login(); code != http.StatusForbidden {
		t.Errorf("login after the removal: %d", code)
	}
	end()
	if code := <-ended; code != 0 {
		t.Errorf("exit code %d", code)
	}
	if rest, _ := io.ReadAll(io.MultiReader(lines.Buffered(), out)); len(bytes.TrimSpace(rest)) > 0 {
		t.Errorf("more than one line: %s", rest)
	}
	for _, secret := range []string{"s3cret-token", "open sesame", "eyJ"} {
		if strings.Contains(stderr.String(), secret) {
			t.Errorf("the log tells %q:\n%s", secret, &stderr)
		}
	}
}
