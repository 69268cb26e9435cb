package exophone_test

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/emiago/sipgo/sip"

	"offhook/demo/exophone"
	"offhook/demo/relay/relaytest"
	"offhook/voice/wire"
)

// threesome is alice in two conversations, with bob and with carol, by phones of which
// all answer re-offers.
type threesome struct {
	t                      *testing.T
	p                      *platform
	first, second          string // the sessions
	withBob, withCarol     *call  // alice's legs
	bob, carol             *call
	bobsPhone, carolsPhone *phone
}

func newThreesome(t *testing.T) *threesome {
	t.Helper()
	p := newPlatform(t, nil)
	alice := p.connect("alice")
	s := &threesome{t: t, p: p, bobsPhone: p.connect("bob"), carolsPhone: p.connect("carol")}
	s.withBob, s.bob, s.first = s.call(alice, s.bobsPhone)
	s.withCarol, s.carol, s.second = s.call(alice, s.carolsPhone)
	return s
}

func (s *threesome) call(from, to *phone) (out, in *call, session string) {
	s.t.Helper()
	out = from.dial(to.name)
	token, claims := s.p.pushed(to.name)
	in = to.joinWith(token, claims.SessionID, true)
	in.expect(200)
	out.expect(180)
	in.answer()
	out.expect(200)
	s.p.connected(in.media, out.media)
	in.replies(func(req *sip.Request, res *sip.Response) {
		if req.Method == sip.UPDATE && len(req.Body()) > 0 {
			res.AppendHeader(sip.NewHeader("Content-Type", "application/sdp"))
			offer := string(req.Body())
			res.SetBody([]byte(withDirection(in.media.Answer(withDirection(offer, "sendrecv")), mirror(directionOf(offer)))))
		}
	})
	return out, in, claims.SessionID
}

// told waits until a phone is told of a conference that satisfies ok.
func (c *call) told(ok func(wire.Conference) bool) {
	c.h.t.Helper()
	for {
		req := c.request(sip.INFO)
		if value(req, "Content-Type") != wire.TypeConference {
			continue
		}
		var got wire.Conference
		if err := json.Unmarshal(req.Body(), &got); err != nil {
			c.h.t.Fatal(err)
		}
		if ok(got) {
			return
		}
	}
}

func ids(c wire.Conference) (list []string) {
	for _, p := range c.Parties {
		list = append(list, p.ID)
	}
	return list
}

func isOf(want ...string) func(wire.Conference) bool {
	return func(c wire.Conference) bool { return slices.Equal(ids(c), want) }
}

// silent checks that a tone of one phone does not reach another, which hears a third.
func (s *threesome) silent(from, to *call, hertz float64) {
	s.t.Helper()
	stop, spoken := make(chan struct{}), make(chan struct{})
	go func() { defer close(spoken); from.media.Speak(relaytest.Tone(hertz, 3*time.Second), stop) }()
	before := len(to.media.Heard())
	relaytest.Eventually(s.t, "sound at the party", func() bool { return len(to.media.Heard()) > before+48000 })
	close(stop)
	<-spoken
	if got := relaytest.Sound(to.media.Heard()[before:]).Tone(hertz); got > 0.02 {
		s.t.Errorf("%s hears %s: %.3f", to.h.name, from.h.name, got)
	}
}

