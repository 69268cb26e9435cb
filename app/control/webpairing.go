package control

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"golang.org/x/time/rate"

	"offhook/app"
	"offhook/app/secrets"
	"offhook/internal/crash"
	"offhook/voice/display"
	"offhook/voice/fault"
)

// The bounds of a pairing: how long its code holds, how often a wrong one may be
// given, how many pages may be paired, and how often one may ask.
const (
	pairingTime  = 2 * time.Minute
	pairingTries = 3
	maxPaired    = 32
	maxPairName  = 64
	pairingEvery = 5 * time.Second
	pairingBurst = 3
	// keyringEvery is how often a keyring that is locked is asked again.
	keyringEvery = 10 * time.Second
)

// secretDesk is the keyring's name of the pairings: hashes of their tokens.
const secretDesk = "desk-api"

// pairing is a page that may work the phone. Its token is bound to the origin from
// which it was paired, "" for a program that has none.
type pairing struct {
	ID     string    `json:"id"`
	Name   string    `json:"name"`
	Origin string    `json:"origin"`
	Since  time.Time `json:"since"`
	// Hash is the SHA-256 of the token, which only the page has.
	Hash  string        `json:"hash"`
	limit *rate.Limiter // of its commands
	// gone is closed when the pairing ends.
	gone chan struct{}
}

// pending is a pairing whose code the user has yet to carry from the phone to the
// page.
type pending struct {
	id, name, origin, code string
	tries                  int
	until                  time.Time
	timer                  *time.Timer
}

// shown is what the user sees of it, nil of none.
func (p *pending) shown() *app.Pairing {
	if p == nil {
		return nil
	}
	return &app.Pairing{Name: p.name, Origin: p.origin, Code: p.code, Until: p.until.UTC()}
}

// pairings are those that are paired, and the one that is being paired.
type pairings struct {
	store secrets.Store
	show  func(*app.Pairing)
	asks  *rate.Limiter
	now   func() time.Time

	// mu guards asking, and is never held while the keyring is asked.
	mu     sync.Mutex
	asking *pending

	// keeping guards what follows, and is held while the keyring is asked.
	keeping sync.Mutex
	loaded  bool
	list    []*pairing
	// busy is when the keyring last said that it is locked.
	busy time.Time
}

func newPairings(store secrets.Store, show func(*app.Pairing), now func() time.Time) *pairings {
	return &pairings{store: store, show: show, now: now, asks: rate.NewLimiter(rate.Every(pairingEvery), pairingBurst)}
}

// load reads the keyring at the first need. Its error says that the keyring is locked:
// which pages are paired is not known then. The caller holds keeping.
func (p *pairings) load() error {
	if p.loaded {
		return nil
	}
	locked := fault.New(fault.SystemBusy, "desk.keyring-locked")
	if p.now().Sub(p.busy) < keyringEvery {
		return locked
	}
	text, err := p.store.Get(secretDesk)
	if errors.Is(err, secrets.ErrBusy) {
		p.busy = p.now()
		return locked
	}
	p.loaded = true
	if err == nil && json.Unmarshal([]byte(text), &p.list) != nil {
		p.list = nil
	}
	for _, one := range p.list {
		one.begin()
	}
	return nil
}

func (p *pairing) begin() {
	p.limit, p.gone = rate.NewLimiter(webRate, webBurst), make(chan struct{})
}

// ended reports whether the page is no longer paired.
func (p *pairing) ended() bool {
	select {
	case <-p.gone:
		return true
	default:
		return false
	}
}

// keep writes the pairings into the keyring, or into memory where there is none.
// The caller holds keeping.
func (p *pairings) keep() error {
	data, err := json.Marshal(p.list)
	if err != nil {
		return err
	}
	return p.store.Set(secretDesk, string(data))
}

func hashOf(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:])
}

// of returns the pairing of a token that comes from an origin, or nil. Its error is that
// of load.
func (p *pairings) of(token, origin string) (*pairing, error) {
	if token == "" {
		return nil, nil
	}
	p.keeping.Lock()
	defer p.keeping.Unlock()
	if err := p.load(); err != nil {
		return nil, err
	}
	hash := hashOf(token)
	for _, one := range p.list {
		if subtle.ConstantTimeCompare([]byte(one.Hash), []byte(hash)) == 1 && strings.EqualFold(one.Origin, origin) {
			return one, nil
		}
	}
	return nil, nil
}

