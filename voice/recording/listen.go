package recording

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"time"

	"offhook/voice/codec"
)

// Listener decodes a recording for people to hear: both sides mixed, 48 kHz mono. It
// reads only the parts that it needs, and belongs to one goroutine.
type Listener struct {
	file   io.ReaderAt
	size   int64
	length int64 // in samples of 48 kHz
	data   int64 // where the sound begins
	// of a WAV file: how many channels of which law, and the sample to come.
	law      int
	channels int
	at       int64
	// of an Ogg file: the page to come, and the packets of the present one.
	next    int64
	packets [][]byte
	page    []byte

	sides    []codec.Decoder
	pcm, sum [slotSamples]int16
	raw      []byte
}

// ErrNotPlayable says that a file is no recording of a phone or a platform: an Ogg file
// of Opus or a WAV file of G.711, of one or two channels.
var ErrNotPlayable = errors.New("not a recording that can be played")

const (
	// maxPage is the most that a page of Ogg holds: its head and 255 pieces of 255.
	maxPage = 27 + 255 + 255*255
	// oggNear is below how many bytes pages are looked at one after the other.
	oggNear = 2 * maxPage
)

// Listen opens a recording of that size. The errors are ErrNotPlayable and the file's.
func Listen(file io.ReaderAt, size int64) (*Listener, error) {
	l := &Listener{file: file, size: size}
	head := make([]byte, min(size, 4096))
	if _, err := file.ReadAt(head, 0); err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	var err error
	switch {
	case bytes.HasPrefix(head, []byte("RIFF")):
		err = l.openWAV(head)
	case bytes.HasPrefix(head, []byte("OggS")):
		err = l.openOgg()
	default:
		err = ErrNotPlayable
	}
	if err != nil {
		return nil, err
	}
	return l, l.decoders()
}

func (l *Listener) decoders() error {
	name := codec.Opus
	switch l.law {
	case wavMuLaw:
		name = codec.PCMU
	case wavALaw:
		name = codec.PCMA
	}
	l.sides = l.sides[:0]
	for range l.channels {
		d, err := codec.NewDecoder(name)
		if err != nil {
			return err
		}
		l.sides = append(l.sides, d)
	}
	return nil
}

// The numbers of the two laws in a WAV file.
const (
	wavALaw  = 6
	wavMuLaw = 7
)

func (l *Listener) openWAV(head []byte) error {
	le := binary.LittleEndian
	for at := 12; at+8 <= len(head); {
		n := int(le.Uint32(head[at+4:]))
		switch string(head[at : at+4]) {
		case "fmt ":
			if at+24 > len(head) {
				return ErrNotPlayable
			}
			l.law, l.channels = int(le.Uint16(head[at+8:])), int(le.Uint16(head[at+10:]))
			if le.Uint32(head[at+12:]) != 8000 {
				return ErrNotPlayable
			}
		case "data":
			if l.law != wavALaw && l.law != wavMuLaw || l.channels < 1 || l.channels > 2 {
				return ErrNotPlayable
			}
			l.data = int64(at) + 8
			l.length = (l.size - l.data) / int64(l.channels) * lawStep
			return nil
		}
		if n < 0 || n > len(head) {
			return ErrNotPlayable
		}
		at += 8 + n + n%2
	}
	return ErrNotPlayable
}

func (l *Listener) openOgg() error {
	if err := l.readPage(); err != nil || len(l.packets) != 1 {
		return errors.Join(ErrNotPlayable, err)
	}
	h := l.packets[0]
	if len(h) < 19 || !bytes.HasPrefix(h, []byte("OpusHead")) || h[9] < 1 || h[9] > 2 {
		return ErrNotPlayable
	}
	l.channels = int(h[9])
	if l.channels == 2 && (h[18] != 1 || len(h) < 21 || h[19] != 2 || h[20] != 0) { // two mono streams
		return ErrNotPlayable
	}
	if err := l.readPage(); err != nil { // the tags
		return errors.Join(ErrNotPlayable, err)
	}
	l.data, l.packets = l.next, nil
	end, _, err := l.lastPage()
	l.length = end
	return err
}

