package audio

import (
	"cmp"
	"context"
	"io"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"offhook/assets/lang"
	"offhook/internal/crash"
	"offhook/voice/fault"
)

const (
	// frozenAfter is how long a device may stay without a frame before it counts
	// as lost. PulseAudio doesn't say so when a device goes: its frames just end.
	frozenAfter = 150 * time.Millisecond
	// warmUp is how long a new device may take its time: PulseAudio's null sinks
	// sleep up to 2 s before they heed a new listener.
	warmUp = 3 * time.Second
	// frozenWarm is frozenAfter while it warms up, until it brought warmBeats.
	frozenWarm = 2500 * time.Millisecond
	warmBeats  = 50

	// shallowest and deepest bound the depth of a loudspeaker's buffer, in frames
	// of 10 ms; driesOut is how often it runs dry within driesWithin before it is
	// made deeper.
	shallowest, deepest = 2, 12
	driesOut            = 3
	driesWithin         = time.Minute
)

// endpoint is one end of a path: a device that is wanted, the one that is open
// in its place, and the watch over it. Its methods belong to the path's
// goroutine; only beat runs on devices' threads.
type endpoint struct {
	sys    System
	kind   Kind
	log    *slog.Logger
	notice func(Notice)
	// work fills or takes a frame; one thread at a time.
	work func(frame []int16)
	gate gate

	wanted Spec
	// around is what is wanted for as long as a route is chosen; nil for none.
	around *Spec
	cur    *running
	last   uint64
	// problem is why the wanted device is not the one in use.
	problem *fault.Error
	list    []Device          // of the latest survey
	names   map[string]string // device titles by ID
	// served is the device that was wanted and open last, lostAt when it was found
	// missing, zero before.
	served  Spec
	lostAt  time.Time
	closing sync.WaitGroup
	// depth is that of a loudspeaker's buffer, in frames; 0 before its first. It
	// grows on a machine that lets it run dry.
	depth int
}

// running is one open device of an endpoint.
type running struct {
	id    uint64
	spec  Spec
	dev   io.Closer
	beats atomic.Uint64
	// thread is the one that the device's frames come on; hastened says that the
	// system was asked to prefer it.
	thread   atomic.Int64
	hastened bool
	// dries counts the frames that came after the device's buffer had run dry,
	// waits says for how long the latest of them were waited for, in nanoseconds.
	dries atomic.Uint32
	waits [driesOut]atomic.Int64

	// owned and lastBeat belong to the device's thread.
	owned    bool
	lastBeat time.Time
	// depth is that of the device's buffer. driesSeen of its dries are forgotten,
	// those up to driesFrom.
	depth     int
	driesSeen uint32
	driesFrom time.Time

	since, seenAt time.Time
	seen          uint64
	// standard is the ID of the default device it was opened as, actual that of a
	// device that was named; empty until a list was seen.
	standard, actual string
	// muted says that it is muted in the system.
	muted bool
}

// aim is the device that is wanted at present.
func (e *endpoint) aim() Spec {
	if e.around != nil {
		return *e.around
	}
	return e.wanted
}

// beat is called by a device for each frame.
func (e *endpoint) beat(r *running, frame []int16) {
	defer crash.Guard()
	r.beats.Add(1)
	if !r.owned {
		r.owned = true
		r.thread.Store(int64(threadID()))
		e.gate.take(r.id)
	}
	if e.kind == Playback {
		now := time.Now()
		// A wait that no buffer bridges says nothing about this one.
		if wait := now.Sub(r.lastBeat); wait > time.Duration(r.depth)*frameTime && wait < deepest*frameTime {
			r.waits[r.dries.Load()%driesOut].Store(int64(wait))
			r.dries.Add(1)
		}
		r.lastBeat = now
	}
	if e.gate.enter(r.id) {
		e.work(frame)
		e.gate.leave()
	} else if e.kind == Playback {
		clear(frame)
	}
}

// open starts one device and makes it the current one; the one before is closed
// in the background, after its successor has begun.
func (e *endpoint) open(spec Spec) *fault.Error {
	e.last++
	if e.depth == 0 {
		e.depth = e.startDepth()
	}
	r := &running{id: e.last, spec: spec, depth: e.depth}
	begin := time.Now()
	var err error
	if e.kind == Capture {
		var src Source
		if src, err = e.sys.OpenSource(spec); err == nil {
			r.dev = src
			err = src.Start(func(frame []int16) { e.beat(r, frame) })
		}
	} else {
		var sink Sink
		if sink, err = e.openSink(spec); err == nil {
			r.dev = sink
			err = sink.Start(func(frame []int16) { e.beat(r, frame) })
		}
	}
	if err != nil {
		if r.dev != nil {
			e.retire(r)
		}
		return fault.From(err)
	}
	r.since = time.Now()
	r.seenAt = r.since
	e.log.Info("sound device opened", "kind", e.kind.String(), "device", spec.String(), "took", r.since.Sub(begin))
	old := e.cur
	e.cur = r
	if old != nil {
		e.retire(old)
	}
	return nil
}

