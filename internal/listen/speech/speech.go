// Package speech says something, for tests and measurements that listen.
package speech

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"offhook/voice/audio/wave"
)

// The voices of espeak-ng that speak.
const (
	Man   = "en-gb"
	Woman = "en-us+f3"
)

// talk is what is said, by the voices in turn.
var talk = []string{
	"Good morning, you are speaking to the service desk. How may I help you today?",
	"Hello. My order was to arrive on Thursday, but nobody came, and the tracking page shows nothing new since then.",
	"I am sorry to hear that. Could you please give me the number of the order, and the postal code of the address?",
	"Certainly. It is seven four nine, zero two, double eight. The code is five six zero, zero three eight.",
	"Thank you. I see it here: the parcel went back to the depot, because the street was closed for repairs.",
}

// Talk is half a minute of speech at 48 kHz, a line by each of the voices in turn
// with a quarter of a second between them; espeak-ng says it. It is quiet enough
// for a codec and time stretching not to clip.
func Talk(voices ...string) ([]int16, error) {
	dir, err := os.MkdirTemp("", "speech")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	var said []int16
	for i, line := range talk {
		file := filepath.Join(dir, "a.wav")
		if msg, err := exec.Command("espeak-ng", "-v", voices[i%len(voices)], "-s", "150", "-w", file, line).CombinedOutput(); err != nil {
			return nil, fmt.Errorf("espeak-ng: %w %s", err, msg)
		}
		pcm, err := wave.ReadFile(file)
		if err != nil {
			return nil, err
		}
		for j := range pcm {
			pcm[j] /= 2
		}
		said = append(append(said, pcm...), make([]int16, 12000)...)
	}
	return said, nil
}
