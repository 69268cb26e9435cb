// Package probe asks whether the ways that media can take are open: STUN to an
// address over UDP or TCP (RFC 8489), as an ICE check where credentials are
// known (RFC 8445, section 7.2), and an allocation at a TURN server (RFC 8656).
package probe
