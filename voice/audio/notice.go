package audio

import "offhook/voice/fault"

// Notice is something about the sound of a call that a person should know.
type Notice struct {
	Code NoticeCode
	Kind Kind
	// Device is the name of the device that is in use now; empty for none. For
	// HeadsetOffered it is the headset's, and Route leads to it.
	Device string
	Route  Route
	// Devices is what there is now, for DevicesChanged.
	Devices []Device
	// Instead is a device that might serve in place of a dead one; empty for none.
	Instead Device
	// Err says in words what is wrong and what is used instead; nil for good news.
	Err *fault.Error
}

// NoticeCode tells the notices apart.
type NoticeCode int

// FellBack: the chosen device is gone or can't be opened, another is used.
// Returned: the chosen device is back in use. Moved: the system's default is
// another device now, and the call followed. NoDevice: there is none, so that
// nobody hears or is heard. MutedSpeech: somebody speaks into the muted
// microphone. DeadMicrophone: the microphone delivers digital silence, as one does
// that is muted in the system or not permitted. AliveMicrophone: it delivers sound
// again. SystemMuted: the device is muted in the system's own settings;
// SystemUnmuted: it no longer is. DevicesChanged: something was plugged in or out
// during the call. HeadsetOffered: a headset has appeared, which the settings don't
// let the call take by itself.
const (
	FellBack NoticeCode = iota
	Returned
	Moved
	NoDevice
	MutedSpeech
	DeadMicrophone
	AliveMicrophone
	SystemMuted
	SystemUnmuted
	DevicesChanged
	HeadsetOffered
)

var noticeNames = [...]string{"fell back", "returned", "moved", "no device", "muted speech", "dead microphone", "alive microphone", "muted in the system", "unmuted in the system", "devices changed", "headset offered"}

// String returns the code's name, for logs.
func (c NoticeCode) String() string {
	if c < 0 || int(c) >= len(noticeNames) {
		return "unknown"
	}
	return noticeNames[c]
}