// ask begins a pairing and shows its code to the user.
func (p *pairings) ask(name, origin string) (*pending, *Failure) {
	p.keeping.Lock()
	err := p.load()
	many := len(p.list) >= maxPaired
	p.keeping.Unlock()
	if err != nil {
		return nil, failureOf(err)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case p.asking != nil && p.asking.origin != origin, !p.asks.AllowN(p.now(), 1):
		return nil, failure(string(fault.SystemBusy), "desk.pairing-busy")
	case many:
		return nil, failure(string(fault.SystemBusy), "desk.too-many-paired", maxPaired)
	}
	n, err := rand.Int(rand.Reader, big.NewInt(1_000_000))
	if err != nil {
		return nil, failureOf(err)
	}
	p.end()
	next := &pending{id: rand.Text(), name: name, origin: origin, code: fmt.Sprintf("%06d", n), until: p.now().Add(pairingTime)}
	next.timer = time.AfterFunc(pairingTime, func() {
		defer crash.Guard()
		p.mu.Lock()
		defer p.mu.Unlock()
		if p.asking == next {
			p.end()
		}
	})
	p.asking = next
	p.show(next.shown())
	return next, nil
}

// end takes the pairing that goes on away. The caller holds mu.
func (p *pairings) end() {
	if p.asking != nil {
		p.asking.timer.Stop()
		p.asking = nil
		p.show(nil)
	}
}

func (p *pairings) drop() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.end()
}

// prove ends a pairing with the code that the user has read: it returns the token.
func (p *pairings) prove(id, code, origin string) (token string, made *pairing, f *Failure) {
	name, f := p.proven(id, code, origin)
	if f != nil {
		return "", nil, f
	}
	token = rand.Text() + rand.Text()
	made = &pairing{ID: rand.Text()[:8], Name: name, Origin: origin, Since: p.now().UTC(), Hash: hashOf(token)}
	made.begin()
	p.keeping.Lock()
	defer p.keeping.Unlock()
	p.list = append(p.list, made)
	if err := p.keep(); err != nil {
		p.list = p.list[:len(p.list)-1]
		return "", nil, failureOf(err)
	}
	return token, made, nil
}

// proven checks the code of the pairing that goes on, and returns the page's name.
func (p *pairings) proven(id, code, origin string) (name string, f *Failure) {
	p.mu.Lock()
	defer p.mu.Unlock()
	asking := p.asking
	if asking == nil || asking.id != id || asking.origin != origin || p.now().After(asking.until) {
		return "", failure(string(fault.AuthenticationExpiredToken), "desk.pairing-over")
	}
	if subtle.ConstantTimeCompare([]byte(strings.TrimSpace(code)), []byte(asking.code)) != 1 {
		if asking.tries++; asking.tries >= pairingTries {
			p.end()
		}
		return "", failure(string(fault.AuthenticationInvalidToken), "desk.wrong-code")
	}
	p.end()
	return asking.name, nil
}

// forget ends the pairings that match, and reports how many.
func (p *pairings) forget(match func(*pairing) bool) (n int, err error) {
	p.keeping.Lock()
	defer p.keeping.Unlock()
	if err := p.load(); err != nil {
		return 0, err
	}
	p.list = slices.DeleteFunc(p.list, func(one *pairing) bool {
		if !match(one) {
			return false
		}
		n++
		close(one.gone)
		return true
	})
	if n > 0 {
		err = p.keep()
	}
	return n, err
}

