package audio

import (
	"errors"
	"log/slog"
	"os"
	"runtime"
	"strings"
	"sync"
	"time"
	"unicode/utf16"
	"unsafe"

	"github.com/gen2brain/malgo"

	"offhook/assets/lang"
	"offhook/internal/crash"
	"offhook/voice/fault"
)

const (
	// openLimit is how long a device or the sound server may take to open.
	openLimit = 3 * time.Second
	// closeLimit is how long a device may take to close before it is abandoned: a
	// device whose server died never comes back from closing.
	closeLimit = 300 * time.Millisecond
)

// errStuck says that the sound system did not come back in time.
var errStuck = errors.New("the sound system does not answer")

// errNoSystem says that this machine has no sound system at all.
var errNoSystem = errors.New("there is no sound system")

// cards are the sound devices of the machine, over malgo.
type cards struct {
	log *slog.Logger

	mu     sync.Mutex
	ctx    *malgo.AllocatedContext // nil until one could be made, and after it failed
	closed bool
	// users counts open devices of ctx, which must outlive them.
	users map[*malgo.AllocatedContext]int
	// known is what was there at knownAt, as ctx lists it.
	known   []card
	knownAt time.Time
}

// stillKnown is how old a list may be for a device to be opened by it. During a
// call the list is read every surveyEvery, so that the microphone of a call that is
// answered opens without waiting for one.
const stillKnown = 2 * surveyEvery

func newCards(log *slog.Logger) *cards {
	return &cards{log: log, users: make(map[*malgo.AllocatedContext]int)}
}

// backends are the sound systems to try, in order. malgo's own list would end
// with a null device that looks like a real one, and on a Linux machine without
// cards ALSA offers plugins that lead nowhere.
func backends() []malgo.Backend {
	switch runtime.GOOS {
	case "windows":
		return []malgo.Backend{malgo.BackendWasapi, malgo.BackendDsound, malgo.BackendWinmm}
	case "darwin":
		return []malgo.Backend{malgo.BackendCoreaudio}
	case "linux":
		var list []malgo.Backend
		if soundServerMayAnswer() {
			list = append(list, malgo.BackendPulseaudio)
		}
		if names, err := os.ReadDir("/proc/asound"); err == nil {
			for _, n := range names {
				if strings.HasPrefix(n.Name(), "card") && n.IsDir() {
					return append(list, malgo.BackendAlsa)
				}
			}
		}
		return list
	default:
		return []malgo.Backend{malgo.BackendSndio, malgo.BackendAudio4, malgo.BackendOss}
	}
}

// within runs f, and gives up waiting for it after a while. undo takes back what
// f did if it succeeds later than that.
func within[T any](limit time.Duration, f func() (T, error), undo func(T)) (T, error) {
	type outcome struct {
		v   T
		err error
	}
	done := make(chan outcome)
	late := make(chan struct{})
	go func() {
		defer crash.Guard()
		v, err := f()
		select {
		case done <- outcome{v, err}:
		case <-late:
			if err == nil && undo != nil {
				undo(v)
			}
		}
	}()
	timer := time.NewTimer(limit)
	defer timer.Stop()
	select {
	case o := <-done:
		return o.v, o.err
	case <-timer.C:
		close(late)
		var zero T
		return zero, errStuck
	}
}

func freeContext(ctx *malgo.AllocatedContext) {
	_ = ctx.Uninit()
	ctx.Free()
}

// context returns the connection to the sound system, made anew if the last one
// failed. c.mu is held.
func (c *cards) context() (*malgo.AllocatedContext, error) {
	if c.closed {
		return nil, errors.New("the sound system is closed")
	}
	if c.ctx != nil {
		return c.ctx, nil
	}
	systems := backends()
	if len(systems) == 0 {
		return nil, errNoSystem
	}
	ctx, err := within(openLimit, func() (*malgo.AllocatedContext, error) {
		return malgo.InitContext(systems, malgo.ContextConfig{}, nil)
	}, freeContext)
	if err != nil {
		return nil, err
	}
	c.ctx = ctx
	return ctx, nil
}

// drop gives the connection up after a failure; it is freed with its last device.
func (c *cards) drop(ctx *malgo.AllocatedContext) {
	if c.ctx != ctx {
		return
	}
	c.ctx, c.known = nil, nil
	if c.users[ctx] == 0 {
		crash.Go(func() { freeContext(ctx) })
	}
}

