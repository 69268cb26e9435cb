package media

import (
	"crypto/rand"
	"encoding/base64"
	"fmt"
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
		if s.name == name {
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
// 6.3.1 has such a line refused).
func chooseCrypto(theirs []sdp.Crypto) (sdp.Crypto, bool) {
	for _, c := range theirs {
		if _, ok := suiteProfile(c.Suite); ok && c.Params == "" {
			if _, _, err := cryptoKey(c); err == nil {
				return c, true
			}
		}
	}
	return sdp.Crypto{}, false
}

func cryptoKey(c sdp.Crypto) (key, salt []byte, err error) {
	profile, _ := suiteProfile(c.Suite)
	k, n, err := keySizes(profile)
	if err != nil {
		return nil, nil, fmt.Errorf("%w: %w", ErrNotAcceptable, err)
	}
	// Padding may be left out (RFC 4568, section 6.1 shows it so).
	raw, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(c.Inline, "="))
	if err != nil || len(raw) != k+n {
		// The text is a secret: the error must not repeat it.
		return nil, nil, fmt.Errorf("%w: SDES key of the wrong form", ErrNotAcceptable)
	}
	return raw[:k], raw[k:], nil
}

// sendKeys and receiveKeys are the contexts of one direction. The ones for RTP
// and for RTCP belong to different goroutines.
type sendKeys struct{ rtp, rtcp *srtp.Context }

type receiveKeys struct{ rtp, rtcp *srtp.Context }

func newSendKeys(c sdp.Crypto) (*sendKeys, error) {
	key, salt, err := cryptoKey(c)
	if err != nil {
		return nil, err
	}
	profile, _ := suiteProfile(c.Suite)
	k := &sendKeys{}
	if k.rtp, err = srtp.CreateContext(key, salt, profile); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNotAcceptable, err)
	}
	k.rtcp, err = srtp.CreateContext(key, salt, profile)
	return k, err
}

func newReceiveKeys(c sdp.Crypto) (*receiveKeys, error) {
	key, salt, err := cryptoKey(c)
	if err != nil {
		return nil, err
	}
	profile, _ := suiteProfile(c.Suite)
	k := &receiveKeys{}
	if k.rtp, err = srtp.CreateContext(key, salt, profile, srtp.SRTPReplayProtection(256)); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNotAcceptable, err)
	}
	k.rtcp, err = srtp.CreateContext(key, salt, profile, srtp.SRTCPReplayProtection(64))
	return k, err
}
