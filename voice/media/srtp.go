package media

import (
	"crypto/rand"
	"encoding/base64"
	"fmt"

	"github.com/pion/srtp/v3"

	"offhook/voice/sdp"
)

// suites are the SDES crypto suites that the phone speaks, in its order of
// preference (RFC 4568, section 6.2).
var suites = []struct {
	name    string
	profile srtp.ProtectionProfile
}{
	{"AES_CM_128_HMAC_SHA1_80", srtp.ProtectionProfileAes128CmHmacSha1_80},
	{"AES_CM_128_HMAC_SHA1_32", srtp.ProtectionProfileAes128CmHmacSha1_32},
}

const (
	srtpKeySize  = 16
	srtpSaltSize = 14
)

func suiteProfile(name string) (srtp.ProtectionProfile, bool) {
	for _, s := range suites {
		if s.name == name {
			return s.profile, true
		}
	}
	return 0, false
}

// newCryptos makes a key for each suite, to be offered.
func newCryptos() []sdp.Crypto {
	var out []sdp.Crypto
	for i, s := range suites {
		key := make([]byte, srtpKeySize+srtpSaltSize)
		_, _ = rand.Read(key) // never fails
		out = append(out, sdp.Crypto{Tag: i + 1, Suite: s.name, Inline: base64.StdEncoding.EncodeToString(key)})
	}
	return out
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
	raw, err := base64.StdEncoding.DecodeString(c.Inline)
	if err != nil || len(raw) != srtpKeySize+srtpSaltSize {
		// The text is a secret: the error must not repeat it.
		return nil, nil, fmt.Errorf("%w: SDES key of the wrong form", ErrNotAcceptable)
	}
	return raw[:srtpKeySize], raw[srtpKeySize:], nil
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
