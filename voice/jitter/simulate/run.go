package main

import (
	"math/rand/v2"
	"slices"
	"time"

	"offhook/internal/listen/stoi"
	"offhook/voice/codec"
	"offhook/voice/jitter"
)

// result is what came of one network.
type result struct {
	name  string
	stats jitter.Stats
	// delay is how far what was heard lies behind what was said, in ms, less
	// nothing: network, packet, codec and buffer. Median and largest of the
	// pieces of speech.
	delay, worst float64
	stoi         float64
	cost         time.Duration // of a frame
	heard        []int16
}

type setup struct {
	codec               string
	packet              time.Duration
	seed                uint64
	config              jitter.Config
	bitrate, complexity int
	// copies are the packets, by how many they lie back, that every packet brings
	// again (RFC 2198).
	copies []int
}

// packet is one on its way.
type packet struct {
	seq     uint16
	ts      uint32
	at      time.Duration
	payload []byte
	copies  []redundant
}

// redundant is an earlier packet that a packet brings again.
type redundant struct {
	back    uint32
	payload []byte
}

// stillEvery is how many frames are played from one standstill of the machine to
// the next.
const stillEvery = 300

// play sends said through n and returns what was heard.
func play(n network, said []int16, s setup) (result, error) {
	info, ok := codec.Lookup(s.codec)
	if !ok {
		return result{}, codec.ErrUnknown
	}
	enc, err := codec.NewEncoder(s.codec, codec.WithDTX(n.dtx), codec.WithBitrate(s.bitrate), codec.WithComplexity(s.complexity))
	if err != nil {
		return result{}, err
	}
	dec, err := codec.NewDecoder(s.codec)
	if err != nil {
		return result{}, err
	}
	enc.SetLoss(n.tell)
	packets, err := send(n, said, s, info, enc)
	if err != nil {
		return result{}, err
	}
	var now time.Duration
	cfg := s.config
	cfg.ClockRate = info.ClockRate
	cfg.Now = func() time.Duration { return now }
	buf := jitter.New(dec, cfg)
	heard := make([]int16, 0, len(said)+48000)
	frame := make([]int16, jitter.FrameSamples)
	const phase = 3700 * time.Microsecond
	begin := time.Now()
	var stats jitter.Stats
	frames := len(said)/jitter.FrameSamples + 100
	for i := range frames {
		now = phase + time.Duration(i)*10*ms
		if n.burst {
			now = phase + time.Duration(i&^1)*10*ms
		}
		var read time.Duration
		if n.still > 0 {
			now += time.Duration(i/stillEvery) * n.still
			if i > 0 && i%stillEvery == 0 {
				read = now
				heard = append(heard, make([]int16, n.still*48000/time.Second)...)
			}
		}
		for len(packets) > 0 && packets[0].at <= now {
			p := packets[0]
			p.at = max(p.at, read)
			buf.Put(p.seq, p.ts, p.at, p.payload)
			for _, c := range p.copies {
				buf.PutCopy(p.seq, p.ts, c.back, p.at, c.payload)
			}
			packets = packets[1:]
		}
		buf.Get(frame)
		if n.still == 0 && i == len(said)/jitter.FrameSamples || n.still > 0 && len(packets) > 0 {
			stats = buf.Statistics()
		}
		heard = append(heard, frame...)
	}
	cost := time.Since(begin) / time.Duration(frames)
	laid, lags := stoi.Lay(said, heard)
	r := result{name: n.name, stats: stats, stoi: stoi.Measure(said, laid), cost: cost, heard: heard}
	if len(lags) > 0 {
		slices.Sort(lags)
		r.delay, r.worst = lags[len(lags)/2], lags[len(lags)-1]
	}
	return r, nil
}

// send encodes said and lets the network have it; the packets come back in the
// order of their arrival.
func send(n network, said []int16, s setup, info codec.Info, enc codec.Encoder) ([]packet, error) {
	size := int(s.packet * 48000 / time.Second)
	fates := n.make(rand.New(rand.NewPCG(s.seed, 77)))
	buf := make([]byte, 1500)
	var packets []packet
	var last time.Duration
	var sound [][]byte
	seq, ts := uint16(65000), uint32(1<<32-20000)
	for at := 0; at+size <= len(said); at += size {
		k, err := enc.Encode(said[at:at+size], buf)
		if err != nil {
			return nil, err
		}
		// A packet leaves when its last sample was spoken.
		sent := time.Duration(float64(at+size) / 48000 * float64(time.Second) / (1 + n.drift/1e6))
		f := fates(sent)
		sound = append(sound, slices.Clone(buf[:k]))
		if k > 0 {
			arrival := sent + f.delay
			if n.kept {
				arrival = max(arrival, last)
			}
			if !f.lost {
				last = arrival
				p := packet{seq: seq, ts: ts, at: arrival, payload: sound[len(sound)-1]}
				for _, c := range s.copies {
					if i := len(sound) - 1 - c; i >= 0 && len(sound[i]) > 0 {
						p.copies = append(p.copies, redundant{uint32(c * size * info.ClockRate / 48000), sound[i]})
					}
				}
				packets = append(packets, p)
			}
			seq++
		}
		ts += uint32(size * info.ClockRate / 48000)
	}
	slices.SortStableFunc(packets, func(a, b packet) int { return int(a.at - b.at) })
	return packets, nil
}