// readPage reads the page to come. The error is io.EOF at the end, and ErrNotPlayable
// for what is no page.
func (l *Listener) readPage() error {
	if l.next >= l.size {
		return io.EOF
	}
	l.page = grow(l.page, int(min(maxPage, l.size-l.next)))
	n, err := l.file.ReadAt(l.page, l.next)
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	b := l.page[:n]
	size := pageSize(b)
	if size == 0 {
		return ErrNotPlayable
	}
	if size > len(b) {
		return io.EOF // it was being written when the process ended
	}
	l.next += int64(size)
	lacing := b[27 : 27+int(b[26])]
	body := b[27+len(lacing) : size]
	l.packets = l.packets[:0]
	for from, at, i := 0, 0, 0; i < len(lacing); i++ {
		if at += int(lacing[i]); lacing[i] < 255 {
			l.packets = append(l.packets, body[from:at])
			from = at
		}
	}
	return nil
}

// pageSize is the size of the page that b begins with, 0 if it is none.
func pageSize(b []byte) int {
	if len(b) < 27 || string(b[:4]) != "OggS" || b[4] != 0 || len(b) < 27+int(b[26]) {
		return 0
	}
	size := 27 + int(b[26])
	for _, n := range b[27 : 27+int(b[26])] {
		size += int(n)
	}
	return size
}

func grow(b []byte, n int) []byte {
	if cap(b) < n {
		return make([]byte, n)
	}
	return b[:n]
}

// lastPage is where the sound ends, in samples, and where its last page begins.
func (l *Listener) lastPage() (granule, at int64, err error) {
	return l.pageIn(max(l.data, l.size-oggNear), l.size, true)
}

// pageIn is the first or the last page that begins in a part of the file: where its
// sound ends, and where it begins. at is -1 if there is none.
func (l *Listener) pageIn(from, to int64, last bool) (granule, at int64, err error) {
	b := make([]byte, min(to+27+255, l.size)-from)
	n, err := l.file.ReadAt(b, from)
	if err != nil && !errors.Is(err, io.EOF) {
		return 0, -1, err
	}
	b, at = b[:n], -1
	for i := 0; i < len(b); {
		j := bytes.Index(b[i:], []byte("OggS"))
		if j < 0 || from+int64(i+j) >= to {
			break
		}
		i += j
		size := pageSize(b[i:])
		if size == 0 || from+int64(i+size) > l.size {
			i++
			continue
		}
		granule, at = int64(binary.LittleEndian.Uint64(b[i+6:])), from+int64(i)
		if !last {
			break
		}
		i += size
	}
	if granule < 0 {
		granule = 0
	}
	return granule, at, nil
}

// Length is how long the recording is.
func (l *Listener) Length() time.Duration { return duration(l.length) }

func duration(samples int64) time.Duration {
	return time.Duration(samples) * time.Second / codec.SampleRate
}

// Seek goes to a time of the recording, or to its end.
func (l *Listener) Seek(to time.Duration) error {
	want := max(0, min(samples(to), l.length))
	if err := l.decoders(); err != nil { // what they remember is of elsewhere
		return err
	}
	if l.law != 0 {
		l.at = want / lawStep
		return nil
	}
	low, high := l.data, l.size
	for high-low > oggNear {
		middle := low + (high-low)/2
		granule, at, err := l.pageIn(middle, min(high, middle+maxPage), false)
		switch {
		case err != nil:
			return err
		case at < 0 || granule > want:
			high = middle
		default:
			low = at
		}
	}
	l.next, l.packets = low, nil
	for {
		from := l.next
		granule, at, err := l.pageIn(from, min(l.size, from+maxPage), false)
		if err != nil {
			return err
		}
		if at < 0 || granule > want {
			return nil
		}
		l.next = at
		if err := l.readPage(); err != nil {
			return err
		}
		l.packets = nil
	}
}

