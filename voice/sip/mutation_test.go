package sip

import (
	"flag"
	"math/rand/v2"
	"testing"
	"time"

	sipmsg "github.com/emiago/sipgo/sip"
)

var mutations = flag.Int("mutations", 2000, "how many broken messages TestMutations sends; the nightly run takes 200000")

// mutate breaks a message as a tester of protocols would: it flips, cuts,
// repeats, swaps, lengthens and mixes parts of it.
func mutate(r *rand.Rand, message []byte) []byte {
	m := append([]byte(nil), message...)
	for range 1 + r.IntN(4) {
		if len(m) < 4 {
			return m
		}
		at := r.IntN(len(m))
		to := at + r.IntN(min(64, len(m)-at)) + 1
		to = min(to, len(m))
		switch r.IntN(8) {
		case 0:
			m[at] ^= byte(1 << r.IntN(8))
		case 1:
			m = append(m[:at:at], m[to:]...)
		case 2:
			m = append(m[:to:to], m[at:]...)
		case 3:
			m = m[:at]
		case 4:
			long := make([]byte, 1<<r.IntN(13))
			for i := range long {
				long[i] = m[at]
			}
			m = append(m[:at:at], append(long, m[at:]...)...)
		case 5:
			specials := []string{"\r\n", "\x00", "<", ">", "\"", ";", ",", ":", "%", "@", "-1", "99999999999", " ", "\t", "\r\n ", "\xff", "()", "\\"}
			m = append(m[:at:at], append([]byte(specials[r.IntN(len(specials))]), m[at:]...)...)
		case 6:
			other := torture[r.IntN(len(torture))].filled()
			cut := r.IntN(len(other))
			m = append(m[:at:at], other[cut:]...)
		case 7:
			m[at], m[to-1] = m[to-1], m[at]
		}
	}
	return m
}

// TestMutations sends broken messages of every kind to a phone in a call. The
// call goes on, and no goroutine stays.
func TestMutations(t *testing.T) {
	t.Parallel()
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 2))
	legs, onInvite := answering()
	s := newServer(t, onInvite)
	f := s.connect()
	there := <-s.conns
	call := func() (*Dialog, *leg) {
		d, l := place(t, s, f, legs)
		go func() {
			for ev := range d.Events() {
				if re, ok := ev.(Reoffered); ok {
					_ = re.Reply(488, "")
				}
			}
		}()
		return d, l
	}
	d, l := call()
	for i := range *mutations {
		var seedMessage []byte
		switch r.IntN(3) {
		case 0:
			seedMessage = torture[r.IntN(len(torture))].filled()
		case 1:
			methods := []sipmsg.RequestMethod{sipmsg.INVITE, sipmsg.INFO, sipmsg.UPDATE, sipmsg.OPTIONS, sipmsg.ACK, sipmsg.NOTIFY}
			seedMessage = []byte(l.build(methods[r.IntN(len(methods))], "v=0\r\n").String())
		case 2:
			seedMessage = []byte(l.response(l.req, []int{100, 180, 200, 486}[r.IntN(4)], "v=0\r\n").String())
		}
		if err := there.Send(mutate(r, seedMessage)); err != nil {
			t.Fatalf("message %d: %v; the phone says %v, the server %v", i, err, f.Err(), there.Err())
		}
		if i%100 == 99 {
			select {
			case <-d.Done(): // ended by a mutation that was a good BYE, say
				d, l = call()
			default:
			}
			if err := d.Info(limited(t), "text/plain", "x"); err != nil {
				t.Fatalf("after %d messages: %v; the phone says %v, the server %v", i+1, err, f.Err(), there.Err())
			}
			for len(l.inbox) > 0 {
				<-l.inbox
			}
		}
	}
	_ = d.Hangup(limited(t))
}
