package app

import (
	"offhook/app/readiness"
	"offhook/assets/lang"
	"offhook/voice"
	"offhook/voice/audio"
)

// soundFailed takes up that a device of the call could not be opened.
func (p *Phone) soundFailed(ev voice.SoundFailed) {
	a := &p.m.audio
	microphone := a.MicrophoneWorks && !ev.Capture
	p.openFailed(ev.Err)
	a.MicrophoneWorks, a.SpeakerWorks = microphone, a.SpeakerWorks && ev.Capture
	p.say("error", ev.Err.Text().WithNext())
}

// soundNotice says what a person should know of the sound of the call, and keeps
// the picture of the devices true, which is not looked at during a call.
func (p *Phone) soundNotice(n audio.Notice) {
	a := &p.m.audio
	name, works := &a.Microphone, &a.MicrophoneWorks
	if n.Kind == audio.Playback {
		name, works = &a.Speaker, &a.SpeakerWorks
	}
	if n.Device != "" && n.Code != audio.HeadsetOffered {
		*name = n.Device
	}
	p.offerFor(n)
	switch n.Code {
	case audio.DevicesChanged:
		a.Routes = audio.Routes(n.Devices)
		p.touch()
	case audio.HeadsetOffered: // the offer says it
	case audio.MutedSpeech:
		p.say("info", lang.Of("notice.muted"))
	case audio.Returned, audio.Moved, audio.SystemUnmuted:
		*works = true
		p.soundWorks()
		p.say("info", lang.Of("notice.sound-moved", lang.Literal(n.Device).Or("notice.another-device")))
	case audio.AliveMicrophone:
		*works = true
		p.soundWorks()
		p.say("info", lang.Of("notice.microphone-works"))
	case audio.FellBack:
		*works = true
		p.say("warning", noticeText(n))
	case audio.NoDevice, audio.DeadMicrophone, audio.SystemMuted:
		*works = false
		c := readiness.Bad(noticeText(n), readiness.OpenAudioSettings)
		if n.Err != nil {
			c.Text, c.Action = n.Err.Text(), soundAction(n.Err)
		}
		p.m.ready.Set(readiness.Devices, c)
		if a.Offer == nil || n.Code != audio.DeadMicrophone { // the offer says it
			p.say("warning", noticeText(n))
		}
	default:
		p.say("warning", noticeText(n))
	}
}

// soundWorks ends the trouble of the devices when both work in the call.
func (p *Phone) soundWorks() {
	if a := &p.m.audio; a.MicrophoneWorks && a.SpeakerWorks {
		p.m.openFailed = nil
		p.m.ready.Set(readiness.Devices, readiness.Good())
	}
}

func noticeText(n audio.Notice) lang.Text {
	if n.Err == nil {
		return lang.Of("notice.sound-problem")
	}
	return n.Err.Text().WithNext()
}
