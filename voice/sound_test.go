package voice

import (
	"testing"

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
