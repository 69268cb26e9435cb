package audio

import (
	"sync"

	"offhook/voice/audio/wave"
	"offhook/voice/fault"
)

// syncFrames is how often a recording is made whole on disk, so that a killed
// process loses at most a second.
const syncFrames = 100

// recording is one output file. It lasts as long as the System, over any number
// of sinks; the silence between calls is not in it, since nothing plays then.
type recording struct {
	mu   sync.Mutex
	file *wave.Writer
	// sinks are the open ones. Only the first writes: two at a time, a ringtone
	// under a call, would make one track of two clocks.
	sinks  []*fileSink
	frames int
	err    error
}

func (r *recording) write(s *fileSink, frame []int16) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.file == nil || r.err != nil || len(r.sinks) == 0 || r.sinks[0] != s {
		return
	}
	if r.err = r.file.Write(frame); r.err != nil {
		return
	}
	if r.frames++; r.frames%syncFrames == 0 {
		r.err = r.file.Sync()
	}
}

func (r *recording) release(s *fileSink) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	for i, other := range r.sinks {
		if other == s {
			r.sinks = append(r.sinks[:i], r.sinks[i+1:]...)
			break
		}
	}
	if r.file == nil {
		return nil
	}
	if err := r.file.Sync(); r.err == nil {
		r.err = err
	}
	return r.fault()
}

func (r *recording) close() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.file == nil {
		return nil
	}
	if err := r.file.Close(); r.err == nil {
		r.err = err
	}
	r.file = nil
	return r.fault()
}

func (r *recording) fault() error {
	if r.err == nil {
		return nil
	}
	return fault.Wrap(r.err, fault.AudioDeviceError, "audio.file-not-written")
}

// recordings are the output files of a System by path.
type recordings struct {
	mu     sync.Mutex
	byPath map[string]*recording
}

// open makes a sink onto the file at path, which is created by the first.
func (r *recordings) open(path string) (*fileSink, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	rec := r.byPath[path]
	if rec == nil {
		file, err := wave.Create(path)
		if err != nil {
			return nil, fault.Wrap(err, fault.AudioDeviceError,
				"audio.file-not-made", path)
		}
		rec = &recording{file: file}
		if r.byPath == nil {
			r.byPath = make(map[string]*recording)
		}
		r.byPath[path] = rec
	}
	s := &fileSink{rec: rec}
	rec.mu.Lock()
	rec.sinks = append(rec.sinks, s)
	rec.mu.Unlock()
	return s, nil
}

func (r *recordings) close() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	var first error
	for _, rec := range r.byPath {
		if err := rec.close(); first == nil {
			first = err
		}
	}
	r.byPath = nil
	return first
}
