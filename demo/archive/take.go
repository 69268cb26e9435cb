package archive

import (
	"errors"
	"os"
	"sync"
	"time"

	"offhook/demo/relay"
	"offhook/voice/recording"
)

const (
	// advanceEvery is how often what has gathered is written.
	advanceEvery = 100 * time.Millisecond
	// roomEvery is how often the disk is looked at.
	roomEvery = 10 * time.Second
)

// Take is a recording that goes on. Its methods are safe for concurrent use; those
// but Close return at once.
type Take struct {
	archive  *Archive
	file     *os.File
	sealed   *recording.Writer
	recorder *recording.Recorder
	began    time.Time
	stop     chan struct{}
	done     chan struct{}
	once     sync.Once
	err      error // once done is closed
}

// Begin makes the file of a session for a leg of some codec. failed is called, on a
// goroutine of its own, if it can't be written on: what is written stays. No sound is
// taken before SetActive.
func (a *Archive) Begin(session, codec string, mono bool, failed func(error)) (*Take, error) {
	if !sessionForm.MatchString(session) {
		return nil, ErrNone
	}
	if err := a.room(); err != nil {
		return nil, err
	}
	f, err := os.OpenFile(a.path(session), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	t := &Take{archive: a, file: f, began: time.Now(), stop: make(chan struct{}), done: make(chan struct{})}
	form := recording.FileCodec(codec)
	t.sealed, err = recording.NewWriter(f, a.cfg.Key, recording.Meta{Session: session, Began: a.cfg.Now().UTC(), Codec: form, Mono: mono})
	if err == nil {
		t.recorder, err = recording.NewRecorder(t.sealed, form, mono)
	}
	if err == nil {
		err = t.recorder.Speaks(codec)
	}
	if err != nil {
		return nil, errors.Join(err, f.Close(), os.Remove(f.Name()))
	}
	a.work.Go(func() { t.run(failed) })
	return t, nil
}

// run writes until Close, or an error.
func (t *Take) run(failed func(error)) {
	defer close(t.done)
	tick := time.NewTicker(advanceEvery)
	defer tick.Stop()
	looked := time.Now()
	for {
		var err error
		select {
		case <-t.stop:
			t.err = errors.Join(t.recorder.Close(time.Since(t.began)), t.sealed.Close(), t.file.Sync(), t.file.Close())
			return
		case <-tick.C:
			err = t.recorder.Advance(time.Since(t.began))
		}
		if err == nil && time.Since(looked) > roomEvery {
			looked = time.Now()
			if err = t.archive.room(); err == nil {
				err = t.file.Sync()
			} else {
				// There is still room for the end of the file.
				err = errors.Join(err, t.recorder.Close(time.Since(t.began)), t.sealed.Close())
			}
		}
		if err != nil {
			t.err = errors.Join(err, t.file.Close())
			go failed(err)
			return
		}
	}
}

// Speaks says that legs of another codec are recorded from now on.
func (t *Take) Speaks(codec string) error { return t.recorder.Speaks(codec) }

// SetActive lets sound into the recording, or silence in its place.
func (t *Take) SetActive(active bool) { t.recorder.SetActive(active) }

// Close ends the recording. It waits until everything is written.
func (t *Take) Close() error {
	t.once.Do(func() { close(t.stop) })
	<-t.done
	return t.err
}

// Tap is what a leg is given to be recorded: what its phone says goes to the right side
// if right is set, else to the left, and what it hears to the other.
func (t *Take) Tap(right bool) relay.Tap {
	return func(s relay.Tapped) {
		side := 0
		if right == s.FromPhone {
			side = 1
		}
		t.recorder.Sound(time.Since(t.began), side, recording.Packet{Source: s.Source, TS: s.TS, Red: s.Red, Payload: s.Payload})
	}
}