// deepSystem is a System that lets one choose how deep a loudspeaker's buffer is, in
// frames, and remembers how deep the latest one has become.
type deepSystem interface {
	openSinkWith(spec Spec, depth int) (Sink, error)
	latestDepth() *atomic.Int32
}

// startDepth is the depth that a loudspeaker begins with: a frame less than the
// latest one came to, so that a busy machine's calls don't all begin in pieces, and
// those of one that was busy are soon as quick as ever.
func (e *endpoint) startDepth() int {
	s, ok := e.sys.(deepSystem)
	if !ok || e.kind != Playback {
		return shallowest
	}
	depth := max(shallowest, int(s.latestDepth().Load())-1)
	s.latestDepth().Store(int32(depth))
	return depth
}

// openSink opens a loudspeaker with as deep a buffer as this machine needs, where
// the system lets one choose.
func (e *endpoint) openSink(spec Spec) (Sink, error) {
	if s, ok := e.sys.(deepSystem); ok {
		return s.openSinkWith(spec, e.depth)
	}
	return e.sys.OpenSink(spec)
}

func (e *endpoint) retire(r *running) {
	e.closing.Add(1)
	go func() {
		defer crash.Guard()
		defer e.closing.Done()
		if err := r.dev.Close(); err != nil {
			e.log.Warn("closing a sound device", "kind", e.kind.String(), "device", r.spec.String(), "err", err)
		}
	}()
}

// start opens the wanted device, or what can stand in for it: the default, or
// at the worst nothing at the right pace. It tells when that is news.
func (e *endpoint) start() {
	aim := e.aim()
	err := e.open(aim)
	if err == nil {
		e.served, e.lostAt = aim, time.Time{}
		if e.problem != nil {
			e.problem = nil
			e.notice(Notice{Code: Returned, Kind: e.kind, Device: e.name()})
		}
		return
	}
	if e.changesProfile(aim) && e.open(Spec{Kind: SpecNull}) == nil {
		return
	}
	if aim.Kind == SpecDevice && e.open(Spec{}) == nil {
		e.trouble(FellBack, e.fellBack(aim, err))
		return
	}
	if e.cur == nil || e.cur.spec.Kind != SpecNull {
		_ = e.open(Spec{Kind: SpecNull})
	}
	text := lang.Of("audio.nobody-hears")
	if e.kind == Playback {
		text = lang.Of("audio.hear-nobody")
	}
	e.trouble(NoDevice, instead(err, text))
}

// fellBack says why the device that is wanted is not the one in use, and which one is.
func (e *endpoint) fellBack(wanted Spec, err *fault.Error) *fault.Error {
	now := lang.Of("audio.default-instead", e.kind.Word())
	if name := e.name(); name != "" {
		now = lang.Of("notice.sound-moved", lang.Literal(name))
	}
	if e.served == wanted && err.Text().Code == "audio.not-there" {
		return fault.Wrap(err, err.Type, "audio.unplugged", lang.Literal(wanted.title()), now)
	}
	return instead(err, now)
}

// profileChange is how long a radio headset may be away while it changes its profile.
const profileChange = 2 * time.Second

// changesProfile reports whether a radio headset that was in use may be about to come
// back under another profile: the far side must not be heard in the room meanwhile.
func (e *endpoint) changesProfile(aim Spec) bool {
	if aim.Kind != SpecDevice || e.served != aim || here().classOf(Device{ID: aim.Value, Name: aim.Name, Kind: e.kind}) != bluetooth {
		return false
	}
	if e.lostAt.IsZero() {
		e.lostAt = time.Now()
	}
	return time.Since(e.lostAt) < profileChange
}

// trouble remembers why another device is in use, and tells it once.
func (e *endpoint) trouble(code NoticeCode, err *fault.Error) {
	known := e.problem != nil && e.problem.Text().Equal(err.Text())
	e.problem = err
	e.log.Warn("sound device", "kind", e.kind.String(), "notice", code.String(), "err", err)
	if !known {
		e.notice(Notice{Code: code, Kind: e.kind, Device: e.name(), Err: err})
	}
}

// instead adds to an error what is used in place of the device.
func instead(err *fault.Error, text lang.Text) *fault.Error {
	return fault.Wrap(err, err.Type, "audio.instead", err.Text(), text, err.Text().Next())
}

// stop closes the device.
func (e *endpoint) stop() {
	if e.cur != nil {
		e.retire(e.cur)
		e.cur = nil
	}
}

