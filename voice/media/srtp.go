package media

import (
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"math/big"
	"strconv"
	"strings"

	"github.com/pion/srtp/v3"

	"offhook/voice/sdp"
)

// suites are the SDES crypto suites that the phone speaks (RFC 4568, section 6.2;
// RFC 6188, section 4; RFC 7714, section 14.2). It offers those that every peer
// knows, in its order of preference, and accepts all.
var suites = []struct {
	name    string
	profile srtp.ProtectionProfile
	offered bool
}{
	{"AES_CM_128_HMAC_SHA1_80", srtp.ProtectionProfileAes128CmHmacSha1_80, true},
	{"AES_CM_128_HMAC_SHA1_32", srtp.ProtectionProfileAes128CmHmacSha1_32, true},
	{"AES_256_CM_HMAC_SHA1_80", srtp.ProtectionProfileAes256CmHmacSha1_80, false},
	{"AEAD_AES_128_GCM", srtp.ProtectionProfileAeadAes128Gcm, false},
	{"AEAD_AES_256_GCM", srtp.ProtectionProfileAeadAes256Gcm, false},
}

func suiteProfile(name string) (srtp.ProtectionProfile, bool) {
	for _, s := range suites {
		if strings.EqualFold(s.name, name) {
			return s.profile, true
		}
	}
	return 0, false
}

// keySizes are the lengths of a suite's master key and salt in bytes.
func keySizes(p srtp.ProtectionProfile) (key, salt int, err error) {
	if key, err = p.KeyLen(); err != nil {
		return 0, 0, err
	}
	salt, err = p.SaltLen()
	return key, salt, err
}

// newCrypto makes a key of a suite.
func newCrypto(tag int, suite string) (sdp.Crypto, error) {
	profile, _ := suiteProfile(suite)
	key, salt, err := keySizes(profile)
	if err != nil {
		return sdp.Crypto{}, fmt.Errorf("%w: %w", ErrNotAcceptable, err)
	}
	b := make([]byte, key+salt)
	_, _ = rand.Read(b) // never fails
	return sdp.Crypto{Tag: tag, Suite: suite, Inline: base64.StdEncoding.EncodeToString(b)}, nil
}

// newCryptos makes a key for each suite that is offered.
func newCryptos() ([]sdp.Crypto, error) {
	var out []sdp.Crypto
	for _, s := range suites {
		if !s.offered {
			continue
		}
		c, err := newCrypto(len(out)+1, s.name)
		if err != nil {
			return nil, err
		}
		out = append(out, c)
	}
	return out, nil
}

// chooseCrypto is the first of the peer's keys that the phone can use. Session
// parameters that change the transform are not spoken here (RFC 4568, section
// 6.3.1 has such a line refused); a hint about the replay window changes nothing.
func chooseCrypto(theirs []sdp.Crypto) (sdp.Crypto, bool) {
	for _, c := range theirs {
		if _, ok := suiteProfile(c.Suite); ok && onlyHints(c.Params) {
			if _, err := masterKeys(c); err == nil {
				return c, true
			}
		}
	}
	return sdp.Crypto{}, false
}

func onlyHints(params string) bool {
	for _, p := range strings.Fields(params) {
		if !strings.HasPrefix(strings.ToUpper(p), "WSH=") {
			return false
		}
	}
	return true
}

// masterKey is a key of SRTP, with the identifier that its packets carry, if any
// (RFC 3711, section 3.1).
type masterKey struct{ key, salt, mki []byte }

// mostKeys bounds how many keys of one line are read.
const mostKeys = 8

// masterKeys reads the keys of a line. The text is a secret: no error repeats it.
func masterKeys(c sdp.Crypto) ([]masterKey, error) {
	profile, _ := suiteProfile(c.Suite)
	size, salt, err := keySizes(profile)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNotAcceptable, err)
	}
	malformed := fmt.Errorf("%w: SDES key of the wrong form", ErrNotAcceptable)
	var keys []masterKey
	for part := range strings.SplitSeq(c.Inline, ";") {
		text, more, _ := strings.Cut(strings.TrimPrefix(part, "inline:"), "|")
		// Padding may be left out (RFC 4568, section 6.1 shows it so).
		raw, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(text, "="))
		if err != nil || len(raw) != size+salt || len(keys) == mostKeys {
			return nil, malformed
		}
		k := masterKey{key: raw[:size], salt: raw[size:]}
		// A lifetime may stand before the identifier, or alone.
		for field := range strings.SplitSeq(more, "|") {
			if value, length, ok := strings.Cut(field, ":"); ok {
				if k.mki = identifier(value, length); k.mki == nil {
					return nil, malformed
				}
			}
		}
		if len(keys) > 0 && len(k.mki) != len(keys[0].mki) {
			return nil, malformed
		}
		keys = append(keys, k)
	}
	if len(keys) > 1 && keys[0].mki == nil {
		return nil, malformed // nothing tells them apart
	}
	return keys, nil
}

// identifier is an MKI of so many bytes, nil if it is none (RFC 4568, section 6.1:
// at most 128).
func identifier(value, length string) []byte {
	n, err := strconv.ParseUint(length, 10, 8)
	if err != nil || n == 0 || n > 128 {
		return nil
	}
	v, ok := new(big.Int).SetString(value, 10)
	if !ok || v.Sign() < 0 || v.BitLen() > int(8*n) {
		return nil
	}
	return v.FillBytes(make([]byte, n))
}

// sendKeys and receiveKeys are the contexts of one direction. The ones for RTP
// and for RTCP belong to different goroutines.
type sendKeys struct{ rtp, rtcp *srtp.Context }

type receiveKeys struct{ rtp, rtcp *srtp.Context }

// newSendKeys are those of a line of our own, which has one key and no identifier.
func newSendKeys(c sdp.Crypto) (*sendKeys, error) {
	rtp, err := newContext(c)
	if err != nil {
		return nil, err
	}
	rtcp, err := newContext(c)
	return &sendKeys{rtp, rtcp}, err
}

func newReceiveKeys(c sdp.Crypto) (*receiveKeys, error) {
	rtp, err := newContext(c, srtp.SRTPReplayProtection(256))
	if err != nil {
		return nil, err
	}
	rtcp, err := newContext(c, srtp.SRTCPReplayProtection(64))
	return &receiveKeys{rtp, rtcp}, err
}

// newContext is a context with all keys of a line.
func newContext(c sdp.Crypto, options ...srtp.ContextOption) (*srtp.Context, error) {
	keys, err := masterKeys(c)
	if err != nil {
		return nil, err
	}
	profile, _ := suiteProfile(c.Suite)
	if keys[0].mki != nil {
		options = append(options, srtp.MasterKeyIndicator(keys[0].mki))
	}
	x, err := srtp.CreateContext(keys[0].key, keys[0].salt, profile, options...)
	for _, k := range keys[1:] {
		if err == nil {
			err = x.AddCipherForMKI(k.mki, k.key, k.salt)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNotAcceptable, err)
	}
	return x, nil
}
