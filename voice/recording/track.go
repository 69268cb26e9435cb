package recording

import (
	"offhook/voice/codec"
)

// All positions on the line of time are samples of 48 kHz since the recording began. A
// slot is 20 ms of it: what one packet of the file holds.
const (
	slotSamples = codec.SampleRate / 50
	// ringSlots is how far ahead of what is written a track keeps what comes.
	ringSlots = 128
	// bridged is for how many missing packets a decoder is left to make something up;
	// a longer gap is silence.
	bridged = 5
)

// track is the sound of one side on its way into the file.
type track interface {
	// put takes a packet that begins at a position, which is not before the next slot.
	put(at int64, payload []byte)
	// frame returns what the file has for a slot; each is asked for once, in order. It
	// is overwritten by the next call.
	frame(slot int64) []byte
}

// opusTrack keeps packets of 20 ms as they come.
type opusTrack struct {
	silence []byte
	slots   [ringSlots]struct {
		slot int64 // of what is here, plus one
		data []byte
	}
	toc  byte // of the packet before
	gap  int  // how many slots have had none since
	none [1]byte
}

func newOpusTrack() (*opusTrack, error) {
	silence, err := opusSilence()
	return &opusTrack{silence: silence, gap: bridged}, err
}

// opusSilence is a packet of 20 ms of silence.
func opusSilence() ([]byte, error) {
	encoder, err := codec.NewEncoder(codec.Opus)
	if err != nil {
		return nil, err
	}
	pcm, out := make([]int16, slotSamples), make([]byte, codec.MaxPayload)
	n := 0
	for range 8 { // past what an encoder does at its start
		k, err := encoder.Encode(pcm, out)
		if err != nil {
			return nil, err
		}
		if k > 0 {
			n = k
		}
	}
	return append([]byte(nil), out[:n]...), nil
}

func (t *opusTrack) put(at int64, payload []byte) {
	slot := (at + slotSamples/2) / slotSamples
	s := &t.slots[slot%ringSlots]
	if s.slot == slot+1 {
		return // a copy
	}
	s.slot, s.data = slot+1, append(s.data[:0], payload...)
}

func (t *opusTrack) has(slot int64) bool { return t.slots[slot%ringSlots].slot == slot+1 }

func (t *opusTrack) frame(slot int64) []byte {
	if t.has(slot) {
		t.gap = 0
		data := t.slots[slot%ringSlots].data
		t.toc = data[0]
		return data
	}
	if t.gap++; t.gap <= bridged {
		for next := slot + 1; next <= slot+bridged; next++ {
			if t.has(next) { // a frame of no length is one that was lost
				t.none[0] = t.toc &^ 3
				return t.none[:]
			}
		}
	}
	t.gap = bridged
	return t.silence
}

// lawTrack keeps the samples of G.711.
type lawTrack struct {
	silence byte
	ring    [ringSlots * lawSlot]byte
	out     [lawSlot]byte
}

// lawSlot is one slot of G.711, lawStep the positions of one of its samples.
const (
	lawSlot = 160
	lawStep = slotSamples / lawSlot
)

func newLawTrack(name string) *lawTrack {
	t := &lawTrack{silence: 0xff}
	if name == codec.PCMA {
		t.silence = 0xd5
	}
	for i := range t.ring {
		t.ring[i] = t.silence
	}
	return t
}

func (t *lawTrack) put(at int64, payload []byte) {
	for i, v := range payload {
		t.ring[(at/lawStep+int64(i))%int64(len(t.ring))] = v
	}
}

func (t *lawTrack) frame(slot int64) []byte {
	from := t.ring[slot%ringSlots*lawSlot:][:lawSlot]
	copy(t.out[:], from)
	for i := range from {
		from[i] = t.silence
	}
	return t.out[:]
}

// soundTrack decodes what comes: for a mixture, and for a codec or a length of packet
// that the file does not have.
type soundTrack struct {
	decoder codec.Decoder
	encoder codec.Encoder // nil for a track that is mixed
	ring    [ringSlots * slotSamples]int16
	pcm     [6 * slotSamples]int16
	out     [codec.MaxPayload]byte
	silence []byte
}

// newSoundTrack decodes one codec and encodes another; the other is empty for a track
// that is only mixed.
func newSoundTrack(from, to string) (*soundTrack, error) {
	t := &soundTrack{}
	var err error
	if t.decoder, err = codec.NewDecoder(from); err != nil || to == "" {
		return t, err
	}
	if to == codec.Opus {
		if t.silence, err = opusSilence(); err != nil {
			return nil, err
		}
	}
	t.encoder, err = codec.NewEncoder(to)
	return t, err
}

func (t *soundTrack) put(at int64, payload []byte) {
	n, err := t.decoder.Decode(payload, t.pcm[:])
	if err != nil {
		return
	}
	for i, v := range t.pcm[:n] {
		t.ring[(at+int64(i))%int64(len(t.ring))] = v
	}
}

// sound returns the samples of a slot, to be taken before the next put.
func (t *soundTrack) sound(slot int64) []int16 {
	return t.ring[slot%ringSlots*slotSamples:][:slotSamples]
}

func (t *soundTrack) frame(slot int64) []byte {
	pcm := t.sound(slot)
	n, err := t.encoder.Encode(pcm, t.out[:])
	clear(pcm)
	if err != nil || n == 0 {
		return t.silence
	}
	return t.out[:n]
}