// Alice joins her two calls: all three hear each other, her second leg ends, the phones
// learn who is there. She mutes bob and lets him speak again; carol hangs up; alice and
// bob talk on as in any call.
func TestConference(t *testing.T) {
	t.Parallel()
	s := newThreesome(t)
	c, err := s.p.x.Confer(s.first, "alice", s.second)
	if err != nil {
		t.Fatal(err)
	}
	if !isOf("alice", "bob", "carol")(c) || c.Host != "alice" || !c.Parties[0].You || c.SessionID != s.first {
		t.Fatalf("conference %+v", c)
	}
	if reason := s.withCarol.ended(); reason != wire.ReasonMerged {
		t.Errorf("alice's second leg is told %q", reason)
	}
	if r := s.p.over(); r.SessionID != s.second || r.Into != s.first || r.EndReason != wire.ReasonMerged || r.EndedBy != "caller" {
		t.Errorf("record of the second call %+v", r)
	}
	for _, c := range []*call{s.withBob, s.bob, s.carol} {
		c.told(isOf("alice", "bob", "carol"))
	}
	hearsTone(t, s.withBob, s.carol, 440)
	hearsTone(t, s.withBob, s.bob, 440)
	hearsTone(t, s.bob, s.carol, 620)
	hearsTone(t, s.carol, s.withBob, 800)
	hearsTone(t, s.carol, s.bob, 800)
	// Said again, it is so already, by either id.
	for _, pair := range [][2]string{{s.first, s.second}, {s.second, s.first}} {
		if c, err := s.p.x.Confer(pair[0], "alice", pair[1]); err != nil || len(c.Parties) != 3 {
			t.Errorf("again: %+v, %v", c, err)
		}
	}

	for _, row := range []struct {
		who, id string
		want    error
	}{
		{"carol", "bob", exophone.ErrNotHost}, {"alice", "dave", exophone.ErrNoParty}, {"dave", "bob", exophone.ErrNoCall},
		{"carol", "carol", nil}, {"alice", "bob", nil},
	} {
		if _, err := s.p.x.MuteParty(s.second, row.who, row.id, true); !errors.Is(err, row.want) {
			t.Errorf("%s mutes %s: %v", row.who, row.id, err)
		}
	}
	s.carol.told(func(c wire.Conference) bool { return len(c.Parties) == 3 && c.Parties[1].Muted })
	s.silent(s.bob, s.carol, 620)
	for _, id := range []string{"bob", "carol"} {
		if _, err := s.p.x.MuteParty(s.first, "alice", id, false); err != nil {
			t.Error(err)
		}
	}
	hearsTone(t, s.bob, s.carol, 620)
	if err := s.p.x.EndConference(s.first, "bob"); !errors.Is(err, exophone.ErrNotHost) {
		t.Errorf("bob ends it for all: %v", err)
	}

	s.carol.hangup()
	s.bob.told(isOf("alice", "bob"))
	hearsTone(t, s.withBob, s.bob, 440)
	hearsTone(t, s.bob, s.withBob, 620)
	s.bob.hangup()
	s.withBob.ended()
	if r := s.p.over(); r.SessionID != s.first || len(r.Joined) != 1 || r.EndReason != "hangup" {
		t.Errorf("record %+v", r)
	}
}

// The host hangs up, or leaves by HTTP, or drops somebody: the others talk on. It ends
// for all if the host says so.
func TestConferenceGoesOnWithoutOne(t *testing.T) {
	t.Parallel()
	for name, leave := range map[string]func(s *threesome){
		"the host hangs up": func(s *threesome) { s.withBob.hangup() },
		"the host leaves": func(s *threesome) {
			if err := s.p.x.DropParty(s.first, "alice", "alice"); err != nil {
				s.t.Error(err)
			}
			s.withBob.ended()
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newThreesome(t)
			if _, err := s.p.x.Confer(s.second, "alice", s.first); err != nil {
				t.Fatal(err)
			}
			s.withBob.ended() // this time the second call is the one that stays
			s.withBob = s.withCarol
			s.first = s.second
			s.p.over()
			leave(s)
			for phone, name := range map[*call]string{s.bob: "carol", s.carol: "bob"} {
				if id := value(phone.request(sip.UPDATE), "P-Asserted-Identity"); !strings.Contains(id, "<sip:"+name+"@") {
					t.Errorf("told of %s", id)
				}
			}
			hearsTone(t, s.bob, s.carol, 620)
			hearsTone(t, s.carol, s.bob, 800)
			s.carol.hangup()
			s.bob.ended()
			s.p.over()
		})
	}
	t.Run("for all", func(t *testing.T) {
		t.Parallel()
		s := newThreesome(t)
		if _, err := s.p.x.Confer(s.first, "alice", s.second); err != nil {
			t.Fatal(err)
		}
		s.withCarol.ended()
		s.p.over()
		if err := s.p.x.EndConference(s.first, "alice"); err != nil {
			t.Fatal(err)
		}
		for _, c := range []*call{s.withBob, s.bob, s.carol} {
			c.ended()
		}
		s.p.over()
	})
	t.Run("the host drops one", func(t *testing.T) {
		t.Parallel()
		s := newThreesome(t)
		if _, err := s.p.x.Confer(s.first, "alice", s.second); err != nil {
			t.Fatal(err)
		}
		s.withCarol.ended()
		s.p.over()
		if err := s.p.x.DropParty(s.first, "bob", "carol"); !errors.Is(err, exophone.ErrNotHost) {
			t.Errorf("bob drops carol: %v", err)
		}
		if err := s.p.x.DropParty(s.first, "alice", "bob"); err != nil {
			t.Fatal(err)
		}
		s.bob.ended()
		hearsTone(t, s.carol, s.withBob, 800)
		hearsTone(t, s.withBob, s.carol, 440)
		s.withBob.hangup()
		s.carol.ended()
		s.p.over()
	})
}

