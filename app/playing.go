package app

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"offhook/app/calllog"
	"offhook/app/player"
	"offhook/voice/fault"
	"offhook/voice/recording"
)

// Playing is the recording that is played.
type Playing struct {
	// ID is that of the call in the log.
	ID        string `json:"id"`
	PositionS int    `json:"position_s"`
	LengthS   int    `json:"length_s"`
}

// playback is the player and what it needs beside it.
type playback struct {
	*player.Player
	id string
}

// Playable reports whether PlayRecording may play the recording of a call of the log.
func (p *Phone) Playable(r CallRecord) bool { return p.mayPlay(r) == nil }

func (p *Phone) mayPlay(r CallRecord) error {
	switch {
	case !r.Recorded:
		return fault.New(fault.InvalidParameter, "recording.none-of-call")
	case r.RecordingFile == "" && r.Line == "" && p.engine.PlaysRecordings():
		return nil
	case r.RecordingFile == "" || !p.store.Get().Recording.Play:
		return fault.New(fault.ServerError, "recording.not-played")
	case filepath.Ext(r.RecordingFile) == ".rec":
		return fault.New(fault.ServerError, "recording.sealed")
	}
	return nil
}

// PlayRecording plays the recording of a call of the log from a time on, in place of
// what plays; a recording that plays already goes on from there. It plays on the
// loudspeaker of calls and ends as a call begins. The phone's own recordings are played
// where the setting recording.play allows it, and those of a platform that lets its
// agents.
func (p *Phone) PlayRecording(ctx context.Context, id string, from time.Duration) error {
	if p.cfg.Audio == nil {
		return fault.New(fault.AudioDeviceError, "audio.no-system")
	}
	if now := p.playing.Load(); now != nil && now.id == id {
		select {
		case <-now.Done():
		default:
			now.Seek(from)
			return nil
		}
	}
	record, err := p.logged(ctx, id)
	if err != nil {
		return err
	}
	if err := p.mayPlay(record); err != nil {
		return err
	}
	if len(p.Snapshot().Calls) > 0 {
		return fault.New(fault.SystemBusy, "recording.in-call")
	}
	life, cancel := context.WithCancel(p.ctx)
	file, size, closeFile, err := p.openRecorded(life, record)
	var listener *recording.Listener
	if err == nil {
		if listener, err = recording.Listen(file, size); err != nil {
			closeFile()
			if errors.Is(err, recording.ErrNotPlayable) {
				err = fault.Wrap(err, fault.InternalError, "recording.damaged")
			}
		}
	}
	if err != nil {
		cancel()
		return fault.From(err)
	}
	next := &playback{id: id, Player: player.Start(life, p.cfg.Audio, p.soundOf(p.store.Get()).Playout, listener, from, p.log)}
	if before := p.playing.Swap(next); before != nil {
		before.Stop()
	}
	p.background(func(context.Context) {
		p.followPlaying(next)
		cancel()
		closeFile()
	})
	return nil
}

// openRecorded opens the file of a recording, or finds it at the platform.
func (p *Phone) openRecorded(ctx context.Context, r CallRecord) (file io.ReaderAt, size int64, closing func(), err error) {
	closing = func() {}
	if r.RecordingFile == "" {
		file, size, err = p.engine.OpenRecording(ctx, r.SessionID)
		return file, size, closing, err
	}
	f, err := os.Open(r.RecordingFile)
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return nil, 0, closing, fault.Wrap(err, fault.InternalError, "recording.gone")
		}
		return nil, 0, closing, fault.Wrap(err, fault.InternalError, "recording.unreadable")
	}
	closing = func() { _ = f.Close() }
	info, err := f.Stat()
	if err != nil {
		closing()
		return nil, 0, closing, fault.Wrap(err, fault.InternalError, "recording.unreadable")
	}
	return f, info.Size(), closing, nil
}

// logged finds a call of the log.
func (p *Phone) logged(ctx context.Context, id string) (CallRecord, error) {
	list := p.Recents()
	i := slices.IndexFunc(list, func(r CallRecord) bool { return r.ID == id })
	if i < 0 {
		var err error
		if list, err = p.SearchRecents(ctx, RecentsQuery{Limit: calllog.KeepCalls}); err != nil {
			return CallRecord{}, err
		}
		if i = slices.IndexFunc(list, func(r CallRecord) bool { return r.ID == id }); i < 0 {
			return CallRecord{}, logFault(calllog.ErrUnknownCall)
		}
	}
	return list[i], nil
}

// StopPlaying ends what PlayRecording plays.
func (p *Phone) StopPlaying() {
	if now := p.playing.Load(); now != nil {
		now.Stop()
	}
}

// followPlaying shows how far it is until its end.
func (p *Phone) followPlaying(now *playback) {
	show := func(s *Playing) {
		p.loop.post(func() {
			if p.playing.Load() == now {
				p.m.playing = s
				p.touch()
			}
		})
	}
	tick := time.NewTicker(500 * time.Millisecond)
	defer tick.Stop()
	for {
		show(&Playing{ID: now.id, PositionS: int(now.Position() / time.Second), LengthS: int((now.Length() + time.Second - 1) / time.Second)})
		select {
		case <-tick.C:
		case <-now.Done():
			show(nil)
			if err := now.Err(); err != nil {
				p.log.Error("a recording could not be played on", "err", err)
				p.loop.post(func() { p.say("error", fault.Wrap(err, fault.InternalError, "recording.not-played-on").Text()) })
			}
			return
		}
	}
}
