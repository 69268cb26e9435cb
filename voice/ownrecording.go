package voice

import (
	"errors"
	"os"
	"path/filepath"
	"time"

	"offhook/internal/crash"
	"offhook/voice/audio"
	"offhook/voice/fault"
	"offhook/voice/media"
	"offhook/voice/recording"
)

// RecordingRule says which calls over SIP accounts this phone records.
type RecordingRule string

// The rules: none, those that the user records by hand, all.
const (
	RecordNever  RecordingRule = "never"
	RecordByHand RecordingRule = "by_hand"
	RecordAll    RecordingRule = "all"
)

// RecordingRules say how this phone records calls over SIP accounts. The zero value
// records nothing. Calls on the subscriber line are the platform's to record.
type RecordingRules struct {
	Rule RecordingRule
	// Ask waits with RecordAll for Call.ConsentToRecording.
	Ask bool
	// Folder is where the files go. It is made if it is not there.
	Folder string
	// Key encrypts the files; the zero Key leaves them as any player opens them.
	Key recording.Key
	// Mono mixes both sides; else this phone is at the left and the far side at the
	// right.
	Mono bool
	// BeepEvery is how often both sides hear a beep while they are recorded; 0 for never.
	BeepEvery time.Duration
	// Pause is after how long a pause ends by itself; 0 stands for 2 minutes.
	Pause time.Duration
	// Reserve is how many bytes of the disk no recording takes.
	Reserve uint64
	// Broken is why no call can be recorded, one of wire's reasons; "" for nothing.
	Broken string
}

// usualPause is RecordingRules.Pause where nothing is said.
const usualPause = 2 * time.Minute

// SetRecording changes how calls over SIP accounts are recorded that are answered from
// now on.
func (c *Client) SetRecording(rules RecordingRules) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.recordingRules = rules
}

// ownRecording is the recording of a call by this phone, from the answer on.
type ownRecording struct {
	rules RecordingRules
	take  *recording.Take
	// opening says that the file is being made.
	opening bool
	// paused says that the user keeps out what is said.
	paused bool
	sum    time.Duration // recorded until since, which is zero while nothing is
	since  time.Time
}

// ruleBy is Recording.By of a recording that nobody has begun by hand.
const ruleBy = "rule"

// considerRecording begins what the rules want of a call that was just answered.
func (c *Call) considerRecording() {
	if c.details.Line == "" {
		return
	}
	c.client.mu.Lock()
	rules := c.client.recordingRules
	c.client.mu.Unlock()
	if rules.Rule != RecordByHand && rules.Rule != RecordAll {
		return
	}
	if rules.Pause <= 0 {
		rules.Pause = usualPause
	}
	c.own = &ownRecording{rules: rules}
	r := &c.details.Recording
	*r = Recording{State: RecordingOff, Here: true, ByHand: rules.Rule == RecordByHand, Sealed: !rules.Key.IsZero()}
	switch {
	case rules.Broken != "":
		c.own = nil
		r.State, r.Reason = RecordingFailed, rules.Broken
	case rules.Rule == RecordByHand:
	case rules.Ask:
		r.State = RecordingAsking
	default:
		c.openRecording(ruleBy, nil)
	}
}

// recordHere does an action on the recording of this phone's; what is so already is no
// error. result gets one error, or nil.
func (c *Call) recordHere(action string, result chan<- error) {
	o, r := c.own, &c.details.Recording
	var err error
	switch {
	case !c.details.State.Answered():
		err = notEstablished()
	case o == nil:
		err = fault.New(fault.ServerError, "recording.not-here")
	case o.take == nil && (action == "consent" && r.State == RecordingAsking ||
		action == "start" && (r.ByHand || r.State == RecordingAsking || r.Reason == RecordingRefused)):
		by := ruleBy
		if action == "start" {
			by = "user"
		}
		c.openRecording(by, result)
		return
	case action == "refuse" && r.State == RecordingAsking:
		r.State, r.Reason = RecordingOff, RecordingRefused
	case action == "start" && o.take == nil, action == "stop" && r.By == ruleBy:
		err = fault.New(fault.ServerError, "recording.not-by-hand")
	case o.take == nil, action == "consent", action == "refuse":
		err = fault.New(fault.ServerError, "recording.none")
	case action == "start", action == "resume":
		c.resumeOwn()
	case !o.paused: // pause and stop
		c.pauseOwn(action == "pause")
	}
	if err == nil {
		c.changed()
	}
	result <- err
}

func (c *Call) pauseOwn(forATime bool) {
	o, r := c.own, &c.details.Recording
	o.paused, r.PausedSince = true, c.client.clock.Now()
	if forATime {
		r.ResumesAt = r.PausedSince.Add(o.rules.Pause)
		c.timers.set(timerRecording, o.rules.Pause, func() {
			c.log.Info("the recording goes on by itself")
			c.resumeOwn()
			c.changed()
		})
	}
}

func (c *Call) resumeOwn() {
	c.timers.clear(timerRecording)
	c.own.paused = false
	c.details.Recording.PausedSince, c.details.Recording.ResumesAt = time.Time{}, time.Time{}
}

