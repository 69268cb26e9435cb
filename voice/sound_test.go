package voice

import (
	"testing"
	"testing/synctest"

	"offhook/voice/audio"
	"offhook/voice/media"
)

// The path of the sound learns that a call is muted from the session that it serves:
// only so can it tell somebody who speaks that nobody hears.
func TestPathKnowsTheMute(t *testing.T) {
	t.Parallel()
	session, err := media.NewRTP(media.Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer session.Close()
	var far farSwitch
	muted := func() bool { return audio.Mutable(&far).Muted() }
	if muted() {
		t.Error("muted without a call")
	}
	far.turn(session)
	if session.SetMuted(true); !muted() {
		t.Error("the mute of the call is not known")
	}
	if session.SetMuted(false); muted() {
		t.Error("the end of the mute is not known")
	}
}

// The sign of a waiting call may come when the call that it would be heard in has just
// ended: no device is opened for it, and the client can be closed.
func TestNoSoundAfterTheLastCall(t *testing.T) {
	t.Parallel()
	onHarness(t, func(t *testing.T, r *harness) {
		call, err := r.client.Dial(t.Context(), "sip:08040408080", "")
		if err != nil {
			t.Fatal(err)
		}
		shared := call.sound
		if err := call.Hangup(); err != nil {
			t.Fatal(err)
		}
		<-call.done
		before := len(r.sound.paths)
		shared.callWaiting()
		synctest.Wait()
		if n := len(r.sound.paths); n != before {
			t.Errorf("%d devices were opened for nobody", n-before)
		}
	})
}
