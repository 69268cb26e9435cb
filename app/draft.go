package app

import (
	"archive/zip"
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"runtime"
	"slices"
	"sync"
	"time"

	"offhook/app/calllog"
	"offhook/voice"
	"offhook/voice/audio"
	"offhook/voice/fault"
)

// ReportPart is one of the things that a report can carry.
type ReportPart string

// The parts of a report: the phone's log, the figures of its calls, and the
// computer with its sound devices.
const (
	ReportLog      ReportPart = "log"
	ReportCalls    ReportPart = "calls"
	ReportComputer ReportPart = "computer"
)

// ReportParts are all parts, in the order in which they are offered.
func ReportParts() []ReportPart { return []ReportPart{ReportLog, ReportCalls, ReportComputer} }

// ReportDraft is a report as it would be sent: names, numbers and secrets are out
// of it already. It must be closed. Its methods may be called from any goroutine.
type ReportDraft interface {
	// Size is how many bytes a part adds to the report.
	Size(part ReportPart) int64
	// Lines returns a piece of a part as it would be sent: count lines from the one
	// called first, counted from 0, and how many lines the part has. It reads a file.
	Lines(part ReportPart, first, count int) (lines []string, all int, err error)
	// Send uploads the chosen parts with a text, and returns the reference to tell
	// the support. progress may be nil; it is called with 0 to 1 from another
	// goroutine.
	Send(ctx context.Context, text string, parts []ReportPart, progress func(float64)) (reference string, err error)
	// Close removes the draft. It may be called more than once.
	Close()
}

// reportDraft is a report as a zip file.
type reportDraft struct {
	phone *Phone
	path  string
	// part says to which part a file of the zip belongs.
	part map[string]ReportPart
	size map[ReportPart]int64
	once sync.Once
}

// maxReportCalls bounds the calls whose figures go along.
const maxReportCalls = 5000

// DraftReport packs what a report of the days from one time to another would
// carry. It may take seconds.
func (p *Phone) DraftReport(ctx context.Context, from, to time.Time) (ReportDraft, error) {
	if p.cfg.ReadLogs == nil {
		return nil, fault.New(fault.UploadLogFailure, "report.no-logs")
	}
	if !from.Before(to) {
		return nil, fault.New(fault.InvalidParameter, "report.empty-range")
	}
	raw, err := p.cfg.ReadLogs(from, to)
	if err != nil {
		return nil, fault.Wrap(err, fault.UploadLogFailure, "report.not-packed", calllog.Trouble(err))
	}
	defer os.Remove(raw)
	d := &reportDraft{phone: p, part: map[string]ReportPart{}, size: map[ReportPart]int64{}}
	calls, err := p.SearchRecents(ctx, RecentsQuery{Since: from, Limit: maxReportCalls})
	if err != nil {
		calls = nil // the log still tells
	}
	if err := d.pack(ctx, raw, from, to, calls, p.anonymiser(calls)); err != nil {
		d.Close()
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return nil, fault.Wrap(err, fault.UploadLogFailure, "report.not-packed", calllog.Trouble(err))
	}
	return d, nil
}

// Size is for ReportDraft.
func (d *reportDraft) Size(part ReportPart) int64 { return d.size[part] }

// reportedCall is one call of the figures, without who it was.
type reportedCall struct {
	SessionID string          `json:"session_id"`
	Direction voice.Direction `json:"direction"`
	Started   time.Time       `json:"started"`
	Missed    bool            `json:"missed,omitempty"`
	RangS     int             `json:"rang_s"`
	DurationS int             `json:"duration_s"`
	EndReason voice.EndReason `json:"end_reason"`
	MOS       float64         `json:"mos"`
	Rating    int             `json:"rating,omitempty"`
	Issue     string          `json:"issue,omitempty"`
}

