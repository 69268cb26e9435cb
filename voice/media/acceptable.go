package media

import (
	"fmt"
	"slices"

	"offhook/voice/sdp"
)

// Transport is one of the ways in which sound travels.
type Transport int

// WebRTC is what NewWebRTC makes, RTP what NewRTP makes.
const (
	WebRTC Transport = iota
	RTP
)

// Acceptable reports why a session of a transport and a configuration could not
// answer an offer: ErrNoCodec, ErrNotAcceptable, or an error of package sdp. It
// opens nothing, so that a call can be refused before it rings (RFC 3261, section
// 13.3.1.3). Names in c= lines are not looked up.
func Acceptable(offer string, t Transport, cfg Config) error {
	d, err := sdp.Parse(offer)
	if err != nil {
		return err
	}
	n, err := newNegotiation(cfg.withDefaults())
	if err != nil {
		return err
	}
	judge := acceptableWebRTC
	if t == RTP {
		judge = func(m *sdp.Media) error { return acceptableRTP(m, cfg.SDES) }
	}
	_, err = n.best(d, judge)
	return err
}

// best is the audio section of an offer to answer; the others are refused (RFC 3264,
// section 6). Among those that judge takes an encrypted one is better than one that
// is not, and an earlier one better than a later.
func (n *negotiation) best(d *sdp.Description, judge func(*sdp.Media) error) (*sdp.Media, error) {
	var found *sdp.Media
	why := error(sdp.ErrNoAudio)
	for i, m := range d.Audios() {
		err := addressed(m)
		if err == nil {
			err = judge(m)
		}
		if err == nil {
			_, err = n.chosen(m.Codecs)
		}
		if err != nil {
			if i == 0 {
				why = err
			}
			continue
		}
		if found == nil || encrypted(m) && !encrypted(found) {
			found = m
		}
	}
	if found == nil {
		return nil, why
	}
	return found, nil
}

// encrypted reports whether a section is for SRTP, however keyed.
func encrypted(m *sdp.Media) bool { return m.Secure() || len(m.Cryptos) > 0 && !avp(m) }

func avp(m *sdp.Media) bool { return m.Proto == "RTP/AVP" || m.Proto == "RTP/AVPF" }

// trusted reports whether a section has a fingerprint by a hash that can still be
// trusted (RFC 8122, section 5).
func trusted(m *sdp.Media) bool {
	return slices.ContainsFunc(m.Fingerprints, func(f sdp.Fingerprint) bool {
		return f.Hash == "sha-256" || f.Hash == "sha-384" || f.Hash == "sha-512"
	})
}

// acceptableWebRTC refuses a section that WebRTC can't serve.
func acceptableWebRTC(m *sdp.Media) error {
	switch {
	case !m.Secure():
		return fmt.Errorf("%w: %s", ErrNotAcceptable, m.Proto)
	case m.Ufrag == "" || m.Password == "":
		return fmt.Errorf("%w: no ICE credentials", ErrNotAcceptable)
	case !trusted(m):
		return fmt.Errorf("%w: no usable fingerprint", ErrNotAcceptable)
	case !m.RTCPMux:
		return fmt.Errorf("%w: no rtcp-mux", ErrNotAcceptable)
	default:
		return nil
	}
}

// acceptableRTP refuses a section that plain RTP can't serve with or without keys.
func acceptableRTP(m *sdp.Media, keys SDES) error {
	switch {
	case avp(m) && keys == SDESRequire:
		return fmt.Errorf("%w: not encrypted", ErrNotAcceptable)
	case avp(m):
		return nil
	case dtlsWithoutICE(m) && m.RTCPMux && trusted(m) && keys != SDESRefuse:
		return nil
	case m.Proto != "RTP/SAVP" && m.Proto != "RTP/SAVPF", keys == SDESRefuse:
		return fmt.Errorf("%w: %s", ErrNotAcceptable, m.Proto)
	}
	if _, ok := chooseCrypto(m.Cryptos); !ok {
		return fmt.Errorf("%w: no usable key", ErrNotAcceptable)
	}
	return nil
}
