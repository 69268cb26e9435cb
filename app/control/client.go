package control

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"os"
	"time"

	"offhook/internal/crash"
	"offhook/voice/fault"
)

// answerGrace is how much longer than the request's own limit the answer may take.
const answerGrace = 2 * time.Second

// call sends one request to the phone of a profile. items gets each item as it
// comes; the result is returned. A phone that is stopped, or hangs, is given up soon
// after the request's limit.
func call(ctx context.Context, dir string, r request, items func(json.RawMessage) error) (json.RawMessage, error) {
	conn, err := dial(dir)
	if err != nil {
		return nil, failure(CodeNotRunning, "ctl.not-running")
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, crash.Guarded(func() { conn.Close() }))()
	data, err := json.Marshal(r)
	if err != nil {
		return nil, err
	}
	if len(data) >= maxLine {
		return nil, usage("That is too long for one command.")
	}
	_ = conn.SetWriteDeadline(time.Now().Add(requestLimit))
	// A phone that has too many clients says so without reading.
	_, unsent := conn.Write(append(data, '\n'))
	switch {
	case unsent != nil:
		_ = conn.SetReadDeadline(time.Now().Add(time.Second))
	case r.Command != "events" || r.Timeout > 0:
		_ = conn.SetReadDeadline(time.Now().Add(r.limit() + answerGrace))
	}
	in := bufio.NewScanner(conn)
	in.Buffer(make([]byte, 0, 64<<10), maxAnswer)
	for in.Scan() {
		var a answer
		if err := json.Unmarshal(in.Bytes(), &a); err != nil {
			return nil, failure(string(fault.InternalError), "ctl.unreadable")
		}
		switch {
		case a.Error != nil:
			return nil, a.Error
		case a.Item != nil:
			if err := items(append(json.RawMessage(nil), a.Item...)); err != nil {
				return nil, err
			}
		default:
			return append(json.RawMessage(nil), a.Result...), nil
		}
	}
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	switch err := in.Err(); {
	case errors.Is(err, os.ErrDeadlineExceeded), errors.Is(unsent, os.ErrDeadlineExceeded):
		return nil, failure(CodeTimeout, "ctl.no-answer")
	case unsent != nil:
		return nil, failure(CodeNotRunning, "ctl.not-listening")
	case err != nil:
		return nil, failure(CodeNotRunning, "ctl.broke")
	}
	return nil, failure(CodeNotRunning, "ctl.ended")
}

// HandOver gives a link, or "" to be raised, to the phone that runs on a
// profile. A phone that is just starting gets a moment.
func HandOver(ctx context.Context, dir, link string) error {
	deadline := time.Now().Add(5 * time.Second)
	for {
		r := request{Command: "open", options: options{Timeout: 10 * time.Second}}
		if link != "" {
			r.Args = []string{link}
		}
		_, err := call(ctx, dir, r, func(json.RawMessage) error { return nil })
		var f *Failure
		if !errors.As(err, &f) || f.Code != CodeNotRunning || time.Now().After(deadline) {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(50 * time.Millisecond):
		}
	}
}