func (d *reportDraft) pack(ctx context.Context, raw string, from, to time.Time, calls []CallRecord, a *anonymiser) (err error) {
	out, err := os.CreateTemp("", "offhook-report-*.zip")
	if err != nil {
		return err
	}
	d.path = out.Name()
	z := zip.NewWriter(out)
	defer func() {
		if err = errors.Join(err, z.Close(), out.Close()); err == nil {
			err = d.measure()
		}
	}()
	in, err := zip.OpenReader(raw)
	if err != nil {
		return err
	}
	defer in.Close()
	for _, f := range in.File {
		if err := d.copy(ctx, z, f, a); err != nil {
			return err
		}
	}
	figures := []reportedCall{}
	for _, c := range calls {
		if c.Started.Before(to) {
			figures = append(figures, reportedCall{c.SessionID, c.Direction, c.Started, c.Missed, c.RangS, c.DurationS, c.EndReason, c.MOS, c.Rating, c.Issue})
		}
	}
	if err := d.add(z, "calls.json", ReportCalls, figures, a); err != nil {
		return err
	}
	return d.add(z, "computer.json", ReportComputer, d.phone.computer(ctx), a)
}

// copy takes a log over line by line.
func (d *reportDraft) copy(ctx context.Context, z *zip.Writer, f *zip.File, a *anonymiser) error {
	r, err := f.Open()
	if err != nil {
		return err
	}
	defer r.Close()
	d.part[f.Name] = ReportLog
	w, err := z.Create(f.Name)
	if err != nil {
		return err
	}
	lines := bufio.NewReaderSize(r, 64<<10)
	for {
		line, err := lines.ReadString('\n')
		if _, werr := io.WriteString(w, a.clean(line)); werr != nil {
			return werr
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err = errors.Join(err, ctx.Err()); err != nil {
			return err
		}
	}
}

func (d *reportDraft) add(z *zip.Writer, name string, part ReportPart, v any, a *anonymiser) error {
	raw, err := json.MarshalIndent(v, "", " ")
	if err != nil {
		return err
	}
	d.part[name] = part
	w, err := z.Create(name)
	if err != nil {
		return err
	}
	_, err = io.WriteString(w, a.clean(string(raw)+"\n"))
	return err
}

// measure notes the parts' sizes, once all is written.
func (d *reportDraft) measure() error {
	z, err := zip.OpenReader(d.path)
	if err != nil {
		return err
	}
	defer z.Close()
	for _, f := range z.File {
		d.size[d.part[f.Name]] += int64(f.CompressedSize64)
	}
	return nil
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

// Lines is for ReportDraft.
func (d *reportDraft) Lines(part ReportPart, first, count int) (lines []string, all int, err error) {
	z, err := zip.OpenReader(d.path)
	if err != nil {
		return nil, 0, err
	}
	defer z.Close()
	for _, f := range z.File {
		if d.part[f.Name] != part {
			continue
		}
		r, err := f.Open()
		if err != nil {
			return nil, 0, err
		}
		scan := bufio.NewScanner(r)
		scan.Buffer(nil, 4<<20)
		for scan.Scan() {
			if all >= first && all < first+count {
				lines = append(lines, scan.Text())
			}
			all++
		}
		err = errors.Join(scan.Err(), r.Close())
		if err != nil {
			return nil, 0, err
		}
	}
	return lines, all, nil
}

// Send is for ReportDraft.
func (d *reportDraft) Send(ctx context.Context, text string, parts []ReportPart, progress func(float64)) (reference string, err error) {
	path := d.path
	if len(parts) < len(ReportParts()) {
		if path, err = d.only(parts); err != nil {
			return "", fault.Wrap(err, fault.UploadLogFailure, "report.not-packed", calllog.Trouble(err))
		}
		defer os.Remove(path)
	}
	return d.phone.upload(ctx, path, text, progress)
}

// only writes a zip file with some of the parts.
func (d *reportDraft) only(parts []ReportPart) (name string, err error) {
	in, err := zip.OpenReader(d.path)
	if err != nil {
		return "", err
	}
	defer in.Close()
	out, err := os.CreateTemp("", "offhook-report-*.zip")
	if err != nil {
		return "", err
	}
	z := zip.NewWriter(out)
	for _, f := range in.File {
		if slices.Contains(parts, d.part[f.Name]) {
			err = errors.Join(err, z.Copy(f))
		}
	}
	if err = errors.Join(err, z.Close(), out.Close()); err != nil {
		os.Remove(out.Name())
	}
	return out.Name(), err
}

// Close is for ReportDraft.
func (d *reportDraft) Close() {
	d.once.Do(func() { os.Remove(d.path) })
}