// use counts a device of ctx, release counts it out again.
func (c *cards) release(ctx *malgo.AllocatedContext) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.users[ctx]--; c.users[ctx] > 0 {
		return
	}
	delete(c.users, ctx)
	if c.ctx != ctx {
		crash.Go(func() { freeContext(ctx) })
	}
}

func (c *cards) close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closed = true
	if ctx := c.ctx; ctx != nil {
		c.ctx = nil
		if c.users[ctx] == 0 {
			_, _ = within(closeLimit, func() (int, error) { freeContext(ctx); return 0, nil }, nil)
		}
	}
}

// card is a device as malgo knows it.
type card struct {
	Device
	id malgo.DeviceID
}

// list asks the sound system what is there. A connection that fails or has
// nothing to show may be dead: it is made anew once. c.mu is held.
func (c *cards) list() ([]card, error) {
	for attempt := 0; ; attempt++ {
		ctx, err := c.context()
		if err != nil {
			return nil, err
		}
		// A system that does not answer may still be asked when it is given up: what it is
		// asked by is not freed under it.
		c.users[ctx]++
		all, err := within(openLimit, func() ([]card, error) {
			defer crash.Go(func() { c.release(ctx) }) // once c.mu is free
			return listOf(ctx)
		}, nil)
		if err == nil && len(all) > 0 {
			c.known, c.knownAt = all, time.Now()
			return all, nil
		}
		c.drop(ctx)
		if attempt > 0 {
			return nil, err
		}
	}
}

func listOf(ctx *malgo.AllocatedContext) ([]card, error) {
	var all []card
	for _, kind := range []Kind{Capture, Playback} {
		t := malgo.Capture
		if kind == Playback {
			t = malgo.Playback
		}
		infos, err := ctx.Devices(t)
		if err != nil {
			return nil, err
		}
		for _, d := range infos {
			id := identity(d.ID)
			all = append(all, card{
				Device: Device{
					ID: id, Name: d.Name(), Kind: kind, IsDefault: d.IsDefault != 0,
					monitor: kind == Capture && runtime.GOOS == "linux" && strings.HasSuffix(id, ".monitor"),
				},
				id: d.ID,
			})
		}
	}
	return all, nil
}

// identity is a device's ID as text: the sink's or source's name on PulseAudio,
// the endpoint's on Windows, the UID on macOS.
func identity(id malgo.DeviceID) string {
	if runtime.GOOS == "windows" {
		var wide []uint16
		for i := 0; i+1 < len(id) && (id[i] != 0 || id[i+1] != 0); i += 2 {
			wide = append(wide, uint16(id[i])|uint16(id[i+1])<<8)
		}
		if text := string(utf16.Decode(wide)); strings.HasPrefix(text, "{") {
			return text
		}
		return id.String() // DirectSound's binary GUID
	}
	if end := strings.IndexByte(string(id[:]), 0); end > 0 {
		return string(id[:end])
	}
	return id.String()
}

func (c *cards) devices() ([]Device, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	all, err := c.list()
	if errors.Is(err, errStuck) {
		return nil, fault.Wrap(err, fault.AudioDeviceError, "audio.system-silent")
	}
	// Any other failure means that there is no sound system: nothing to list.
	list := make([]Device, 0, len(all))
	for _, d := range all {
		if !d.monitor {
			list = append(list, d.Device)
		}
	}
	return list, nil
}

func (c *cards) everything() []Device {
	c.mu.Lock()
	defer c.mu.Unlock()
	all, err := c.list()
	if err != nil {
		return nil
	}
	list := make([]Device, len(all))
	for i, d := range all {
		list[i] = d.Device
		// A monitor is no default to follow.
		list[i].IsDefault = d.IsDefault && !d.monitor
	}
	return list
}

// find picks the device that spec means, or nil for the default one.
func find(all []card, kind Kind, spec Spec) (*card, *fault.Error) {
	if spec.Kind == SpecDefault {
		for i := range all {
			if all[i].Kind == kind && (!all[i].monitor) {
				// PulseAudio without a microphone calls the loudspeaker's monitor the
				// default: the far side would hear itself.
				for _, d := range all {
					if d.Kind == kind && d.IsDefault && d.monitor {
						return &all[i], nil
					}
				}
				return nil, nil
			}
		}
		return nil, noDevice(kind, spec)
	}
	list := make([]Device, len(all))
	for i, d := range all {
		list[i] = d.Device
	}
	if d := Find(list, kind, spec); d != nil {
		for i := range all {
			if all[i].Kind == kind && all[i].ID == d.ID {
				return &all[i], nil
			}
		}
	}
	return nil, noDevice(kind, spec)
}

