package logs

import (
	"bytes"
	"encoding/json"
	"net/url"
	"regexp"
	"slices"
	"sync"
)

// Redactor takes secrets out of text: those it was told of, and whatever has
// the form of a token. All methods may be called from any goroutine.
type Redactor struct {
	mu      sync.RWMutex
	secrets [][]byte
}

// shortest is the length from which a secret is looked for. Shorter ones would
// take ordinary words out of the log.
const shortest = 6

// maxSecrets bounds what is remembered: the oldest token is long dead then.
const maxSecrets = 64

// patterns have the form of secrets that nobody told us of: JSON web tokens,
// credentials in headers and in URLs, and the answers of SIP digest.
//
// A pattern is only tried on a line that holds one of its hints, so that an
// ordinary line costs little.
var patterns = []struct {
	re    *regexp.Regexp
	with  string
	hints []string
}{
	{regexp.MustCompile(`eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]*)?`), "[token]", []string{"eyJ"}},
	{regexp.MustCompile(`(?i)\b(bearer|basic)\s+[A-Za-z0-9._~+/=-]{4,}`), "$1 [secret]", []string{"earer", "EARER", "asic", "ASIC"}},
	{regexp.MustCompile(`(?i)((?:sip_?)?password|passwd|secret|refresh_token|access_token|x-session-token|x-device-token)(\\?"?\s*[:=]\s*\\?"?)[^\s"\\,;&}]+`), "$1$2[secret]", []string{"assw", "ASSW", "ecret", "ECRET", "oken", "OKEN"}},
	{regexp.MustCompile(`(?i)\b(response|nonce|cnonce)=(\\?"?)[A-Za-z0-9+/=._-]{8,}`), "$1=$2[secret]", []string{"once=", "ONCE=", "esponse=", "ESPONSE="}},
	{regexp.MustCompile(`(https?|wss?)://[^\s"/@]+:[^\s"/@]+@`), "$1://[secret]@", []string{"://"}},
}

// Protect adds a secret. Its forms in JSON and in URLs are taken out too.
func (r *Redactor) Protect(secret string) {
	if len(secret) < shortest {
		return
	}
	forms := [][]byte{[]byte(secret)}
	for _, html := range []bool{true, false} { // slog does not escape & < >
		var b bytes.Buffer
		enc := json.NewEncoder(&b)
		enc.SetEscapeHTML(html)
		if enc.Encode(secret) == nil {
			quoted := bytes.TrimSpace(b.Bytes())
			forms = append(forms, quoted[1:len(quoted)-1])
		}
	}
	forms = append(forms, []byte(url.QueryEscape(secret)), []byte(url.PathEscape(secret)))
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, f := range forms {
		if !slices.ContainsFunc(r.secrets, func(s []byte) bool { return bytes.Equal(s, f) }) {
			r.secrets = append(r.secrets, f)
		}
	}
	if n := len(r.secrets); n > maxSecrets {
		r.secrets = append([][]byte(nil), r.secrets[n-maxSecrets:]...)
	}
}

// Clean returns text without secrets. It returns text itself when there are
// none.
func (r *Redactor) Clean(text []byte) []byte {
	r.mu.RLock()
	for _, s := range r.secrets {
		if bytes.Contains(text, s) {
			text = bytes.ReplaceAll(text, s, []byte("[secret]"))
		}
	}
	r.mu.RUnlock()
	for _, p := range patterns {
		if slices.ContainsFunc(p.hints, func(h string) bool { return bytes.Contains(text, []byte(h)) }) && p.re.Match(text) {
			text = p.re.ReplaceAll(text, []byte(p.with))
		}
	}
	return text
}
