package exophone

import (
	"slices"
	"time"

	"offhook/voice/wire"
)

// byHand reports whether parties may begin and end a recording.
func (s *session) byHand() bool {
	cfg := s.x.cfg.Recording
	return cfg.Rule == RecordByHand && cfg.Archive != nil
}

// Record implements Calls.
func (x *Exchange) Record(sessionID, subscriber, action string) (wire.Recording, error) {
	return perform(x, sessionID, func(s *session) (wire.Recording, error) {
		by := subscriber
		if by == "" {
			by = "account"
			if s.phase != talking {
				return wire.Recording{}, ErrNoCall
			}
		} else if _, err := s.talker(subscriber); err != nil {
			return wire.Recording{}, err
		}
		if err := s.control(action, by); err != nil {
			return wire.Recording{}, err
		}
		return s.describeRecording(), nil
	})
}

// control does an action of somebody's. What is so already is no error.
func (s *session) control(action, by string) error {
	r := s.recording
	running := r != nil && r.take != nil
	switch {
	case (action == "consent" || action == "start") && (s.consent == asking || s.consent == refused):
		s.consented()
		return nil
	case action == "refuse" && s.consent == asking:
		s.consent = refused
		s.tellRecording()
		return nil
	case action == "start" && !running:
		if !s.byHand() {
			return ErrNotByHand
		}
		if r != nil && r.info.State == wire.RecordingFailed {
			return ErrRecording
		}
		// The words of a recording by hand are the agent's own: nobody is interrupted, and
		// who was told is not known here.
		s.openRecording(by)
		if s.recording.take == nil {
			return ErrRecording
		}
	case !running:
		return ErrRecording
	case action == "start", action == "resume":
		s.resumeRecording()
	case action == "pause":
		if r.pausedBy == "" {
			s.pauseRecording(by, true)
		}
	case action == "stop":
		if r.info.By == rule || !s.byHand() {
			return ErrNotByHand
		}
		s.resumeRecording()
		s.pauseRecording(by, false)
	default:
		return ErrRecording
	}
	s.followRecording()
	s.noteRecording()
	return nil
}

// pauseRecording stops what is recorded, for a time or until somebody resumes it.
func (s *session) pauseRecording(by string, forATime bool) {
	r, now := s.recording, s.x.cfg.Clock.Now()
	r.pausedBy, r.resumes = by, time.Time{}
	r.info.Pauses = append(slices.Clone(r.info.Pauses), Pause{From: now, By: by})
	if !forATime {
		return
	}
	length := s.x.cfg.Recording.Pause
	r.resumes = now.Add(length)
	s.after("recording", length, func() {
		if s.recording != r || r.take == nil || r.pausedBy == "" {
			return
		}
		s.x.log.Info("the recording goes on by itself", "session", s.id)
		s.resumeRecording()
		s.followRecording()
		s.noteRecording()
	})
}

func (s *session) resumeRecording() {
	r := s.recording
	if r.pausedBy == "" {
		return
	}
	s.stop("recording")
	r.pausedBy, r.resumes = "", time.Time{}
	r.info.Pauses = slices.Clone(r.info.Pauses)
	r.info.Pauses[len(r.info.Pauses)-1].To = s.x.cfg.Clock.Now()
}
