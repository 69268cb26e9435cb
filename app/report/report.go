// Package report packs what the support needs of a phone, without the people in it.
package report

import (
	"archive/zip"
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"slices"
	"sync"
	"time"

	"offhook/app/calllog"
	"offhook/internal/known"
	"offhook/voice"
	"offhook/voice/fault"
)

// Part is one of the things that a report can carry.
type Part string

// The parts of a report: the phone's log, the figures of its calls, and the
// computer with its sound devices.
const (
	Log      Part = "log"
	Calls    Part = "calls"
	Computer Part = "computer"
)

// Parts are all parts, in the order in which they are offered.
func Parts() []Part { return []Part{Log, Calls, Computer} }

// Draft is a report as it would be sent: names, numbers and secrets are out
// of it already. It must be closed. Its methods may be called from any goroutine.
type Draft interface {
	// Size is how many bytes a part adds to the report.
	Size(part Part) int64
	// Lines returns a piece of a part as it would be sent: count lines from the one
	// called first, counted from 0, and how many lines the part has. It reads a file.
	Lines(part Part, first, count int) (lines []string, all int, err error)
	// Send uploads the chosen parts with a text, and returns the reference to tell
	// the support. progress may be nil; it is called with 0 to 1 from another
	// goroutine.
	Send(ctx context.Context, text string, parts []Part, progress func(float64)) (reference string, err error)
	// Close removes the draft. It may be called more than once.
	Close()
}

// Packed is a report as a zip file.
type Packed struct {
	path   string
	upload Upload
	// part says to which part a file of the zip belongs.
	part map[string]Part
	size map[Part]int64
	once sync.Once
}

// Upload sends the file at path with a text and returns the reference to tell the
// support. progress is called with 0 to 1 from another goroutine.
type Upload func(ctx context.Context, path, text string, progress func(float64)) (reference string, err error)

// The bounds of the calls whose figures go along, and of a report's text in runes.
const (
	MaxCalls       = 5000
	maxDescription = 4000
)

// Contents are what a report is made of.
type Contents struct {
	// Logs is a zip file of the phone's logs, which Pack removes.
	Logs string
	// Calls are those whose figures go along, MaxCalls at most.
	Calls []calllog.Record
	// Computer is written as JSON.
	Computer any
	// Names and Numbers are the people who are not to be in the report.
	Names, Numbers []string
	Upload         Upload
}

// Pack packs a report. It may take seconds. The error is one for a person, or that of
// ctx.
func Pack(ctx context.Context, c Contents) (*Packed, error) {
	defer os.Remove(c.Logs)
	d := &Packed{upload: c.Upload, part: map[string]Part{}, size: map[Part]int64{}}
	if err := d.pack(ctx, c); err != nil {
		d.Close()
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return nil, NotPacked(err)
	}
	return d, nil
}

// NotPacked is the error of a report that could not be made.
func NotPacked(err error) error {
	return fault.Wrap(err, fault.UploadLogFailure, "report.not-packed", calllog.Trouble(err))
}

// Size is for Draft.
func (d *Packed) Size(part Part) int64 { return d.size[part] }

// call is one call of the figures, without who it was.
type call struct {
	SessionID string          `json:"session_id"`
	Direction voice.Direction `json:"direction"`
	Started   time.Time       `json:"started"`
	Missed    bool            `json:"missed,omitempty"`
	RangS     int             `json:"rang_s"`
	DurationS int             `json:"duration_s"`
	EndReason voice.EndReason `json:"end_reason"`
	MOS       known.Figure    `json:"mos"`
	Rating    known.Count     `json:"rating,omitempty"`
	Issue     string          `json:"issue,omitempty"`
}

func (d *Packed) pack(ctx context.Context, c Contents) (err error) {
	a := newAnonymiser(c.Names, c.Numbers)
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
	in, err := zip.OpenReader(c.Logs)
	if err != nil {
		return err
	}
	defer in.Close()
	for _, f := range in.File {
		if err := d.copy(ctx, z, f, a); err != nil {
			return err
		}
	}
	figures := []call{}
	for _, r := range c.Calls {
		figures = append(figures, call{r.SessionID, r.Direction, r.Started, r.Missed, r.RangS, r.DurationS, r.EndReason, r.MOS, r.Rating, r.Issue})
	}
	if err := d.add(z, "calls.json", Calls, figures, a); err != nil {
		return err
	}
	return d.add(z, "computer.json", Computer, c.Computer, a)
}

// copy takes a log over line by line.
func (d *Packed) copy(ctx context.Context, z *zip.Writer, f *zip.File, a *anonymiser) error {
	r, err := f.Open()
	if err != nil {
		return err
	}
	defer r.Close()
	d.part[f.Name] = Log
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

func (d *Packed) add(z *zip.Writer, name string, part Part, v any, a *anonymiser) error {
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
func (d *Packed) measure() error {
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

// Lines is for Draft.
func (d *Packed) Lines(part Part, first, count int) (lines []string, all int, err error) {
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

// Send is for Draft.
func (d *Packed) Send(ctx context.Context, text string, parts []Part, progress func(float64)) (reference string, err error) {
	path := d.path
	if len(parts) < len(Parts()) {
		if path, err = d.only(parts); err != nil {
			return "", NotPacked(err)
		}
		defer os.Remove(path)
	}
	if r := []rune(text); len(r) > maxDescription {
		text = string(r[:maxDescription])
	}
	if progress == nil {
		progress = func(float64) {}
	}
	return d.upload(ctx, path, text, progress)
}

// only writes a zip file with some of the parts.
func (d *Packed) only(parts []Part) (name string, err error) {
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

// Close is for Draft.
func (d *Packed) Close() {
	d.once.Do(func() { os.Remove(d.path) })
}

// Save writes the report into a new file.
func (d *Packed) Save(path string) error {
	data, err := os.ReadFile(d.path)
	if err == nil {
		var f *os.File
		if f, err = os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_EXCL, 0o600); err == nil {
			_, err = f.Write(data)
			err = errors.Join(err, f.Close())
		}
	}
	if err != nil {
		return fault.Wrap(err, fault.UploadLogFailure, "report.not-saved", path)
	}
	return nil
}
