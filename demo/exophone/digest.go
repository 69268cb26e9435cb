package exophone

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/binary"
	"net"
	"strings"
	"sync"
	"time"

	"github.com/emiago/sipgo/sip"
	"github.com/icholy/digest"

	"offhook/demo/throttle"
)

const (
	// nonceLife is how long a nonce may be used; after it the phone is asked
	// again with stale=true, which costs it one round.
	nonceLife = 5 * time.Minute
	// maxNonces bounds the memory of nonces in use.
	maxNonces = 100_000
)

// verdict is what the digest of a request says.
type verdict int

const (
	granted    verdict = iota
	challenged         // no credentials, or a nonce too old
	denied             // wrong credentials
	throttled          // too many wrong ones: not even looked at
)

// authenticator checks digests (RFC 8760, RFC 7616).
type authenticator struct {
	realm  string
	clock  Clock
	lookup func(ctx context.Context, name string) (Subscriber, error)
	secret [32]byte
	guess  string
	// report is told of each wrong password, with how many there were in a row.
	report func(remote, name string, count int)
	misses *throttle.Failures

	mu   sync.Mutex
	used map[string]*nonceUse
}

// nonceUse remembers the counts seen with a nonce, so that a request cannot be
// played again.
type nonceUse struct {
	expires time.Time
	highest int
	seen    uint64 // bit i: highest-i
}

func newAuthenticator(realm string, clock Clock, lookup func(context.Context, string) (Subscriber, error)) *authenticator {
	a := &authenticator{realm: realm, clock: clock, lookup: lookup, misses: throttle.NewFailures(clock.Now), used: make(map[string]*nonceUse)}
	_, _ = rand.Read(a.secret[:])
	a.guess = rand.Text()
	return a
}

// check judges the request. The subscriber is set if it is granted; stale says
// that only the nonce was too old; err is set only if the directory failed.
func (a *authenticator) check(ctx context.Context, req *sip.Request) (sub Subscriber, v verdict, stale bool, err error) {
	cred := a.credentials(req)
	if cred == nil {
		return Subscriber{}, challenged, false, nil
	}
	issued, genuine := a.issued(cred.Nonce)
	if !genuine || a.clock.Now().Sub(issued) > nonceLife {
		return Subscriber{}, challenged, genuine, nil
	}
	// By name and address, so that a stranger's guesses do not lock the
	// subscriber out.
	key := hostOf(req.Source()) + " " + cred.Username
	if a.misses.Wait(key) > 0 {
		return Subscriber{}, throttled, false, nil
	}
	sub, err = a.lookup(ctx, cred.Username)
	known := err == nil
	if err != nil && !isUnknown(err) {
		return Subscriber{}, denied, false, err
	}
	password := sub.SIPPassword
	if !known || password == "" {
		// As much work as for a name that exists.
		password = a.guess
	}
	if !a.matches(req, cred, password) || !known {
		a.report(hostOf(req.Source()), cred.Username, a.misses.Failed(key))
		return Subscriber{Name: cred.Username}, denied, false, nil
	}
	a.misses.Succeeded(key)
	if !a.fresh(cred, issued) {
		return Subscriber{}, challenged, true, nil
	}
	return sub, granted, false, nil
}

// credentials returns the digest for this realm, or nil.
func (a *authenticator) credentials(req *sip.Request) *digest.Credentials {
	for _, name := range []string{"Authorization", "Proxy-Authorization"} {
		for i, h := range req.GetHeaders(name) {
			if i > 8 {
				return nil
			}
			c, err := digest.ParseCredentials(h.Value())
			if err == nil && c.Realm == a.realm && len(c.Username) <= 64 {
				return c
			}
		}
	}
	return nil
}