// Next returns the next 20 ms; it is overwritten by the next call. The error is io.EOF at
// the end.
func (l *Listener) Next() ([]int16, error) {
	clear(l.sum[:])
	if l.law != 0 {
		return l.nextLaw()
	}
	for len(l.packets) == 0 {
		if err := l.readPage(); err != nil {
			return nil, err
		}
	}
	p := l.packets[0]
	l.packets = l.packets[1:]
	for i, d := range l.sides {
		payload := p
		if i < len(l.sides)-1 {
			var err error
			if payload, p, err = splitSelfDelimited(p); err != nil {
				return l.sum[:], nil // a damaged packet is silence
			}
		}
		n, err := 0, error(nil)
		if len(payload) > 1 && opusSamples(payload) == slotSamples {
			n, err = d.Decode(payload, l.pcm[:])
		}
		if err != nil || n != slotSamples {
			if d.Conceal(l.pcm[:]) != nil {
				clear(l.pcm[:])
			}
		}
		l.mix()
	}
	return l.sum[:], nil
}

func (l *Listener) mix() {
	for i, v := range l.pcm {
		l.sum[i] = int16(min(max(int32(l.sum[i])+int32(v), -32768), 32767))
	}
}

func (l *Listener) nextLaw() ([]int16, error) {
	l.raw = grow(l.raw, lawSlot*l.channels)
	n, err := l.file.ReadAt(l.raw, l.data+l.at*int64(l.channels))
	if n < len(l.raw) { // less than a slot is left
		if err == nil || errors.Is(err, io.EOF) {
			err = io.EOF
		}
		return nil, err
	}
	l.at += lawSlot
	var side [lawSlot]byte
	for i, d := range l.sides {
		for j := range side {
			side[j] = l.raw[j*l.channels+i]
		}
		if _, err := d.Decode(side[:], l.pcm[:]); err != nil {
			clear(l.pcm[:])
		}
		l.mix()
	}
	return l.sum[:], nil
}

// splitSelfDelimited is the reverse of appendSelfDelimited: the packet that b begins
// with, in its usual form, and what follows.
func splitSelfDelimited(b []byte) (packet, rest []byte, err error) {
	if len(b) < 2 {
		return nil, nil, errOpus
	}
	// at is where the length of the last frame stands, sum the
	// bytes of the other frames, times how often the last one's length counts.
	at, sum, times, padding := 1, 0, 1, 0
	switch b[0] & 3 {
	case 1:
		times = 2
	case 2:
		n, size, ok := readLength(b[1:])
		if !ok {
			return nil, nil, errOpus
		}
		at, sum = 1+size, n
	case 3:
		count := int(b[1] & 63)
		if at = 2; count == 0 {
			return nil, nil, errOpus
		}
		if b[1]&64 != 0 {
			for more := true; more; at++ {
				if at >= len(b) {
					return nil, nil, errOpus
				}
				if more = b[at] == 255; more {
					padding += 254
				} else {
					padding += int(b[at])
				}
			}
		}
		if times = count; b[1]&128 != 0 {
			times = 1
			for range count - 1 {
				n, size, ok := readLength(b[min(at, len(b)):])
				if !ok {
					return nil, nil, errOpus
				}
				at, sum = at+size, sum+n
			}
		}
	}
	n, size, ok := readLength(b[min(at, len(b)):])
	if !ok {
		return nil, nil, errOpus
	}
	from := at + size
	to := from + sum + times*n + padding
	if to > len(b) {
		return nil, nil, errOpus
	}
	packet = append(append(make([]byte, 0, at+to-from), b[:at]...), b[from:to]...)
	return packet, b[to:], nil
}