// openRecording makes the file. result gets one error, or nil; it may be nil.
func (c *Call) openRecording(by string, result chan<- error) {
	o := c.own
	if o.opening {
		if result != nil {
			result <- nil
		}
		return
	}
	o.opening = true
	now := c.client.clock.Now()
	name := now.Format("20060102-150405-") + c.id
	speaks := c.media.Statistics().AudioCodec
	cfg := recording.TakeConfig{
		Key: o.rules.Key, Reserve: o.rules.Reserve, Speaks: speaks,
		Meta:   recording.Meta{Session: c.id, Began: now.UTC(), Mono: o.rules.Mono},
		Failed: func(err error) { c.queue.Post(func() { c.recordingFailed(err) }) },
	}
	cfg.Path = filepath.Join(o.rules.Folder, name+recording.Suffix(speaks, o.rules.Key))
	c.task(func() func() {
		err := os.MkdirAll(o.rules.Folder, 0o700)
		var take *recording.Take
		if err == nil {
			take, err = recording.Begin(cfg)
		}
		return func() {
			o.opening = false
			switch {
			case err != nil:
				c.recordingFailed(err)
				err = fault.Wrap(err, fault.InternalError, "recording.failed-here")
			case !c.details.State.Answered():
				c.closeTake(take)
				err = noCall()
			default:
				o.take = take
				r := &c.details.Recording
				r.By, r.File, r.Reason, r.Told = by, cfg.Path, "", "none"
				if o.rules.BeepEvery > 0 {
					r.Told = "beep"
				}
				c.media.SetTap(tapInto(take, speaks))
				c.changed()
			}
			if result != nil {
				result <- err
			}
		}
	})
}

// tapInto has a take get the sound of a session: what this phone sends at the left.
func tapInto(take *recording.Take, codec string) media.Tap {
	// Each belongs to the goroutine of its direction.
	speaks := [2]string{codec, codec}
	return func(p media.Tapped) {
		side := 1
		if p.Sent {
			side = 0
		}
		if p.Codec != speaks[side] {
			speaks[side] = p.Codec
			_ = take.SideSpeaks(side, p.Codec) // what can't be recorded is silence
		}
		take.Sound(side, recording.Packet{Source: p.Source, TS: p.TS, Red: p.Red, Payload: p.Payload})
	}
}

// recordingFailed ends the recording for a reason; the call goes on.
func (c *Call) recordingFailed(err error) {
	r := &c.details.Recording
	if r.State == RecordingFailed || c.details.State == StateEnded {
		return
	}
	c.log.Error("the recording has ended; the call goes on", "err", err)
	c.endRecording()
	r.State, r.Reason = RecordingFailed, recording.Reason(err)
	r.PausedSince, r.ResumesAt = time.Time{}, time.Time{}
	c.changed()
}

// followRecording lets the recording go by the state of the call: a hold is a pause.
func (c *Call) followRecording() {
	o, d := c.own, &c.details
	if o == nil || o.take == nil {
		return
	}
	active := d.State.Answered() && !o.paused && !d.Held && !d.RemoteHeld
	now := c.client.clock.Now()
	switch {
	case active == !o.since.IsZero():
		return
	case active:
		o.since = now
		c.beep()
	default:
		o.sum += now.Sub(o.since)
		o.since = time.Time{}
		c.timers.clear(timerBeep)
	}
	o.take.SetActive(active)
	r := &d.Recording
	r.State, r.Recorded, r.At = RecordingPaused, o.sum, now
	if active {
		r.State = RecordingOn
	}
}

// beep lets both sides hear that they are recorded.
func (c *Call) beep() {
	every := c.own.rules.BeepEvery
	if every <= 0 {
		return
	}
	c.media.Overlay(recordingBeep)
	if c.sound.serves(c) {
		c.sound.do(nil, "beep", func(p soundPath) error { p.PlayTone(toneRecording); return nil }, nil)
	}
	c.timers.set(timerBeep, every, c.beep)
}

var recordingBeep = audio.RecordingBeep.Samples()

// endRecording closes the file and notes how much is in it.
func (c *Call) endRecording() {
	o := c.own
	if o == nil || o.take == nil {
		return
	}
	take, r := o.take, &c.details.Recording
	o.take = nil
	c.timers.clear(timerRecording)
	c.timers.clear(timerBeep)
	c.media.SetTap(nil)
	if now := c.client.clock.Now(); !o.since.IsZero() {
		o.sum += now.Sub(o.since)
		o.since = time.Time{}
	}
	r.State, r.Recorded, r.At = RecordingOff, o.sum, c.client.clock.Now()
	r.PausedSince, r.ResumesAt = time.Time{}, time.Time{}
	c.closeTake(take)
}

// closeTake closes a file on a goroutine of its own: that writes.
func (c *Call) closeTake(take *recording.Take) {
	c.client.running.Add(1)
	crash.Go(func() {
		defer c.client.running.Done()
		if err := take.Close(); err != nil && !errors.Is(err, recording.ErrDisk) && !errors.Is(err, recording.ErrLong) {
			c.log.Error("the end of the recording was not written", "err", err)
		}
	})
}