func (a *authenticator) matches(req *sip.Request, c *digest.Credentials, password string) bool {
	switch strings.ToUpper(c.Algorithm) {
	case "", "MD5", "SHA-256":
	default:
		return false
	}
	chal := &digest.Challenge{Realm: a.realm, Nonce: c.Nonce, Opaque: c.Opaque, Algorithm: c.Algorithm}
	switch c.QOP {
	case "":
	case "auth":
		chal.QOP = []string{"auth"}
		if c.Nc <= 0 || c.Cnonce == "" {
			return false
		}
	default:
		return false
	}
	want, err := digest.Digest(chal, digest.Options{
		Method: req.Method.String(), URI: c.URI, Count: c.Nc, Cnonce: c.Cnonce,
		Username: c.Username, Password: password,
	})
	return err == nil && subtle.ConstantTimeCompare([]byte(want.Response), []byte(strings.ToLower(c.Response))) == 1
}

// challenge puts the challenges into a 401, the strong one first: a phone takes
// the topmost it knows (RFC 8760, 2.4). Web clients know MD5 alone and look at
// one challenge only, SIP.js at the topmost and JsSIP at the last: they get no
// other.
func (a *authenticator) challenge(req *sip.Request, stale, web bool) *sip.Response {
	res := respond(req, 401)
	nonce := a.nonce()
	algorithms := []string{"SHA-256", "MD5"}
	if web {
		algorithms = []string{"MD5"}
	}
	for _, algorithm := range algorithms {
		c := digest.Challenge{
			Realm: a.realm, Nonce: nonce, Algorithm: algorithm, QOP: []string{"auth"}, Stale: stale,
		}
		res.AppendHeader(sip.NewHeader("WWW-Authenticate", c.String()))
	}
	return res
}

// nonce is a time, some chance and a seal over both: nothing need be kept until
// it is used.
func (a *authenticator) nonce() string {
	var b [32]byte
	binary.BigEndian.PutUint64(b[:], uint64(a.clock.Now().UnixNano()))
	_, _ = rand.Read(b[8:16])
	copy(b[16:], a.seal(b[:16]))
	return base64.RawURLEncoding.EncodeToString(b[:])
}

func (a *authenticator) seal(b []byte) []byte {
	h := hmac.New(sha256.New, a.secret[:])
	h.Write(b)
	return h.Sum(nil)[:16]
}

// issued tells when a nonce was made, and whether by this exchange.
func (a *authenticator) issued(nonce string) (time.Time, bool) {
	b, err := base64.RawURLEncoding.DecodeString(nonce)
	if err != nil || len(b) != 32 || !hmac.Equal(b[16:], a.seal(b[:16])) {
		return time.Time{}, false
	}
	return time.Unix(0, int64(binary.BigEndian.Uint64(b))), true
}

// fresh reports whether this count of this nonce is used for the first time,
// and notes it. Requests may overtake each other by up to 64.
func (a *authenticator) fresh(c *digest.Credentials, issued time.Time) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	now := a.clock.Now()
	u := a.used[c.Nonce]
	if u == nil {
		if len(a.used) >= maxNonces {
			a.purge(now)
		}
		u = &nonceUse{expires: issued.Add(nonceLife), highest: c.Nc, seen: 1}
		a.used[c.Nonce] = u
		return true
	}
	if c.QOP == "" {
		return false
	}
	switch d := c.Nc - u.highest; {
	case d > 0:
		if d > 63 {
			u.seen = 0
		} else {
			u.seen <<= uint(d)
		}
		u.highest, u.seen = c.Nc, u.seen|1
		return true
	case d < -63 || u.seen&(1<<uint(-d)) != 0:
		return false
	default:
		u.seen |= 1 << uint(-d)
		return true
	}
}

// purge forgets nonces that are too old to be used, or all if that does not
// help: phones are then asked again.
func (a *authenticator) purge(now time.Time) {
	for n, u := range a.used {
		if now.After(u.expires) {
			delete(a.used, n)
		}
	}
	if len(a.used) >= maxNonces {
		clear(a.used)
	}
}

func hostOf(source string) string {
	host, _, err := net.SplitHostPort(source)
	if err != nil {
		return source
	}
	return host
}
