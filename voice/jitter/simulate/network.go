package main

import (
	"bufio"
	"embed"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"path"
	"strconv"
	"strings"
	"time"
)

// fate is what becomes of one packet.
type fate struct {
	delay time.Duration
	lost  bool
}

// network says what becomes of each packet in turn; at is when it was sent.
type network struct {
	name string
	make func(r *rand.Rand) func(at time.Duration) fate
	// drift is how much faster the sender's clock runs, in ppm.
	drift float64
	// burst makes the loudspeaker ask for two frames at a time, every 20 ms.
	burst bool
	// still is how long our own machine stands still every three seconds: nobody
	// asks for frames, and packets are read, and stamped, when it is over.
	still time.Duration
	// tell is the loss in percent that the sender's encoder learns of.
	tell int
	// kept says that the order of the packets is kept: one that is late holds up
	// those behind it.
	kept bool
	dtx  bool
}

const ms = time.Millisecond

// base is the part of the delay that never changes.
const base = 20 * ms

func steady(d time.Duration) func(*rand.Rand) func(time.Duration) fate {
	return func(*rand.Rand) func(time.Duration) fate {
		return func(time.Duration) fate { return fate{delay: d} }
	}
}

func loss(p float64) func(*rand.Rand) func(time.Duration) fate {
	return func(r *rand.Rand) func(time.Duration) fate {
		return func(time.Duration) fate { return fate{delay: base, lost: r.Float64() < p} }
	}
}

// bursts is a Gilbert–Elliott channel that loses everything in its bad state:
// mean is the share of lost packets, length the mean length of a burst.
func bursts(mean, length float64) func(*rand.Rand) func(time.Duration) fate {
	return func(r *rand.Rand) func(time.Duration) fate {
		bad := false
		leave := 1 / length
		enter := leave * mean / (1 - mean)
		return func(time.Duration) fate {
			if bad {
				bad = r.Float64() >= leave
			} else {
				bad = r.Float64() < enter
			}
			return fate{delay: base, lost: bad}
		}
	}
}

// uniform is an extra delay of 0 to most for each packet.
func uniform(most time.Duration) func(*rand.Rand) func(time.Duration) fate {
	return func(r *rand.Rand) func(time.Duration) fate {
		return func(time.Duration) fate { return fate{delay: base + time.Duration(r.Float64()*float64(most))} }
	}
}

// spikes hold everything up for a while, every so often, as a Wi-Fi adapter does
// that looks for other networks; between them there is a little jitter.
func spikes(every, length time.Duration) func(*rand.Rand) func(time.Duration) fate {
	return func(r *rand.Rand) func(time.Duration) fate {
		return func(at time.Duration) fate {
			d := base + time.Duration(r.ExpFloat64()*float64(2*ms))
			if into := at % every; at > every && into < length {
				d += length - into
			}
			return fate{delay: d}
		}
	}
}

// swapped lets every tenth packet come behind its successor.
func swapped(r *rand.Rand) func(time.Duration) fate {
	return func(time.Duration) fate {
		if r.Float64() < 0.1 {
			return fate{delay: base + 25*ms}
		}
		return fate{delay: base}
	}
}

// step changes the path in the middle, to a longer one and back.
func step(r *rand.Rand) func(time.Duration) fate {
	return func(at time.Duration) fate {
		if at > 10*time.Second && at < 20*time.Second {
			return fate{delay: base + 120*ms}
		}
		return fate{delay: base}
	}
}

// both is jitter and loss together, as a bad mobile network has them.
func both(r *rand.Rand) func(time.Duration) fate {
	j, l := uniform(60*ms)(r), bursts(0.05, 2)(r)
	return func(at time.Duration) fate { return fate{delay: j(at).delay, lost: l(at).lost} }
}

// outage loses everything for a second, twice.
func outage(*rand.Rand) func(time.Duration) fate {
	return func(at time.Duration) fate {
		return fate{delay: base, lost: at%(10*time.Second) > 9*time.Second}
	}
}

var networks = []network{
	{name: "clean", make: steady(base)},
	{name: "clean, frames in pairs", make: steady(base), burst: true},
	{name: "machine stands still, 80 ms", make: steady(base), still: 80 * ms},
	{name: "machine stands still, 180 ms", make: steady(base), still: 180 * ms},
	{name: "loss 2 %", make: loss(0.02), tell: 2},
	{name: "loss 5 %", make: loss(0.05), tell: 5},
	{name: "loss 10 %", make: loss(0.10), tell: 10},
	{name: "loss 20 %", make: loss(0.20), tell: 20},
	{name: "bursts 10 %, mean 3", make: bursts(0.10, 3), tell: 10},
	{name: "jitter 0-30 ms", make: uniform(30 * ms), kept: true},
	{name: "jitter 0-60 ms", make: uniform(60 * ms), kept: true},
	{name: "jitter 0-100 ms", make: uniform(100 * ms), kept: true},
	{name: "jitter 0-60 ms, unordered", make: uniform(60 * ms)},
	{name: "spikes 150 ms every 4 s", make: spikes(4*time.Second, 150*ms), kept: true},
	{name: "spikes 250 ms every 13 s", make: spikes(13*time.Second, 250*ms), kept: true},
	{name: "jitter 0-60 ms, loss 5 %", make: both, kept: true, tell: 5},
	{name: "reordered", make: swapped},
	{name: "path 120 ms longer, and back", make: step, kept: true},
	{name: "outages of 1 s", make: outage},
	{name: "sender 200 ppm fast", make: steady(base), drift: 200},
	{name: "sender 200 ppm slow", make: steady(base), drift: -200},
	{name: "pauses (DTX)", make: uniform(20 * ms), kept: true, dtx: true},
}

// traces are networks that were recorded; each file says how.
//
//go:embed testdata/*.trace
var traces embed.FS

// recorded reads them.
func recorded() ([]network, error) {
	files, err := fs.Glob(traces, "testdata/*.trace")
	if err != nil {
		return nil, err
	}
	var out []network
	for _, file := range files {
		f, err := traces.Open(file)
		if err != nil {
			return nil, err
		}
		n, err := readTrace("recorded, "+strings.TrimSuffix(path.Base(file), ".trace"), f)
		if err != nil {
			return nil, err
		}
		out = append(out, n)
	}
	return out, nil
}

// readTrace reads a recorded network: a line for each packet, its delay in
// milliseconds, or "lost"; after its end it begins again. Empty lines and those
// that begin with # don't count.
func readTrace(name string, r io.Reader) (network, error) {
	var fates []fate
	s := bufio.NewScanner(r)
	lost := 0
	for n := 1; s.Scan(); n++ {
		line := strings.TrimSpace(s.Text())
		switch {
		case line == "" || line[0] == '#':
		case line == "lost":
			fates = append(fates, fate{lost: true})
			lost++
		default:
			v, err := strconv.ParseFloat(line, 64)
			if err != nil || !(v >= 0 && v <= 60000) { // also NaN
				return network{}, fmt.Errorf("%s, line %d: %q is no delay in ms", name, n, line)
			}
			fates = append(fates, fate{delay: time.Duration(v * float64(ms))})
		}
	}
	if err := s.Err(); err != nil {
		return network{}, err
	}
	if len(fates) == 0 {
		return network{}, fmt.Errorf("%s: no packets in it", name)
	}
	return network{name: name, tell: 100 * lost / len(fates), make: func(*rand.Rand) func(time.Duration) fate {
		i := -1
		return func(time.Duration) fate {
			i = (i + 1) % len(fates)
			return fates[i]
		}
	}}, nil
}
