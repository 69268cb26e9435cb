package relay

import (
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"offhook/voice/codec"
)

// Conference mixes the sound of its legs: each hears all others, and not itself.
// Legs may speak different codecs. It runs while it has a leg; a leg leaves it by
// being joined to something else, or by its end. All methods may be called from any
// goroutine.
type Conference struct {
	relay *Relay
	// talking is told which legs speak, when that changes.
	talking func([]*Leg)

	mu      sync.Mutex
	running bool
	parties atomic.Pointer[[]*party] // never changed, only replaced
}

// talkersEvery is how many frames pass between two looks at who speaks: 200 ms.
const talkersEvery = 10

// NewConference makes a conference without legs. talking, if it is not nil, is told
// which legs speak, at most five times a second, when that changes. It must not block.
func (r *Relay) NewConference(talking func([]*Leg)) *Conference {
	c := &Conference{relay: r, talking: talking}
	c.parties.Store(&[]*party{})
	return c
}

// Add takes a leg in. What it was joined to before is let go.
func (c *Conference) Add(l *Leg) error {
	name := l.Codec()
	info, ok := codec.Lookup(name)
	if !ok {
		return codec.ErrUnknown
	}
	p := &party{bot: bot{l}, conference: c, info: info, ssrc: rand.Uint32(), began: time.Now()}
	var err error
	if p.encoder, err = codec.NewEncoder(name); err != nil {
		return err
	}
	c.mu.Lock()
	defer func() {
		c.mu.Unlock()
		if err == nil {
			l.setSink(p) // a leg that was closed meanwhile takes the party out again
		}
	}()
	if !c.running {
		if err = c.relay.begin(c.run); err != nil {
			return err
		}
		c.running = true
	}
	list := append(slices.Clone(*c.parties.Load()), p)
	c.parties.Store(&list)
	return nil
}

// begin runs f on a goroutine that Close waits for.
func (r *Relay) begin(f func()) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return ErrClosed
	}
	r.conferences.Go(f)
	return nil
}

// Mute keeps what a leg says from the others, or lets it through again. It reports
// whether the leg is here.
func (c *Conference) Mute(l *Leg, muted bool) bool {
	for _, p := range *c.parties.Load() {
		if p.leg == l {
			p.muted.Store(muted)
			return true
		}
	}
	return false
}

// remove takes a party out.
func (c *Conference) remove(p *party) {
	c.mu.Lock()
	defer c.mu.Unlock()
	list := slices.DeleteFunc(slices.Clone(*c.parties.Load()), func(other *party) bool { return other == p })
	c.parties.Store(&list)
}

// empty reports, and from then on it is so, that the conference has ended.
func (c *Conference) empty() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.running = len(*c.parties.Load()) > 0
	return !c.running
}

// run mixes a frame each 20 ms by the clock, not by the last frame, so that the pace
// does not drift. After a pause of the machine it goes on where it was.
func (c *Conference) run() {
	const pause = 10
	ticker := time.NewTicker(frameTime)
	defer ticker.Stop()
	start := time.Now()
	var mixer mixer
	var mixed, paused int
	var spoke []*Leg
	for range ticker.C {
		due := int(time.Since(start)/frameTime) + 1 - paused
		if late := due - mixed; late > pause {
			paused += late - 1
			due = mixed + 1
		}
		for ; mixed < due; mixed++ {
			parties := *c.parties.Load()
			if len(parties) == 0 && c.empty() {
				return
			}
			mixer.mix(parties)
			if c.talking != nil && mixed%talkersEvery == 0 {
				if now := talkers(parties); !slices.Equal(now, spoke) {
					spoke = now
					c.talking(now)
				}
			}
		}
	}
}

// talkers are the legs that speak, in the order in which they came.
func talkers(parties []*party) []*Leg {
	var list []*Leg
	for _, p := range parties {
		if p.voice > 0 {
			list = append(list, p.leg)
		}
	}
	return list
}

// mixer adds up one frame of all parties.
type mixer struct {
	sum [frameSamples]int32
	out [frameSamples]int16
}

// frameSamples is the length of a frame of 20 ms.
const frameSamples = codec.SampleRate / 50

func (m *mixer) mix(parties []*party) {
	clear(m.sum[:])
	for _, p := range parties {
		p.listen()
		for i, v := range p.pcm {
			m.sum[i] += int32(v)
		}
	}
	for _, p := range parties {
		if !p.leg.hears() {
			p.skip()
			continue
		}
		for i, v := range p.pcm {
			m.out[i] = int16(max(-32768, min(32767, m.sum[i]-int32(v))))
		}
		p.say(&m.out)
	}
}

// hears reports whether sound to the phone would reach it.
func (l *Leg) hears() bool {
	return l.gate.toPhone.Load() && l.gate.phoneReceives.Load() && l.Secured()
}
