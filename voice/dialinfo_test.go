package voice

import (
	"testing"
	"testing/synctest"

	"offhook/voice/fault"
	"offhook/voice/media"
	"offhook/voice/sip"
)

func TestDialPreconditions(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newHarness(t)
		if _, err := r.client.Dial(t.Context(), "0804", ""); fault.TypeOf(err) != fault.Uninitialized {
			t.Errorf("before Initialize: %v", err)
		}
		if _, err := r.client.RelaySessionData(t.Context(), push("s1", nil)); fault.TypeOf(err) != fault.Uninitialized {
			t.Errorf("relayed before Initialize: %v", err)
		}
		r.start()
		defer r.stop()
		if _, ok := r.client.LatestCallDetails(); ok {
			t.Error("a call before the first")
		}
		if _, err := r.client.Dial(t.Context(), "", ""); fault.TypeOf(err) != fault.InvalidDialInfo {
			t.Errorf("nobody: %v", err)
		}
		if _, err := r.client.Dial(t.Context(), "0804", "what?"); fault.TypeOf(err) != fault.InvalidParameter {
			t.Errorf("message: %v", err)
		}
		if len(r.client.calls) != 0 {
			t.Error("a call was begun")
		}
	})
}

// TestEndReasons is the table of every way in which signalling ends a call.
func TestEndReasons(t *testing.T) {
	t.Parallel()
	says := func(word string) []sip.Header { return []sip.Header{{Name: "x-end-reason", Value: " " + word}} }
	outgoing := []struct {
		ev   sip.Failed
		want EndReason
	}{
		{sip.Failed{Status: 486}, EndBusy},
		{sip.Failed{Status: 600}, EndBusy},
		{sip.Failed{Status: 603}, EndBusy},
		{sip.Failed{Status: 603, Headers: says("declined")}, EndBusy},
		{sip.Failed{Status: 408}, EndTimeout},
		{sip.Failed{Status: 480}, EndTimeout},
		{sip.Failed{Status: 480, Headers: says("ring-limit")}, EndTimeout},
		{sip.Failed{Status: 487, Headers: says("ring-limit")}, EndTimeout},
		{sip.Failed{Status: 487}, EndFailure},
		{sip.Failed{Status: 404}, EndInvalidDialInfo},
		{sip.Failed{Status: 484}, EndInvalidDialInfo},
		{sip.Failed{Status: 410}, EndUnreachable},
		{sip.Failed{Status: 503}, EndUnreachable},
		{sip.Failed{}, EndUnreachable},
		{sip.Failed{Status: 429}, EndThrottled},
		{sip.Failed{Status: 403}, EndFailure},
		{sip.Failed{Status: 401}, EndFailure},
		{sip.Failed{Status: 488}, EndFailure},
		{sip.Failed{Status: 500}, EndFailure},
		{sip.Failed{Status: 500, Headers: says("what")}, EndFailure},
	}
	for _, c := range outgoing {
		if got := refusedCall(c.ev); got != c.want {
			t.Errorf("outgoing %d %v: %v, want %v", c.ev.Status, c.ev.Headers, got, c.want)
		}
	}
	incoming := []struct {
		ev   sip.Failed
		want EndReason
	}{
		{sip.Failed{}, EndUnreachable},
		{sip.Failed{Status: 403}, EndFailure},
		{sip.Failed{Status: 404}, EndRemoteHangup},
		{sip.Failed{Status: 410}, EndRemoteHangup},
		{sip.Failed{Status: 481}, EndRemoteHangup},
		{sip.Failed{Status: 487}, EndRemoteHangup},
		{sip.Failed{Status: 480}, EndTimeout},
		{sip.Failed{Status: 487, Headers: says("ring-limit")}, EndTimeout},
		{sip.Failed{Status: 487, Headers: says("caller-gone")}, EndRemoteHangup},
		{sip.Failed{Status: 503}, EndUnreachable},
		{sip.Failed{Status: 429}, EndThrottled},
	}
	for _, c := range incoming {
		if got := refusedAnswer(c.ev); got != c.want {
			t.Errorf("incoming %d %v: %v, want %v", c.ev.Status, c.ev.Headers, got, c.want)
		}
	}
	ended := []struct {
		ev   sip.Ended
		want EndReason
	}{
		{sip.Ended{ByRemote: true}, EndRemoteHangup},
		{sip.Ended{Status: 481}, EndRemoteHangup},
		{sip.Ended{ByRemote: true, Headers: says("conversation-limit")}, EndRemoteHangup},
		{sip.Ended{ByRemote: true, Headers: says("media-timeout")}, EndMediaTimeout},
		{sip.Ended{ByRemote: true, Headers: says("caller-gone")}, EndRemoteHangup},
		{sip.Ended{ByRemote: true, Headers: says("ring-limit")}, EndTimeout},
	}
	for _, c := range ended {
		if got := endedDialog(c.ev); got != c.want {
			t.Errorf("ended %v: %v, want %v", c.ev.Headers, got, c.want)
		}
	}
}

func TestRemoteHolds(t *testing.T) {
	t.Parallel()
	for sdp, want := range map[string]bool{
		"v=0\r\nc=IN IP4 1.2.3.4\r\nm=audio 9 RTP/AVP 0\r\na=sendonly\r\n":                   true,
		"v=0\r\nm=audio 9 RTP/AVP 0\r\na=inactive\r\n":                                       true,
		"v=0\r\na=sendonly\r\nm=audio 9 RTP/AVP 0\r\n":                                       true,
		"v=0\r\na=sendonly\r\nm=audio 9 RTP/AVP 0\r\na=sendrecv\r\n":                         false,
		"v=0\r\nm=audio 9 RTP/AVP 0\r\na=recvonly\r\n":                                       false,
		"v=0\r\nm=audio 9 RTP/AVP 0\r\n":                                                     false,
		"v=0\r\nc=IN IP4 0.0.0.0\r\nm=audio 9 RTP/AVP 0\r\n":                                 true,
		"v=0\r\nc=IN IP4 0.0.0.0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=ice-ufrag:abcd\r\n": false,
		"v=0\r\nc=IN IP4 1.2.3.4\r\nm=audio 0 RTP/AVP 0\r\n":                                 true,
		"v=0\r\nc=IN IP4 1.2.3.4\r\nm=audio 0 RTP/AVP 0\r\nm=image 9 udptl t38\r\n":          false,
		"v=0\r\nm=audio 9 RTP/AVP 0\r\na=sendrecv\r\nm=video 9 RTP/AVP 0\r\na=inactive\r\n":  false,
		"":        false,
		"garbage": false,
	} {
		if got := media.Holds(sdp); got != want {
			t.Errorf("%q: %v", sdp, got)
		}
	}
}
