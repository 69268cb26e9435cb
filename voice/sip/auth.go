package sip

import (
	"crypto/md5"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"slices"
	"strings"
	"sync"

	sipmsg "github.com/emiago/sipgo/sip"
	"github.com/icholy/digest"
)

// maxChallenges limits how often one request is sent again with credentials. A
// chain of proxies may ask once each.
const maxChallenges = 6

// credentials answers digest challenges (RFC 3261, section 22, and RFC 8760)
// and remembers the last one of each realm, so that the next request carries
// its answer at once.
type credentials struct {
	user, password string

	mu    sync.Mutex
	known []*protection
}

// protection is a realm as one of the two kinds of server asked for it.
type protection struct {
	proxy     bool
	challenge *digest.Challenge
	count     int
	// session is the algorithm as the server wrote it, where its key is made once
	// with the client's nonce (RFC 7616, section 3.4.2): MD5-sess or SHA-256-sess.
	// Then cnonce stays the same.
	session, cnonce string
}

// answer makes the credentials of a request.
func (p *protection) answer(req *sipmsg.Request, user, password string) (string, error) {
	p.count++
	o := digest.Options{
		Method: req.Method.String(), URI: req.Recipient.String(), Count: p.count, Username: user, Password: password,
		GetBody: func() (io.ReadCloser, error) {
			return io.NopCloser(strings.NewReader(string(req.Body()))), nil
		},
	}
	if p.session != "" {
		sum := func(parts ...string) string {
			text := []byte(strings.Join(parts, ":"))
			if strings.EqualFold(p.challenge.Algorithm, "MD5") {
				h := md5.Sum(text)
				return hex.EncodeToString(h[:])
			}
			h := sha256.Sum256(text)
			return hex.EncodeToString(h[:])
		}
		o.Cnonce = p.cnonce
		o.A1 = sum(sum(user, p.challenge.Realm, password), p.challenge.Nonce, p.cnonce)
	}
	cred, err := digest.Digest(p.challenge, o)
	if err != nil {
		return "", err
	}
	if p.session != "" {
		cred.Algorithm, cred.Cnonce = p.session, p.cnonce
	}
	return cred.String(), nil
}

func (p *protection) headers() (challenge, answer string) {
	if p.proxy {
		return "Proxy-Authenticate", "Proxy-Authorization"
	}
	return "WWW-Authenticate", "Authorization"
}

// sign adds an answer for every realm that is known.
func (c *credentials) sign(req *sipmsg.Request) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for req.RemoveHeader("Authorization") || req.RemoveHeader("Proxy-Authorization") {
	}
	for _, p := range c.known {
		cred, err := p.answer(req, c.user, c.password)
		if err != nil {
			continue // learn accepts none that fails here
		}
		_, name := p.headers()
		req.AppendHeader(sipmsg.NewHeader(name, cred))
	}
}

// attempt follows one request through its challenges.
type attempt struct {
	count int
	tried map[string]bool // kind and realm answered with a nonce of this attempt
}

// learn takes in the challenges of a 401 or 407. It returns ErrCredentials if
// there is none that can be answered, or if the answer to one was refused.
func (c *credentials) learn(res *sipmsg.Response, a *attempt) error {
	if a.count++; a.count > maxChallenges || c.password == "" {
		return ErrCredentials
	}
	proxy := res.StatusCode == sipmsg.StatusProxyAuthRequired
	found := false
	c.mu.Lock()
	defer c.mu.Unlock()
	// A server may send both kinds; each is answered.
	for _, kind := range []bool{proxy, !proxy} {
		seen := map[string]bool{}
		name, _ := (&protection{proxy: kind}).headers()
		for _, p := range challenges(res, name) {
			challenge := p.challenge
			// Of several for one realm the topmost that we can answer counts
			// (RFC 8760, section 2.4).
			if seen[challenge.Realm] {
				continue
			}
			seen[challenge.Realm] = true
			id := name + "\n" + challenge.Realm
			if a.tried[id] && !challenge.Stale {
				return ErrCredentials
			}
			if a.tried == nil {
				a.tried = map[string]bool{}
			}
			a.tried[id] = true
			p.proxy = kind
			c.remember(p)
			found = true
		}
	}
	if !found {
		return ErrCredentials
	}
	return nil
}

func (c *credentials) remember(p *protection) {
	c.known = slices.DeleteFunc(c.known, func(old *protection) bool {
		return old.proxy == p.proxy && old.challenge.Realm == p.challenge.Realm
	})
	const most = 8
	if len(c.known) >= most {
		c.known = c.known[1:]
	}
	c.known = append(c.known, p)
}

// challenges parses the challenges of one kind that we can answer.
func challenges(res *sipmsg.Response, name string) []*protection {
	var out []*protection
	for _, h := range res.GetHeaders(name) {
		for _, text := range splitChallenges(h.Value()) {
			ch, err := digest.ParseChallenge(text)
			if err != nil {
				continue
			}
			for i := range ch.QOP {
				ch.QOP[i] = strings.ToLower(strings.TrimSpace(ch.QOP[i]))
			}
			ch.Userhash = false // RFC 8760 has none
			p := &protection{challenge: ch}
			if upper := strings.ToUpper(ch.Algorithm); upper == "MD5-SESS" || upper == "SHA-256-SESS" {
				p.session, p.cnonce = ch.Algorithm, newTag()
				ch.Algorithm = upper[:len(upper)-len("-SESS")]
			}
			if !digest.CanDigest(ch) || ch.Nonce == "" {
				continue
			}
			out = append(out, p)
		}
	}
	return out
}

// splitChallenges splits a header that joins several challenges by commas: a
// new one starts where a word is followed by another word and no "=".
func splitChallenges(value string) []string {
	var out []string
	start, quoted := 0, false
	for i := 0; i < len(value); i++ {
		switch ch := value[i]; {
		case quoted && ch == '\\':
			i++
		case ch == '"':
			quoted = !quoted
		case ch == ',' && !quoted:
			rest := strings.TrimLeft(value[i+1:], " \t")
			if digest.IsDigest(rest) {
				out = append(out, strings.TrimSpace(value[start:i]))
				start = len(value) - len(rest)
			}
		}
	}
	return append(out, strings.TrimSpace(value[start:]))
}
