package process

// #cgo pkg-config: speexdsp
// #include <speex/speex_echo.h>
// #include <speex/speex_preprocess.h>
//
// static int set_int(SpeexPreprocessState *st, int what, spx_int32_t v) { return speex_preprocess_ctl(st, what, &v); }
// static int set_float(SpeexPreprocessState *st, int what, float v) { return speex_preprocess_ctl(st, what, &v); }
// static void set_rate(SpeexEchoState *st, spx_int32_t rate) { speex_echo_ctl(st, SPEEX_ECHO_SET_SAMPLING_RATE, &rate); }
import "C"

import (
	"errors"
	"unsafe"
)

// The frame is the phone's: 10 ms of 48 kHz.
const (
	sampleRate = 48000
	frameSize  = 480
)

// canceller is one echo canceller. It belongs to one thread.
type canceller struct {
	echo *C.SpeexEchoState
	out  []int16
}

// newCanceller makes one for frames of that many samples, whose echo path may be tail
// samples long.
func newCanceller(frame, rate, tail int) (canceller, error) {
	c := canceller{
		echo: C.speex_echo_state_init(C.int(frame), C.int(tail)),
		out:  make([]int16, frame),
	}
	if c.echo == nil {
		return c, errors.New("process: libspeexdsp gave no state")
	}
	C.set_rate(c.echo, C.spx_int32_t(rate))
	return c, nil
}

func (c *canceller) close() {
	if c.echo != nil {
		C.speex_echo_state_destroy(c.echo)
		c.echo = nil
	}
}

// forget gives up what was learnt of the echo's path.
func (c *canceller) forget() { C.speex_echo_state_reset(c.echo) }

// cancel takes the echo of far out of mic, in place.
func (c *canceller) cancel(mic, far []int16) {
	C.speex_echo_cancellation(c.echo, sound(mic), sound(far), sound(c.out))
	copy(mic, c.out)
}

// sound is a frame as the library takes it.
func sound(frame []int16) *C.spx_int16_t { return (*C.spx_int16_t)(unsafe.Pointer(&frame[0])) }

// speex is the canceller of the sound and the preprocessor behind it. It belongs to one
// thread.
type speex struct {
	canceller
	pre *C.SpeexPreprocessState
	// response is the learnt echo path, for looking at.
	response [tail]C.spx_int32_t
}

// newSpeex makes one whose echo path may be tail samples long.
func newSpeex(tail int) (*speex, error) {
	c, err := newCanceller(frameSize, sampleRate, tail)
	if err != nil {
		return nil, err
	}
	s := &speex{canceller: c, pre: C.speex_preprocess_state_init(frameSize, sampleRate)}
	if s.pre == nil {
		s.close()
		return nil, errors.New("process: libspeexdsp gave no state")
	}
	C.set_int(s.pre, C.SPEEX_PREPROCESS_SET_NOISE_SUPPRESS, -15)
	C.set_int(s.pre, C.SPEEX_PREPROCESS_SET_ECHO_SUPPRESS, -45)
	C.set_int(s.pre, C.SPEEX_PREPROCESS_SET_ECHO_SUPPRESS_ACTIVE, -3)
	C.set_float(s.pre, C.SPEEX_PREPROCESS_SET_AGC_LEVEL, 9000)
	C.set_int(s.pre, C.SPEEX_PREPROCESS_SET_AGC_MAX_GAIN, 18)
	C.set_int(s.pre, C.SPEEX_PREPROCESS_SET_AGC_INCREMENT, 6)
	C.set_int(s.pre, C.SPEEX_PREPROCESS_SET_AGC_DECREMENT, -30)
	return s, nil
}

func (s *speex) close() {
	if s.pre != nil {
		C.speex_preprocess_state_destroy(s.pre)
		s.pre = nil
	}
	s.canceller.close()
}

// set switches the preprocessor's parts; its suppression of what echo is left is
// on with echo.
func (s *speex) set(echo, noise, gain bool) {
	s.suppress(echo)
	C.set_int(s.pre, C.SPEEX_PREPROCESS_SET_DENOISE, flag(noise))
	C.set_int(s.pre, C.SPEEX_PREPROCESS_SET_AGC, flag(gain))
}

// suppress switches the suppression of what echo the canceller leaves.
func (s *speex) suppress(on bool) {
	var echo unsafe.Pointer
	if on {
		echo = unsafe.Pointer(s.echo)
	}
	C.speex_preprocess_ctl(s.pre, C.SPEEX_PREPROCESS_SET_ECHO_STATE, echo)
}

func flag(on bool) C.spx_int32_t {
	if on {
		return 1
	}
	return 0
}

// learn fills response with what was learnt, times 32767 and the length of the
// canceller's transforms.
func (s *speex) learn() {
	C.speex_echo_ctl(s.echo, C.SPEEX_ECHO_GET_IMPULSE_RESPONSE, unsafe.Pointer(&s.response[0]))
}

// peak is where the learnt echo is strongest, in samples after its cause; ok is
// false while there is no clear one.
func (s *speex) peak() (place float64, ok bool) {
	s.learn()
	var sum, top float64
	at := 0
	for i, v := range s.response {
		e := float64(v) * float64(v)
		sum += e
		if e > top {
			top, at = e, i
		}
	}
	place = float64(at)
	if at > 0 && at < len(s.response)-1 { // the top of the parabola through three
		a, b, c := float64(s.response[at-1]), float64(s.response[at]), float64(s.response[at+1])
		if bend := a - 2*b + c; bend != 0 {
			place += max(-0.5, min(0.5*(a-c)/bend, 0.5))
		}
	}
	return place, top*float64(len(s.response)) > 100*sum && sum > 0
}

// clean suppresses noise and what echo is left, and evens the loudness, in place.
func (s *speex) clean(mic []int16) { C.speex_preprocess_run(s.pre, sound(mic)) }
