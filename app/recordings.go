package app

import (
	"context"
	"os"
	"path/filepath"
	"regexp"
	"time"

	"offhook/voice"
	"offhook/voice/recording"
	"offhook/voice/wire"
)

// ruleRecordings tells the engine how calls over SIP accounts are recorded.
func (p *Phone) ruleRecordings(set Settings) {
	r := set.Recording
	rules := voice.RecordingRules{
		Rule: voice.RecordingRule(r.Rule), Ask: r.Ask, Folder: p.recordingFolder(set), Mono: r.Channels == "single",
		BeepEvery: time.Duration(r.BeepS) * time.Second, Pause: time.Duration(r.PauseS) * time.Second, Reserve: uint64(r.ReserveMB) << 20,
	}
	if r.PublicKey != "" {
		var err error
		if rules.Key, err = recording.ParsePublicKey(r.PublicKey); err != nil {
			p.log.Error("the key of recordings can't be read: no call is recorded", "err", err)
			rules.Broken = wire.RecordingNoKey
		}
	}
	p.engine.SetRecording(rules)
}

func (p *Phone) recordingFolder(set Settings) string {
	if set.Recording.Folder != "" {
		return set.Recording.Folder
	}
	return filepath.Join(p.cfg.Dir, "recordings")
}

// ownRecording is the form of the names of the phone's recordings: nothing else in the
// folder is deleted.
var ownRecording = regexp.MustCompile(`^\d{8}-\d{6}-[0-9a-f-]{36}\.(ogg|wav|rec)$`)

// pruneEvery is how often the phone looks whether the time of a recording is over.
const pruneEvery = 6 * time.Hour

// pruneRecordings deletes the phone's own recordings whose time is over.
func (p *Phone) pruneRecordings(ctx context.Context) {
	tick := time.NewTicker(pruneEvery)
	defer tick.Stop()
	for {
		set := p.store.Get()
		if days := set.Recording.KeepDays; days > 0 {
			p.pruneFolder(p.recordingFolder(set), p.cfg.Now().AddDate(0, 0, -days))
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

func (p *Phone) pruneFolder(folder string, before time.Time) {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return // there is none yet
	}
	for _, e := range entries {
		info, err := e.Info()
		if err != nil || !info.Mode().IsRegular() || !ownRecording.MatchString(e.Name()) || !info.ModTime().Before(before) {
			continue
		}
		if err := os.Remove(filepath.Join(folder, e.Name())); err != nil {
			p.log.Error("a recording whose time is over can't be deleted", "file", e.Name(), "err", err)
			continue
		}
		p.log.Info("recording deleted: its time was over", "file", e.Name(), "bytes", info.Size())
	}
}
