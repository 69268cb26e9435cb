package app

import (
	"context"
	"runtime"
	"slices"
	"time"

	"offhook/app/report"
	"offhook/voice/audio"
	"offhook/voice/fault"
)

// Report uploads the logs from one time to another with text, and returns the
// reference to tell the support. progress may be nil; it is called with 0 to
// 1 from another goroutine.
func (p *Phone) Report(ctx context.Context, from, to time.Time, text string, progress func(float64)) (reference string, err error) {
	d, err := p.DraftReport(ctx, from, to)
	if err != nil {
		return "", err
	}
	defer d.Close()
	return d.Send(ctx, text, report.Parts(), progress)
}

// DraftReport packs what a report of the days from one time to another would
// carry. It may take seconds.
func (p *Phone) DraftReport(ctx context.Context, from, to time.Time) (report.Draft, error) {
	made, err := p.packReport(ctx, from, to)
	if err != nil {
		return nil, err
	}
	return made, nil
}

// SaveReport writes a report into a new file, for a phone that can't send it: one
// that is signed out, or has no network. It works without a sign-in.
func (p *Phone) SaveReport(ctx context.Context, from, to time.Time, path string) error {
	made, err := p.packReport(ctx, from, to)
	if err != nil {
		return err
	}
	defer made.Close()
	return made.Save(path)
}

func (p *Phone) packReport(ctx context.Context, from, to time.Time) (*report.Packed, error) {
	if p.cfg.ReadLogs == nil {
		return nil, fault.New(fault.UploadLogFailure, "report.no-logs")
	}
	if !from.Before(to) {
		return nil, fault.New(fault.InvalidParameter, "report.empty-range")
	}
	logs, err := p.cfg.ReadLogs(from, to)
	if err != nil {
		return nil, report.NotPacked(err)
	}
	// Without the call log, the phone's log still tells.
	calls, _ := p.SearchRecents(ctx, RecentsQuery{Since: from, Limit: report.MaxCalls})
	calls = slices.DeleteFunc(calls, func(c CallRecord) bool { return !c.Started.Before(to) })
	names, numbers := p.people(calls)
	return report.Pack(ctx, report.Contents{Logs: logs, Calls: calls, Computer: p.computer(ctx), Names: names, Numbers: numbers, Upload: p.upload})
}

// upload sends a packed report. The engine tries again by itself when the network
// fails.
func (p *Phone) upload(ctx context.Context, path, text string, progress func(float64)) (reference string, err error) {
	ctx, cancel := p.withLife(ctx)
	defer cancel()
	reference, err = p.engine.UploadLogFile(ctx, path, text, progress)
	if err != nil {
		p.log.Warn("report", "err", err)
		return "", err
	}
	p.log.Info("report sent", "reference", reference)
	return reference, nil
}

// people are the contacts, the parties of calls, and the user.
func (p *Phone) people(calls []CallRecord) (names, numbers []string) {
	s := p.Snapshot()
	names, numbers = []string{s.Account.DisplayName, s.Account.UserName}, []string{s.LastDialled}
	if s.LastDialledName != "" {
		names = append(names, s.LastDialledName)
	}
	for _, l := range p.store.Get().SIPAccounts {
		names, numbers = append(names, l.DisplayName), append(numbers, l.ID, l.User, l.AuthUser, l.ICEUser)
	}
	for _, g := range p.Contacts() {
		if g.Special {
			continue // the platform's own, the same for everybody
		}
		for _, c := range g.Contacts {
			names, numbers = append(names, c.Name), append(numbers, c.Number)
		}
	}
	for _, list := range [][]CallRecord{calls, p.Recents()} {
		for _, c := range list {
			names, numbers = append(names, c.RemoteName), append(numbers, c.RemoteID)
			if c.Message != "" {
				names = append(names, c.Message)
			}
			if c.Note != "" {
				names = append(names, c.Note)
			}
		}
	}
	return names, numbers
}

// computer is what the support needs to know of the machine.
func (p *Phone) computer(ctx context.Context) any {
	type device struct {
		Name    string `json:"name"`
		Kind    string `json:"kind"`
		Default bool   `json:"default,omitempty"`
	}
	s := p.Snapshot()
	list := []device{}
	devices, err := p.Devices(ctx)
	trouble := ""
	if err != nil {
		trouble = sentence(err).String()
	}
	for _, d := range devices {
		kind := "playback"
		if d.Kind == audio.Capture {
			kind = "capture"
		}
		list = append(list, device{d.Name, kind, d.IsDefault})
	}
	return map[string]any{
		"version": s.Version, "system": runtime.GOOS, "architecture": runtime.GOARCH, "processors": runtime.NumCPU(), "go": runtime.Version(),
		"devices": list, "devices_error": trouble, "microphone": s.Audio.Microphone, "speaker": s.Audio.Speaker, "ring": s.Audio.Ring,
		"conditions": s.Conditions,
	}
}