// What can't be joined stays as it was.
func TestConferenceIsRefused(t *testing.T) {
	t.Parallel()
	s := newThreesome(t)
	for _, row := range []struct {
		name, session, who, with string
		want                     error
	}{
		{"with itself", s.first, "alice", s.first, exophone.ErrConference},
		{"with nothing", s.first, "alice", "nothing", exophone.ErrNoCall},
		{"by somebody in one of them", s.first, "bob", s.second, exophone.ErrNoCall},
		{"by a stranger", s.first, "dave", s.second, exophone.ErrNoCall},
	} {
		if _, err := s.p.x.Confer(row.session, row.who, row.with); !errors.Is(err, row.want) {
			t.Errorf("%s: %v", row.name, err)
		}
	}
	echo := s.withBob.h.dial("echo")
	echo.expect(180)
	session := value(echo.expect(200), "X-Call-Sid")
	if _, err := s.p.x.Confer(s.first, "alice", session); !errors.Is(err, exophone.ErrConference) {
		t.Errorf("with a bot: %v", err)
	}
	hearsTone(t, s.withBob, s.bob, 440)
	hearsTone(t, s.carol, s.withCarol, 800)
	if _, err := s.p.x.MuteParty(s.first, "alice", "bob", true); !errors.Is(err, exophone.ErrNoCall) {
		t.Errorf("mute in a call of two: %v", err)
	}
}

// Bob was on hold while alice asked carol: joined, he is told to speak again. A party
// that holds leaves the others undisturbed.
func TestConferenceAndHold(t *testing.T) {
	t.Parallel()
	s := newThreesome(t)
	hold := func(c *call, direction string) {
		t.Helper()
		c.send("UPDATE", withDirection(c.media.Offer(false), direction), "Content-Type", "application/sdp")
		res := c.response()
		if res.StatusCode != 200 {
			t.Fatalf("%s: %d", direction, res.StatusCode)
		}
		c.media.SetAnswer(withDirection(string(res.Body()), "sendrecv"))
	}
	hold(s.withBob, "sendonly")
	s.bob.request(sip.UPDATE)
	if _, err := s.p.x.Confer(s.second, "alice", s.first); err != nil {
		t.Fatal(err)
	}
	s.withBob.ended()
	if got := directionOf(string(s.bob.request(sip.UPDATE).Body())); got != "sendrecv" {
		t.Errorf("bob is told %s", got)
	}
	hearsTone(t, s.withCarol, s.bob, 440)
	hearsTone(t, s.bob, s.withCarol, 620)
	hold(s.withCarol, "inactive")
	hearsTone(t, s.bob, s.carol, 620)
	hearsTone(t, s.carol, s.bob, 800)
	hold(s.withCarol, "sendrecv")
	hearsTone(t, s.carol, s.withCarol, 800)
}
