package main

import (
	"testing"
	"time"

	"offhook/app"
	"offhook/internal/listen"
	"offhook/voice"
)

const (
	aliceSpeaks = "testdata/alice.wav"
	bobSpeaks   = "testdata/bob.wav"
)

func readWAV(t *testing.T, path string) listen.Sound {
	t.Helper()
	s, err := listen.ReadWAV(path)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// The story of a call, told by three processes over real sockets: the platform,
// alice and bob.
func TestTwoPhonesTalk(t *testing.T) {
	t.Parallel()
	platform := startPlatform(t)
	alice := startPhone(t, platform.url, "alice", "file:"+aliceSpeaks)
	bob := startPhone(t, platform.url, "bob", "file:"+bobSpeaks)
	alice.ready(t)
	bob.ready(t)

	// One short call first, so that what is opened once is open.
	alice.do(t, "dial", "bob", "--wait", "RINGING")
	bob.untilState(t, "INCOMING")
	bob.do(t, "answer", "--wait", "ESTABLISHED")
	alice.untilState(t, "ESTABLISHED")
	alice.do(t, "hangup")
	if end := alice.untilEnded(t); end.EndReason != "LOCAL_HANGUP" || end.RemoteID != "bob" || end.Direction != "OUTGOING" {
		t.Errorf("alice hung up on bob, her phone says %+v", end)
	}
	if end := bob.untilEnded(t); end.EndReason != "REMOTE_HANGUP" || end.RemoteID != "alice" || end.Direction != "INCOMING" {
		t.Errorf("alice hung up on bob, his phone says %+v", end)
	}
	settled := map[*phone][]string{alice: alice.descriptors(t), bob: bob.descriptors(t)}

	alice.do(t, "dial", "bob", "--message", "Order 4471: delivery is late", "--wait", "RINGING")
	ringing := bob.untilState(t, "INCOMING")
	if ringing.Call.RemoteID != "alice" || ringing.Call.Direction != "INCOMING" {
		t.Errorf("bob's phone rings for %+v", ringing.Call)
	}
	bob.until(t, timeout, "showing the caller's message", func(s *app.Snapshot) bool {
		return s.Call != nil && s.Call.Message == "Order 4471: delivery is late"
	})
	bob.do(t, "answer", "--wait", "ESTABLISHED")
	call := alice.untilState(t, "ESTABLISHED").Call
	if call.SessionID == "" || call.Established == nil {
		t.Errorf("an established call has a session and a time: %+v", call)
	}

	alice.do(t, "dtmf", "12#")
	bob.until(t, timeout, "reporting the digits", func(s *app.Snapshot) bool {
		return s.Call != nil && s.Call.DTMFReceived == "12#"
	})
	bob.do(t, "dtmf", "*90")
	alice.until(t, timeout, "reporting the digits", func(s *app.Snapshot) bool {
		return s.Call != nil && s.Call.DTMFReceived == "*90"
	})
	var stats struct {
		DTMFVia         string  `json:"dtmf_via"`
		AudioCodec      string  `json:"audio_codec"`
		PacketsReceived uint64  `json:"packets_received"`
		MOS             float64 `json:"mos"`
	}
	if err := bob.ctl(&stats, "stats"); err != nil {
		t.Fatal(err)
	}
	if stats.DTMFVia != "RFC4733" || stats.AudioCodec != "opus" || stats.PacketsReceived == 0 {
		t.Errorf("bob's statistics: %+v", stats)
	}

	// One whole pass of each speech, and some.
	alice.until(t, timeout, "talking for 12 s", func(s *app.Snapshot) bool {
		return s.Call != nil && s.Call.DurationS >= 12
	})
	bob.do(t, "hangup")
	if end := bob.untilEnded(t); end.EndReason != "LOCAL_HANGUP" || end.DurationS < 12 || !end.Answered {
		t.Errorf("bob hung up after 12 s, his phone says %+v", end)
	}
	if end := alice.untilEnded(t); end.EndReason != "REMOTE_HANGUP" || end.DurationS < 12 {
		t.Errorf("bob hung up after 12 s, alice's phone says %+v", end)
	}

	for _, p := range []*phone{alice, bob} {
		var history struct {
			Calls []app.CallRecord `json:"calls"`
		}
		if err := p.ctl(&history, "history"); err != nil {
			t.Fatal(err)
		}
		if len(history.Calls) != 2 || history.Calls[0].Missed || history.Calls[0].DurationS < 12 {
			t.Errorf("%s's log holds two answered calls, newest first: %+v", p.user, history.Calls)
		}
		settlesAt(t, p, settled[p])
	}
	alice.quit(t)
	bob.quit(t)
	for p, spoken := range map[*phone]string{alice: bobSpeaks, bob: aliceSpeaks} {
		m := listen.Find(readWAV(t, p.recording), readWAV(t, spoken))
		t.Logf("%s heard %s: correlation %.3f over %v", p.user, spoken, m.Correlation, m.Heard)
		if m.Correlation < 0.8 || m.Heard < 5*time.Second {
			t.Errorf("%s did not hear %s: %+v", p.user, spoken, m)
		}
	}
}

// settlesAt waits until a phone has no more open than before.
func settlesAt(t *testing.T, p *phone, before []string) {
	t.Helper()
	deadline := time.Now().Add(timeout)
	for {
		open := p.descriptors(t)
		if len(open) <= len(before) {
			return
		}
		if time.Now().After(deadline) {
			t.Errorf("%s has %d files and sockets open after the call, %d before:\n%v\n%v", p.user, len(open), len(before), open, before)
			return
		}
		p.status(t) // paces the loop by a round trip to the phone
	}
}

// What bob's microphone hears while his phone rings is his own business: alice
// hears ringback, and nothing of a 1000 Hz tone beside his phone.
func TestNothingOfTheCalleeIsHeardBeforeTheAnswer(t *testing.T) {
	t.Parallel()
	platform := startPlatform(t)
	alice := startPhone(t, platform.url, "alice", "null")
	bob := startPhone(t, platform.url, "bob", "sine:1000")
	alice.ready(t)
	bob.ready(t)

	alice.do(t, "dial", "bob", "--wait", "RINGING")
	alice.untilState(t, "RINGING")
	alice.untilRecorded(t, 4*time.Second)
	alice.do(t, "hangup")
	if end := bob.untilEnded(t); end.EndReason != "REMOTE_HANGUP" || end.Answered {
		t.Errorf("alice gave up, bob's phone says %+v", end)
	}
	alice.quit(t)
	unanswered := readWAV(t, alice.recording)
	if unanswered.Duration() < 2*time.Second || unanswered.RMS() < 0.001 {
		t.Errorf("alice heard no ringback: %v of sound at %.5f", unanswered.Duration(), unanswered.RMS())
	}
	if a := unanswered.Tone(1000); a > 0.0005 {
		t.Errorf("alice heard bob's microphone before he answered: amplitude %v", a)
	}

	// The same tone does come through once he has answered.
	again := startPhone(t, platform.url, "alice", "null")
	again.ready(t)
	again.do(t, "dial", "bob", "--wait", "RINGING")
	bob.untilState(t, "INCOMING")
	bob.do(t, "answer")
	again.until(t, timeout, "talking for 3 s", func(s *app.Snapshot) bool {
		return s.Call != nil && s.Call.DurationS >= 3
	})
	again.do(t, "hangup")
	again.quit(t)
	answered := readWAV(t, again.recording)
	tail := answered.Cut(answered.Duration()-2*time.Second, answered.Duration()-time.Second)
	if a := tail.Tone(1000); a < 0.01 {
		t.Errorf("alice does not hear bob after he answered: amplitude %v", a)
	}
}

func TestEveryEndHasItsReason(t *testing.T) {
	t.Parallel()
	platform := startPlatform(t)
	alice := startPhone(t, platform.url, "alice", "null")
	bob := startPhone(t, platform.url, "bob", "null")
	carol := startPhone(t, platform.url, "carol", "null")
	for _, p := range []*phone{alice, bob, carol} {
		p.ready(t)
	}

	t.Run("declined", func(t *testing.T) {
		alice.do(t, "dial", "bob", "--wait", "RINGING")
		bob.untilState(t, "INCOMING")
		bob.do(t, "hangup")
		if a, b := alice.endedWith(t, "bob"), bob.endedWith(t, "alice"); a != "BUSY" || b != "LOCAL_HANGUP" {
			t.Errorf("alice %s, bob %s", a, b)
		}
	})
	t.Run("cancelled", func(t *testing.T) {
		bob.do(t, "dial", "alice", "--wait", "RINGING")
		alice.untilState(t, "INCOMING")
		bob.do(t, "hangup")
		if b, a := bob.endedWith(t, "alice"), alice.endedWith(t, "bob"); b != "LOCAL_HANGUP" || a != "REMOTE_HANGUP" {
			t.Errorf("bob %s, alice %s", b, a)
		}
	})
	t.Run("in a call already", func(t *testing.T) {
		alice.do(t, "dial", "echo", "--wait", "ESTABLISHED")
		carol.do(t, "dial", "alice")
		if c := carol.endedWith(t, "alice"); c != "BUSY" {
			t.Errorf("carol %s", c)
		}
		s := alice.until(t, timeout, "showing the missed call", func(s *app.Snapshot) bool { return s.MissedUnseen > 0 })
		if s.Call == nil || s.Call.State != "ESTABLISHED" {
			t.Errorf("alice's call goes on: %+v", s.Call)
		}
		alice.do(t, "hangup")
		alice.endedWith(t, "echo")
	})
}

// What ends by a limit, or by what the platform alone can cause. Nothing here is
// quicker than a limit: it passes however long a command takes.
func TestEveryLimitHasItsReason(t *testing.T) {
	t.Parallel()
	platform := startPlatform(t, "--ring-limit", "3s", "--media-timeout", "4s")
	alice := startPhone(t, platform.url, "alice", "null")
	bob := startPhone(t, platform.url, "bob", "null")
	alice.ready(t)
	bob.ready(t)

	// The bots give every reason that the platform alone can cause.
	for _, bot := range []struct {
		id     string
		reason voice.EndReason
	}{
		{"busy", "BUSY"},
		{"noanswer", "TIMEOUT"},
		{"unreachable", "UNREACHABLE"},
		{"throttled", "THROTTLED"},
		{"fails", "FAILURE"},
		{"nobody", "INVALID_DIAL_INFO"},
		{"silent", "MEDIA_TIMEOUT"},
	} {
		alice.do(t, "dial", bot.id)
		if reason := alice.endedWith(t, bot.id); reason != bot.reason {
			t.Errorf("%s ends as %s, not %s", bot.id, reason, bot.reason)
		}
	}

	t.Run("not answered", func(t *testing.T) {
		alice.do(t, "dial", "bob")
		if a, b := alice.endedWith(t, "bob"), bob.endedWith(t, "alice"); a != "TIMEOUT" || b != "TIMEOUT" {
			t.Errorf("alice %s, bob %s", a, b)
		}
	})
	t.Run("offline", func(t *testing.T) {
		alice.do(t, "dial", "carol")
		if a := alice.endedWith(t, "carol"); a != "TIMEOUT" {
			t.Errorf("alice %s", a)
		}
	})
}

// endedWith waits until the phone is done with its call with someone, and returns why.
func (p *phone) endedWith(t *testing.T, number string) voice.EndReason {
	t.Helper()
	return p.until(t, timeout, "done with "+number, func(s *app.Snapshot) bool {
		return s.Call == nil && s.LastCall != nil && s.LastCall.RemoteID == number
	}).LastCall.EndReason
}