// open makes a stopped device, depth blocks deep, whose callback is data.
func (c *cards) open(kind Kind, spec Spec, depth int, data malgo.DataProc) (*cardStream, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ctx != nil && time.Since(c.knownAt) < stillKnown {
		if d, missing := find(c.known, kind, spec); missing == nil {
			s, err := c.openCard(kind, spec, d, depth, data)
			if err == nil || errors.Is(err, errStuck) {
				return s, err
			}
		}
	}
	all, err := c.list()
	if err != nil || len(all) == 0 {
		c.log.Warn("no sound system", "err", err)
		return nil, noDevice(kind, spec)
	}
	d, missing := find(all, kind, spec)
	if missing != nil {
		return nil, missing
	}
	return c.openCard(kind, spec, d, depth, data)
}

// openCard makes a stopped device of d, or of the default one if that is nil. c.mu
// is held.
func (c *cards) openCard(kind Kind, spec Spec, d *card, depth int, data malgo.DataProc) (*cardStream, error) {
	ctx := c.ctx
	// The device counts from before it is there, as in list.
	c.users[ctx]++
	gone := func() { crash.Go(func() { c.release(ctx) }) } // once c.mu is free
	dev, err := within(openLimit, func() (*malgo.Device, error) {
		dev, err := initDevice(ctx, kind, d, depth, data)
		if err != nil {
			gone()
		}
		return dev, err
	}, func(dev *malgo.Device) {
		dev.Uninit()
		gone()
	})
	if err != nil {
		c.drop(ctx)
		return nil, openFault(kind, spec, err)
	}
	return &cardStream{cards: c, ctx: ctx, dev: dev, kind: kind, spec: spec}, nil
}

func initDevice(ctx *malgo.AllocatedContext, kind Kind, d *card, depth int, data malgo.DataProc) (*malgo.Device, error) {
	var pin runtime.Pinner
	defer pin.Unpin()
	t := malgo.Capture
	if kind == Playback {
		t = malgo.Playback
	}
	cfg := malgo.DefaultDeviceConfig(t)
	cfg.SampleRate = SampleRate
	cfg.PeriodSizeInMilliseconds, cfg.Periods = blocks(depth)
	cfg.PerformanceProfile = malgo.LowLatency
	cfg.NoFixedSizedCallback = 1
	cfg.NoClip = 1
	cfg.Pulse.StreamNamePlayback, cfg.Pulse.StreamNameCapture = "Call", "Call"
	sub := &cfg.Capture
	if kind == Playback {
		sub = &cfg.Playback
	}
	sub.Format, sub.Channels = malgo.FormatS16, 1
	if d != nil {
		id := new(malgo.DeviceID)
		*id = d.id
		pin.Pin(id)
		sub.DeviceID = unsafe.Pointer(id)
	}
	return malgo.InitDevice(ctx.Context, cfg, malgo.DeviceCallbacks{Data: data})
}

// blocks says how a device gets a buffer that bridges depth frames. PulseAudio fills
// one block however many there are, and asks for it in quarters: there the block
// itself has to grow.
func blocks(depth int) (ms, count uint32) {
	if runtime.GOOS == "linux" {
		return periodMs * uint32(depth-1), shallowest
	}
	return periodMs, uint32(depth)
}

// openFault names what could not be opened, and why as far as a person can help.
func openFault(kind Kind, spec Spec, err error) *fault.Error {
	name := lang.Of("audio.kind", kind.Word())
	if spec.Kind == SpecDevice {
		name = lang.Of("audio.device", kind.Word(), spec.title())
	}
	switch {
	case errors.Is(err, malgo.ErrAccessDenied):
		return fault.Wrap(err, fault.MissingPermission, "audio.not-permitted", name)
	case errors.Is(err, malgo.ErrBusy), errors.Is(err, malgo.ErrAlreadyInUse):
		return fault.Wrap(err, fault.AudioDeviceError, "audio.in-use", name)
	case errors.Is(err, errStuck):
		return fault.Wrap(err, fault.AudioDeviceError, "audio.no-answer", name)
	default:
		return fault.Wrap(err, fault.AudioDeviceError, "audio.not-opened", name)
	}
}