// pair is POST /v1/pairings: a page asks to be paired.
func (w *web) pair(rw http.ResponseWriter, r *http.Request) {
	var ask struct {
		Name string `json:"name"`
	}
	if !w.stranger(rw, r, &ask) {
		return
	}
	name := display.Name(ask.Name)
	if name == "" || utf8.RuneCountInString(name) > maxPairName {
		refuse(rw, http.StatusBadRequest, usage("“name” says in at most 64 characters who asks."))
		return
	}
	now, f := w.pairs.ask(name, r.Header.Get("Origin"))
	if f != nil {
		rw.Header().Set("Retry-After", "5")
		refuse(rw, http.StatusTooManyRequests, f)
		return
	}
	w.log.Info("desk: a page asks to be paired", "name", name, "origin", now.origin)
	reply(rw, http.StatusAccepted, map[string]any{"pairing": now.id, "expires_in_s": int(pairingTime / time.Second)})
}

// prove is POST /v1/pairings/{id}: the page shows the code that the user has read.
func (w *web) prove(rw http.ResponseWriter, r *http.Request) {
	var proof struct {
		Code string `json:"code"`
	}
	if !w.stranger(rw, r, &proof) {
		return
	}
	token, made, f := w.pairs.prove(r.PathValue("id"), proof.Code, r.Header.Get("Origin"))
	if f != nil {
		refuse(rw, http.StatusForbidden, f)
		return
	}
	w.log.Info("desk: paired", "name", made.Name, "origin", made.Origin)
	reply(rw, http.StatusOK, map[string]any{"token": token, "name": made.Name, "id": made.ID})
}

// stranger reads the body of somebody without a token, within their rate.
func (w *web) stranger(rw http.ResponseWriter, r *http.Request, v any) bool {
	if !w.within(rw, w.strangers) {
		return false
	}
	body, ok := readBody(rw, r)
	if !ok {
		return false
	}
	if json.Unmarshal(body, v) != nil {
		refuse(rw, http.StatusBadRequest, usage("The body is no JSON object of this form."))
		return false
	}
	return true
}

// unpair is DELETE /v1/pairings/current.
func (w *web) unpair(rw http.ResponseWriter, _ *http.Request, p *pairing) {
	if _, err := w.pairs.forget(func(one *pairing) bool { return one == p }); err != nil {
		refuse(rw, http.StatusInternalServerError, failureOf(err))
		return
	}
	rw.WriteHeader(http.StatusNoContent)
}

// deskState is what `ctl desk-api` prints.
type deskState struct {
	On      bool         `json:"on"`
	Address string       `json:"address"`
	Error   string       `json:"error,omitempty"`
	Origins []string     `json:"origins"`
	Pairing *app.Pairing `json:"pairing"`
	Paired  []deskPaired `json:"paired"`
}

type deskPaired struct {
	ID     string    `json:"id"`
	Name   string    `json:"name"`
	Origin string    `json:"origin"`
	Since  time.Time `json:"since"`
}

func (w *web) state() deskState {
	w.mu.Lock()
	d := deskState{On: w.wish.On, Origins: append([]string{}, w.wish.Origins...), Paired: []deskPaired{}}
	if w.address != "" {
		d.Address = "http://" + w.address
	}
	if w.err != nil {
		d.Error = w.err.Error()
	}
	w.mu.Unlock()
	w.pairs.keeping.Lock()
	if err := w.pairs.load(); err != nil && d.Error == "" {
		d.Error = err.Error()
	}
	for _, p := range w.pairs.list {
		d.Paired = append(d.Paired, deskPaired{p.ID, p.Name, p.Origin, p.Since})
	}
	w.pairs.keeping.Unlock()
	w.pairs.mu.Lock()
	defer w.pairs.mu.Unlock()
	d.Pairing = w.pairs.asking.shown()
	return d
}

// deskAPI prints the state of the Desk API, or ends pairings.
func deskAPI(_ context.Context, s *Server, r request, _ func(any) error) (any, error) {
	if len(r.Args) > 0 {
		if r.Args[0] != "forget" {
			return nil, usage("Use: offhook ctl desk-api [forget ID]")
		}
		n, err := s.web.pairs.forget(func(p *pairing) bool { return len(r.Args) == 1 || p.ID == r.Args[1] })
		if err != nil {
			return nil, err
		}
		if n == 0 && len(r.Args) > 1 {
			return nil, usage("Nothing is paired by that ID.")
		}
	}
	return s.web.state(), nil
}
