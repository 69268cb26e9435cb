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

// opusTrack keeps packets of 20 ms, or of 10 ms, as they come.
type opusTrack struct {
	silence []byte
	slots   [ringSlots]opusSlot
	toc     byte // of the packet before
	gap     int  // how many slots have had none since
	out     []byte
}

// opusSlot is what has come for a slot: one packet, or two of half its length.
type opusSlot struct {
	slot  int64 // the slot, plus one
	whole []byte
	half  [2][]byte
}

const halfSlot = slotSamples / 2

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
	if opusSamples(payload) == halfSlot {
		n := (at + halfSlot/2) / halfSlot
		if h := &t.of(n / 2).half[n%2]; len(*h) == 0 {
			*h = append(*h, payload...)
		}
		return
	}
	if s := t.of((at + halfSlot) / slotSamples); len(s.whole) == 0 { // else it is a copy
		s.whole = append(s.whole, payload...)
	}
}

// of is the place of a slot, empty at first.
func (t *opusTrack) of(slot int64) *opusSlot {
	s := &t.slots[slot%ringSlots]
	if s.slot != slot+1 {
		s.slot, s.whole, s.half[0], s.half[1] = slot+1, s.whole[:0], s.half[0][:0], s.half[1][:0]
	}
	return s
}

func (t *opusTrack) has(slot int64) bool { return t.slots[slot%ringSlots].slot == slot+1 }

// takes reports whether a packet can stay as it is.
func (t *opusTrack) takes(payload []byte) bool {
	n := opusSamples(payload)
	return n == slotSamples || n == halfSlot && payload[0]&3 == 0
}

func (t *opusTrack) frame(slot int64) []byte {
	if !t.has(slot) {
		if t.gap++; t.gap <= bridged {
			for next := slot + 1; next <= slot+bridged; next++ {
				if t.has(next) {
					return t.lost()
				}
			}
		}
		t.gap = bridged
		return t.silence
	}
	t.gap = 0
	s := t.of(slot)
	if len(s.whole) > 0 {
		t.toc = s.whole[0]
		return s.whole
	}
	return t.joined(s.half[0], s.half[1])
}

// lost is a packet of 20 ms whose frames have no length: they were lost.
func (t *opusTrack) lost() []byte {
	code := byte(0)
	if opusSamples([]byte{t.toc &^ 3}) == halfSlot {
		code = 1 // two frames
	}
	t.out = append(t.out[:0], t.toc&^3|code)
	return t.out
}

// joined is one packet of two frames of 10 ms (RFC 6716, section 3.2.4), of which one
// may be missing. Where the encoder has gone over to another mode between the two, the
// second one is left to the decoder to make up.
func (t *opusTrack) joined(first, second []byte) []byte {
	switch {
	case len(first) == 0:
		t.toc, first = second[0], second[:1]
	default:
		if t.toc = first[0]; len(second) > 0 && second[0] != first[0] {
			second = nil
		}
	}
	t.out = append(t.out[:0], t.toc&^3|2)
	t.out = appendLength(t.out, len(first)-1)
	t.out = append(t.out, first[1:]...)
	if len(second) > 0 {
		t.out = append(t.out, second[1:]...)
	}
	return t.out
}

// mixedTrack is an opusTrack that is decoded in order, to be mixed.
type mixedTrack struct {
	*opusTrack
	decoder codec.Decoder
	pcm     [slotSamples]int16
}

func newMixedTrack() (*mixedTrack, error) {
	opus, err := newOpusTrack()
	if err != nil {
		return nil, err
	}
	t := &mixedTrack{opusTrack: opus}
	t.decoder, err = codec.NewDecoder(codec.Opus)
	return t, err
}

func (t *mixedTrack) sound(slot int64) []int16 {
	packet := t.frame(slot)
	if len(packet) > 1 {
		if n, err := t.decoder.Decode(packet, t.pcm[:]); err == nil && n == slotSamples {
			return t.pcm[:]
		}
	}
	if t.decoder.Conceal(t.pcm[:]) != nil {
		clear(t.pcm[:])
	}
	return t.pcm[:]
}

// sounding is a track that is mixed. What sound returns is valid until the next put.
type sounding interface {
	track
	sound(slot int64) []int16
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
	filled  [2 * ringSlots]int64 // the position of what has come for 10 ms, plus one
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
	place := &t.filled[at/halfSlot%int64(len(t.filled))]
	if *place == at+1 {
		return // a copy
	}
	*place = at + 1
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
