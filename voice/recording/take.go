package recording

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"time"

	"offhook/internal/crash"
	"offhook/internal/disk"
)

const (
	// advanceEvery is how often what has gathered is written.
	advanceEvery = 100 * time.Millisecond
	// roomEvery is how often the disk is looked at.
	roomEvery = 10 * time.Second
)

// ErrDisk says that less of the disk is free than is kept for other things.
var ErrDisk = errors.New("the disk is nearly full")

// TakeConfig is what Begin needs.
type TakeConfig struct {
	// Path is the file to be made, which must not be there.
	Path string
	// Key encrypts the file; the zero Key leaves it as it is, for any player to open.
	Key  Key
	Meta Meta
	// Speaks is the codec of the call at first.
	Speaks string
	// Reserve is how many bytes of the disk are left to others.
	Reserve uint64
	// Failed is called, on a goroutine of its own, if the file can't be written on: what
	// is written stays.
	Failed func(error)
}

// Take is a recording that goes on: a Recorder and its file. Its methods are safe for
// concurrent use; those but Close return at once.
type Take struct {
	cfg      TakeConfig
	file     *os.File
	closing  io.Closer // writes the end of the file's form
	recorder *Recorder
	began    time.Time
	stop     chan struct{}
	done     chan struct{}
	once     sync.Once
	err      error // once done is closed
}

// Begin makes the file. No sound is taken before SetActive. The errors are ErrDisk,
// those of the file, and codec.ErrUnknown for a codec that can't be recorded.
func Begin(cfg TakeConfig) (*Take, error) {
	cfg.Meta.Codec = FileCodec(cfg.Speaks)
	t := &Take{cfg: cfg, began: time.Now(), stop: make(chan struct{}), done: make(chan struct{})}
	if err := t.room(); err != nil {
		return nil, err
	}
	f, err := os.OpenFile(cfg.Path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	t.file = f
	if err := t.begin(); err != nil {
		return nil, errors.Join(err, f.Close(), os.Remove(f.Name()))
	}
	crash.Go(t.run)
	return t, nil
}

func (t *Take) begin() error {
	var out io.WriteCloser
	var err error
	if !t.cfg.Key.IsZero() {
		out, err = NewWriter(t.file, t.cfg.Key, t.cfg.Meta)
	} else {
		out, err = newPlainWriter(t.file, t.cfg.Meta)
	}
	if err != nil {
		return err
	}
	t.closing = out
	if t.recorder, err = NewRecorder(out, t.cfg.Meta.Codec, t.cfg.Meta.Mono); err != nil {
		return err
	}
	return t.recorder.Speaks(t.cfg.Speaks)
}

// run writes until Close, or an error.
func (t *Take) run() {
	defer close(t.done)
	tick := time.NewTicker(advanceEvery)
	defer tick.Stop()
	looked := time.Now()
	for {
		var err error
		select {
		case <-t.stop:
			t.err = errors.Join(t.recorder.Close(t.now()), t.closing.Close(), t.file.Sync(), t.file.Close())
			return
		case <-tick.C:
			err = t.recorder.Advance(t.now())
		}
		if err == nil && time.Since(looked) > roomEvery {
			looked = time.Now()
			if err = t.room(); err == nil {
				err = t.file.Sync()
			}
		}
		if err != nil {
			if t.err = err; errors.Is(err, ErrDisk) || errors.Is(err, ErrLong) {
				// There is still room for the end of the file.
				t.err = errors.Join(err, t.recorder.Close(t.now()), t.closing.Close())
			}
			t.err = errors.Join(t.err, t.file.Close())
			go func() {
				defer crash.Guard()
				t.cfg.Failed(err)
			}()
			return
		}
	}
}

func (t *Take) now() time.Duration { return time.Since(t.began) }

// room returns ErrDisk when less than the reserve is free.
func (t *Take) room() error {
	if free, err := disk.Free(filepath.Dir(t.cfg.Path)); err == nil && free < t.cfg.Reserve {
		return ErrDisk
	}
	return nil
}

// Speaks says that both sides come in another codec from now on, SideSpeaks that one
// does. A codec that can't be recorded is silence.
func (t *Take) Speaks(codec string) error { return t.recorder.Speaks(codec) }

// SideSpeaks is Speaks of one side.
func (t *Take) SideSpeaks(side int, codec string) error { return t.recorder.SideSpeaks(side, codec) }

// SetActive lets sound into the recording, or silence in its place.
func (t *Take) SetActive(active bool) { t.recorder.SetActive(active) }

// Sound takes a packet of a side that comes now; see Recorder.
func (t *Take) Sound(side int, p Packet) { t.recorder.Sound(t.now(), side, p) }

// Done is closed when nothing more is written.
func (t *Take) Done() <-chan struct{} { return t.done }

// Close ends the recording. It waits until everything is written.
func (t *Take) Close() error {
	t.once.Do(func() { close(t.stop) })
	<-t.done
	return t.err
}

// plainWriter is a file that any player opens. Its header says how much there is, and
// does so from piece to piece: a process that is killed leaves a whole file.
type plainWriter struct {
	file *os.File
	meta Meta
	size int64 // of the sound
	head int
}

func newPlainWriter(file *os.File, meta Meta) (*plainWriter, error) {
	w := &plainWriter{file: file, meta: meta}
	head := wavHeader(meta, 0)
	w.head = len(head)
	if _, err := file.Write(head); err != nil {
		return nil, fmt.Errorf("recording: %w", err)
	}
	return w, nil
}

// Write implements io.Writer.
func (w *plainWriter) Write(p []byte) (int, error) {
	n, err := w.file.WriteAt(p, int64(w.head)+w.size)
	w.size += int64(n)
	if err == nil && w.head > 0 {
		_, err = w.file.WriteAt(wavHeader(w.meta, w.size), 0)
	}
	return n, err
}

// Close implements io.Closer; the file stays open.
func (w *plainWriter) Close() error { return nil }
