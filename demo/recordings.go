package demo

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"offhook/demo/archive"
	"offhook/demo/exophone"
	"offhook/voice/recording"
)

// checkRecording reads the files of recordings: a mistake shows at the start, not in
// the first call.
func (c *Config) checkRecording() (err error) {
	if c.RecordingAnnouncementFile != "" {
		if c.announcement, err = recording.ReadSoundFile(c.RecordingAnnouncementFile); err != nil {
			return fmt.Errorf("announcement of recordings: %w", err)
		}
	}
	switch {
	case c.RecordingKeyFile != "" && c.DataDir == "":
		return errors.New("recordings are kept in the data folder, and there is none")
	case c.RecordingKeyFile == "" && (c.Record == exophone.RecordAll || c.Record == exophone.RecordByHand):
		return errors.New("calls are to be recorded, and there is no key of recordings: offhook-demo recording-key makes one")
	case c.RecordingKeyFile == "":
		return nil
	}
	text, err := os.ReadFile(c.RecordingKeyFile)
	if err != nil {
		return fmt.Errorf("key of recordings: %w", err)
	}
	if c.recordingKey, err = recording.ParseKey(string(text)); err != nil {
		return fmt.Errorf("key of recordings: %s holds %w", c.RecordingKeyFile, err)
	}
	return nil
}

// openRecordings opens the folder of the recordings, if calls are recorded.
func (p *Platform) openRecordings() (err error) {
	if p.cfg.RecordingKeyFile == "" {
		return nil
	}
	p.recordings, err = archive.Open(archive.Config{
		Dir: filepath.Join(p.cfg.DataDir, "recordings"), Key: p.cfg.recordingKey, Keep: p.cfg.KeepRecordings,
		Reserve: p.cfg.DiskReserve, Now: p.now, Logger: p.log.With("hat", "recordings"),
	})
	if err == nil {
		p.onClose(func(context.Context) error { p.recordings.Close(); return nil })
	}
	return err
}

// recording is how the exchange records.
func (p *Platform) recording() exophone.Recording {
	return exophone.Recording{
		Archive: p.recordings, Rule: p.cfg.Record, Mono: p.cfg.RecordingMono, Told: p.cfg.RecordingTold, Pause: p.cfg.RecordingPause, Ask: p.cfg.RecordingAsk,
	}
}
