package control

import (
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"offhook/app/secrets"
	"offhook/app/settings"
)

// A code holds for three tries and for the page that asked; one who asks again and
// again, or sends more than a person could, is made to wait.
func TestCodesAndRates(t *testing.T) {
	t.Parallel()
	d := newDesk(t, t.TempDir())
	p := openDesk(t, d)
	status, _, asked := p.do("POST", "/v1/pairings", `{"name":"Customers"}`)
	if status != http.StatusAccepted {
		t.Fatalf("%d %v", status, asked)
	}
	path := "/v1/pairings/" + asked["pairing"].(string)
	if err := d.phone.Settle(t.Context()); err != nil {
		t.Fatal(err)
	}
	right := d.phone.Snapshot().Pairing.Code
	wrong := "000000"
	if right == wrong {
		wrong = "000001"
	}
	if code, text := d.ctl("desk-api"); code != ExitOK || !strings.Contains(text, right) {
		t.Errorf("a phone without a window does not tell the code: %s", text)
	}
	for range pairingTries {
		if status, _, _ := p.do("POST", path, `{"code":"`+wrong+`"}`); status != http.StatusForbidden {
			t.Errorf("a wrong code: %d", status)
		}
	}
	if status, _, _ := p.do("POST", path, `{"code":"`+right+`"}`); status != http.StatusForbidden {
		t.Errorf("the right code after three wrong ones: %d", status)
	}
	if err := d.phone.Settle(t.Context()); err != nil {
		t.Fatal(err)
	}
	if shown := d.phone.Snapshot().Pairing; shown != nil {
		t.Errorf("the phone still shows %+v", shown)
	}
	for _, body := range []string{`{"name":""}`, `{"name":"` + strings.Repeat("x", 500) + `"}`, `[]`} {
		if status, _, got := p.do("POST", "/v1/pairings", body); status != http.StatusBadRequest && status != http.StatusAccepted {
			t.Errorf("%.30s: %d %v", body, status, got)
		}
	}
	tooFast := false
	for range 2 * strangerBurst {
		status, h, _ := p.do("POST", "/v1/pairings", `{"name":"Again"}`)
		tooFast = tooFast || status == http.StatusTooManyRequests && h.Get("Retry-After") != ""
	}
	if !tooFast {
		t.Error("nobody is made to wait")
	}
}

// lockable is a keyring that may be locked.
type lockable struct {
	secrets.Memory
	locked atomic.Bool
	asked  atomic.Int32
}

func (l *lockable) Get(name string) (string, error) {
	if l.asked.Add(1); l.locked.Load() {
		return "", secrets.ErrBusy
	}
	return l.Memory.Get(name)
}

// A page that was paired stays so when the phone starts before the keyring is unlocked:
// it is told to wait, nothing is written over its pairing, and the keyring is not asked
// at each request.
func TestPairingsOutliveALockedKeyring(t *testing.T) {
	t.Parallel()
	store := &lockable{}
	var ahead atomic.Int64
	change := func(c *Config) {
		c.Secrets, c.now = store, func() time.Time { return time.Now().Add(time.Duration(ahead.Load())) }
	}
	base := t.TempDir()
	first := newDesk(t, base, change)
	token := openDesk(t, first).pair(first).token
	first.end()

	store.locked.Store(true)
	d := newDesk(t, base, change)
	p := openDesk(t, d)
	p.token = token
	before := store.asked.Load()
	for range 3 {
		if status, _, got := p.do("GET", "/v1/status", ""); status != http.StatusServiceUnavailable || got["error"] == nil {
			t.Errorf("while the keyring is locked: %d %v", status, got)
		}
	}
	if n := store.asked.Load() - before; n != 1 {
		t.Errorf("the keyring was asked %d times", n)
	}
	if status, _, got := p.do("POST", "/v1/pairings", `{"name":"Another"}`); status == http.StatusAccepted {
		t.Errorf("a page is being paired: %v", got)
	}
	store.locked.Store(false)
	ahead.Add(int64(keyringEvery))
	if status, _, got := p.do("GET", "/v1/status", ""); status != http.StatusOK {
		t.Errorf("once the keyring is unlocked: %d %v", status, got)
	}
}

// A page whose origin is taken out of the settings loses its open socket too.
func TestAnOriginThatIsTakenAway(t *testing.T) {
	t.Parallel()
	d := newDesk(t, t.TempDir())
	p := openDesk(t, d).pair(d)
	conn, err := p.socket()
	if err != nil {
		t.Fatal(err)
	}
	defer conn.CloseNow()
	conn.SetReadLimit(1 << 20)
	if err := d.phone.UpdateSettings(func(s *settings.Settings) { s.DeskAPI.Origins = []string{"https://other.example"} }); err != nil {
		t.Fatal(err)
	}
	if err := d.phone.Settle(t.Context()); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for {
			if _, _, err := conn.Read(t.Context()); err != nil {
				return
			}
		}
	}()
	select {
	case <-ended:
	case <-time.After(time.Minute):
		t.Error("the socket goes on")
	}
	if status, _, _ := p.do("GET", "/v1/status", ""); status != http.StatusForbidden {
		t.Errorf("the page gets %d", status)
	}
	p.origin = "https://other.example"
	if conn, err := p.socket(); err == nil {
		conn.CloseNow()
		t.Error("the token holds for another origin")
	}
}
