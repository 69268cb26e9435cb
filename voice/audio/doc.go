// Package audio is the sound of the phone: devices and routes over malgo,
// synthetic devices, tones, meters, and the path of one call between its
// devices and the network.
//
//	sys, err := audio.NewSystem(…)                          // malgo, or the paced null device if there is no sound
//	spec, err := audio.ParseSpec("file:speech.wav")         // "", default, device:NAME, sine:HZ, file:PATH, null
//	path := audio.NewPath(sys, audio.PathConfig{…})         // one call's sound
//	path.OpenPlayout(far); path.OpenCapture(far)            // each when it may
//	path.PlayTone(audio.Ringback); path.StopTone()
//	path.Levels()                                           // meters, 0..1, both directions
//	path.Close()
package audio