// watch finds out whether the device has frozen, and replaces it if so.
func (e *endpoint) watch(now time.Time) {
	r := e.cur
	if r == nil {
		return
	}
	if tid := r.thread.Load(); tid != 0 && !r.hastened && r.spec.Real() {
		r.hastened = true
		e.closing.Add(1)
		go func() {
			defer crash.Guard()
			defer e.closing.Done()
			if err := hasten(context.Background(), int(tid)); err != nil {
				e.log.Debug("a sound device's thread gets no priority", "kind", e.kind.String(), "err", err)
			}
		}()
	}
	if beats := r.beats.Load(); beats != r.seen {
		r.seen, r.seenAt = beats, now
		e.deepen(r, now)
		return
	}
	limit := frozenAfter
	if r.seen < warmBeats && now.Sub(r.since) < warmUp {
		limit = frozenWarm
	}
	if !r.spec.Real() || now.Sub(r.seenAt) < limit {
		return
	}
	e.log.Warn("sound device froze", "kind", e.kind.String(), "device", r.spec.String(), "silent_for", now.Sub(r.seenAt))
	e.start()
}

// deepen opens a loudspeaker anew, with a deeper buffer, when its present one has
// run dry several times: some milliseconds more of delay are less of an evil than a
// voice in pieces. It is made as deep as most of those times asked for.
func (e *endpoint) deepen(r *running, now time.Time) {
	dries := r.dries.Load()
	if now.Sub(r.since) < warmUp || now.Sub(r.driesFrom) > driesWithin {
		r.driesSeen, r.driesFrom = dries, now
		return
	}
	if !r.spec.Real() || dries-r.driesSeen < driesOut || e.depth >= deepest {
		return
	}
	var waits [driesOut]int64
	for i := range waits {
		waits[i] = r.waits[i].Load()
	}
	slices.Sort(waits[:])
	asked := int(waits[driesOut/2]/int64(frameTime)) + 1
	e.depth = min(max(e.depth, asked)+1, deepest)
	e.log.Info("sound device gets a deeper buffer", "device", r.spec.String(), "frames", e.depth, "dry", dries)
	standard := r.standard
	if err := e.open(r.spec); err != nil {
		r.driesSeen = dries
		return
	}
	e.cur.standard = standard
	if s, ok := e.sys.(deepSystem); ok {
		s.latestDepth().Store(int32(e.depth))
	}
}

// survey acts on a fresh list of devices: a wanted one that came back is taken,
// one that went is left, and a new default is followed.
func (e *endpoint) survey(list []Device) {
	e.names, e.list = Titles(list, e.kind), list
	standard, any := "", false
	aim := e.aim()
	for _, d := range list {
		if d.Kind != e.kind {
			continue
		}
		any = any || !d.monitor
		if d.IsDefault {
			standard = d.ID
		}
	}
	there := Find(list, e.kind, aim)
	r := e.cur
	if r == nil || !aim.Real() {
		return
	}
	switch {
	case aim.Kind == SpecDevice && (there != nil) != (r.spec == aim):
		e.start()
	case there != nil && r.actual != "" && r.actual != there.ID:
		e.start() // the same thing under another profile
	case there != nil:
		r.actual = there.ID
	case r.spec.Kind == SpecNull && any:
		e.start()
	case r.spec.Kind == SpecDefault && standard != "" && r.standard == "":
		r.standard = standard
	case r.spec.Kind == SpecDefault && standard != "" && r.standard != standard:
		if e.open(Spec{}) == nil {
			e.cur.standard = standard
			e.notice(Notice{Code: Moved, Kind: e.kind, Device: e.name()})
		}
	}
}

// another is a device of this kind that is not in use, the default one first; the zero
// value if there is none.
func (e *endpoint) another() (found Device) {
	for _, d := range e.list {
		if d.Kind != e.kind || d.monitor || e.cur == nil || d.ID == e.cur.actual || d.ID == e.cur.standard {
			continue
		}
		if found.ID == "" || d.IsDefault {
			found = d
		}
	}
	return found
}

// likely is the name of the system's default device before it was looked at again: as
// the latest list has it, but for the device that was just lost.
func (e *endpoint) likely() string {
	name, others := "", 0
	for _, d := range e.list {
		if d.Kind != e.kind || d.monitor || Find(e.list, e.kind, e.aim()) != nil && Find(e.list, e.kind, e.aim()).ID == d.ID {
			continue
		}
		if others++; d.IsDefault {
			return e.names[d.ID]
		}
		name = e.names[d.ID]
	}
	if others != 1 {
		return ""
	}
	return name
}

// name is the name of the device in use, as far as it is known, else "".
func (e *endpoint) name() string {
	if e.cur == nil {
		return ""
	}
	switch s := e.cur.spec; s.Kind {
	case SpecDevice:
		if n := e.names[cmp.Or(e.cur.actual, s.Value)]; n != "" {
			return n
		}
		return s.title()
	case SpecDefault:
		if n := e.names[e.cur.standard]; n != "" {
			return n
		}
		return e.likely()
	case SpecNull:
		return ""
	default:
		return s.String()
	}
}
