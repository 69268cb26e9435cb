package media

import (
	"fmt"
	"time"

	"github.com/pion/webrtc/v4"
)

// nudgeICE makes ICE look at its checks early and often after each description. On
// its own it looks every 200 ms: it sends checks at one look and nominates at
// the next, so that an answer to a check waits most of that time. A new
// candidate makes it look; one in the discard prefix (RFC 6666) is nobody's.
func (l *peerLink) nudgeICE() {
	news := 0
	timer := time.NewTimer(0)
	defer timer.Stop()
	rest := func(d time.Duration) bool {
		timer.Reset(d)
		select {
		case <-timer.C:
			return true
		case <-l.done:
			return false
		}
	}
	for {
		select {
		case <-l.nudges:
		case <-l.done:
			return
		}
		nudge(rest, func() bool { return l.pair.Load() != nil }, func() {
			news++
			// It is refused once the connection is closed, and not needed then.
			_ = l.pc.Load().AddICECandidate(webrtc.ICECandidateInit{Candidate: fmt.Sprintf("0 1 udp 1 100::%x 9 typ host", news)})
		})
	}
}

// nudge calls look after ever longer rests, the first of a millisecond, until the
// path stands or the library's own pace is fast enough. rest reports false at the
// end of all.
func nudge(rest func(time.Duration) bool, stands func() bool, look func()) {
	for wait := time.Millisecond; wait < 40*time.Millisecond; wait += wait/2 + time.Millisecond {
		if !rest(wait) || stands() {
			return
		}
		look()
	}
}
