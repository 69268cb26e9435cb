package exophone

import (
	"slices"

	"github.com/emiago/sipgo/sip"

	"offhook/voice/wire"
)

// notice is one kind of thing that a phone is told by INFO: the newest of its kind, one
// message at a time.
type notice struct {
	want, told string
	informing  bool
	// deaf says that the phone has refused messages of the kind.
	deaf bool
}

// notTaken are the answers of a phone that takes no such messages.
var notTaken = []int{sip.StatusMethodNotAllowed, sip.StatusUnsupportedMediaType, 469, sip.StatusNotImplemented}

// inform tells a phone something by INFO, unless it knows it already or takes none.
// Only the newest of a kind is of interest: what is overtaken is not said.
func (s *session) inform(p *party, kind, body string) {
	if p.dialog == nil || !p.dialog.allows(sip.INFO) {
		return
	}
	if p.notices == nil {
		p.notices = make(map[string]*notice)
	}
	n := p.notices[kind]
	if n == nil {
		n = new(notice)
		p.notices[kind] = n
	}
	n.want = body
	if n.informing || n.deaf || n.want == n.told || s.phase == over {
		return
	}
	n.informing = true
	d := p.dialog
	info := d.request(sip.INFO, "Content-Type", kind)
	info.SetBody([]byte(body))
	s.x.work.Go(func() {
		res, err := s.x.transact(d, info)
		d.post(func(s *session) {
			n.informing = false
			switch p := s.partyOf(d); {
			case p == nil:
			case err != nil: // away: it is told when it comes back
				n.told = ""
			case slices.Contains(notTaken, res.StatusCode):
				n.deaf = true
			case res.StatusCode >= 300: // not now: it is told what comes next
				if n.told = ""; n.want != body {
					s.inform(p, kind, n.want)
				}
			default:
				n.told = body
				s.inform(p, kind, n.want)
			}
		})
	})
}

// informAgain tells a phone that has come back what it has missed.
func (s *session) informAgain(p *party) {
	for kind, n := range p.notices {
		if kind == wire.TypeRecording {
			s.tellOfRecording(p) // how long, by now
		} else {
			s.inform(p, kind, n.want)
		}
	}
}
