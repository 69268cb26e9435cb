// Package audio is the sound of the phone: devices and routes over malgo,
// synthetic devices, tones, meters, and the path of one call between its
// devices and the network.
//
//	sys, err := audio.NewSystem(…)                          // malgo; a path without a device plays to nobody at the right pace
//	spec, err := audio.ParseSpec("file:speech.wav")         // "", default, device:NAME, sine:HZ, file:PATH, null
//	path := audio.NewPath(sys, audio.PathConfig{…})         // one call's sound
//	path.OpenPlayout(far); path.OpenCapture(far)            // each when it may
//	path.PlayTone(audio.Ringback); path.StopTone()
//	path.Levels()                                           // meters, 0..1, both directions
//	path.SetRoute(audio.RouteSpeaker)                       // in a call
//	path.Close()
//
// A device that goes is replaced within 300 ms and taken back when it returns;
// PathConfig.Notice says so. Package process cleans the microphone's sound.
package audio
