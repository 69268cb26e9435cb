package screen

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	"offhook/app/report"
	"offhook/ui/theme"
	"offhook/ui/widget"
)

// The preview of a report: how many lines a page has, and how high it is.
const (
	previewLines          = 3
	previewHeight float32 = 64
)

// draftView is the part of the report page that shows what would go along: the
// parts to choose from with their sizes, and the very lines.
type draftView struct {
	env      *Env
	Checks   map[report.Part]*widget.Check
	names    map[report.Part]string
	lines    *widget.Transcript
	pageText *widget.Text
	Previous *widget.IconButton
	Next     *widget.IconButton
	goes     fyne.CanvasObject
	preview  fyne.CanvasObject
	scroll   *container.Scroll
	changed  func()

	draft report.Draft
	asked int
	// packing says that a draft is being made, which stop ends.
	packing     bool
	stop        func()
	page, pages int
}

func newDraftView(env *Env, changed func()) *draftView {
	d := &draftView{env: env, Checks: map[report.Part]*widget.Check{}, changed: changed}
	d.names = map[report.Part]string{report.Log: env.T("Offhook log"), report.Calls: env.T("Call statistics"), report.Computer: env.T("Computer and sound devices")}
	var rows []fyne.CanvasObject
	for _, part := range report.Parts() {
		name := d.names[part]
		check := widget.NewCheck(name, func(on bool) string {
			if on {
				return env.T("{part}, included", "part", name)
			}
			return env.T("{part}, not included", "part", name)
		})
		check.OnChanged = changed
		d.Checks[part] = check
		rows = append(rows, check)
	}
	d.goes = widget.NewCard(widget.Inset(8, 1, 8, 1, widget.Column(rows...)))
	d.lines = widget.NewTranscript()
	d.pageText = caption("")
	d.Previous = widget.NewIconButton(env.T("Previous page"), theme.ChevronUp, theme.Text2, env.Tips, func() { d.turn(-1) })
	d.Next = widget.NewIconButton(env.T("Next page"), theme.ChevronDown, theme.Text2, env.Tips, func() { d.turn(1) })
	d.scroll = container.NewVScroll(widget.Inset(8, 12, 8, 12, d.lines))
	d.preview = widget.NewCard(widget.Inset(1, 4, 12, 12, widget.Column(
		widget.Row(widget.NewIcon(theme.Eye, theme.AccentInk, 18), widget.Gap(8), widget.Grow(widget.NewText(env.T("Preview"), widget.Style{Bold: true})),
			d.pageText, widget.Gap(2), d.Previous, d.Next),
		widget.Inset(0, 8, 0, 0, widget.Column(
			widget.NewPanel(theme.Window, theme.RadiusInput, widget.Fixed(0, previewHeight, d.scroll)),
			widget.Gap(8), widget.Row(widget.NewIcon(theme.Lock, theme.Text2, 16), widget.Gap(8), widget.Grow(widget.NewText(
				env.T("Names, numbers and passwords are removed. Recordings are never sent."), widget.Style{Size: theme.SizeCaption, Role: theme.Text2, Wrap: true}))))))))
	d.clear()
	return d
}

func (d *draftView) clear() {
	for part, c := range d.Checks {
		c.Set(d.names[part], "…")
	}
	d.lines.SetText(d.env.T("Preparing the report…"))
	d.packing = true
	d.pageText.SetText("")
	d.Previous.SetEnabled(false)
	d.Next.SetEnabled(false)
}

// load has a draft made of the given number of days; failed is called if there can't
// be one.
func (d *draftView) load(from, to time.Time, days int, failed func(error)) {
	d.close()
	d.asked++
	asked := d.asked
	d.clear()
	stop := d.env.draftReport(from, to, func(draft report.Draft, err error) {
		switch {
		case err != nil:
			if asked == d.asked {
				d.packing, d.stop = false, nil
				d.lines.SetText("")
				failed(err)
			}
		case asked != d.asked:
			draft.Close() // other days were chosen meanwhile, or the page was left
		default:
			d.draft, d.packing, d.stop = draft, false, nil
			for part, c := range d.Checks {
				c.Set(d.partName(part, days), d.env.size(draft.Size(part)))
			}
			d.page = 0
			d.turn(0)
			if d.changed != nil {
				d.changed()
			}
		}
	})
	if d.packing { // it may be over already
		d.stop = stop
	}
}

// partName says what a part holds.
func (d *draftView) partName(part report.Part, days int) string {
	switch {
	case part == report.Computer:
		return d.names[part]
	case days <= 1:
		return d.env.T("{part}, 1 day", "part", d.names[part])
	default:
		return d.env.T("{part}, {n} days", "part", d.names[part], "n", days)
	}
}

// close lets go of the draft, also of one that is being made.
func (d *draftView) close() {
	d.asked++
	if d.stop != nil {
		d.stop()
	}
	d.packing, d.stop = false, nil
	if d.draft != nil {
		d.draft.Close()
		d.draft = nil
	}
}

// chosen are the parts that go along.
func (d *draftView) chosen() (parts []report.Part) {
	for _, part := range report.Parts() {
		if d.Checks[part].On() {
			parts = append(parts, part)
		}
	}
	return parts
}

// turn shows another page of what goes along.
func (d *draftView) turn(by int) {
	if d.draft == nil {
		return
	}
	page := max(0, d.page+by)
	parts := d.chosen()
	d.env.readDraft(d.draft, parts, page*previewLines, previewLines, func(lines []string, all int, err error) {
		if err != nil || d.draft == nil {
			return
		}
		d.page, d.pages = page, (all+previewLines-1)/previewLines
		for i := range lines {
			lines[i] = readable(lines[i])
		}
		d.lines.SetText(strings.Join(lines, "\n"))
		if d.pages == 0 {
			d.pageText.SetText("")
		} else {
			d.pageText.SetText(d.env.T("Page {n} of {m}", "n", d.page+1, "m", d.pages))
		}
		d.Previous.SetEnabled(d.page > 0)
		d.Next.SetEnabled(d.page+1 < d.pages)
		d.scroll.ScrollToTop()
		widget.Relayout(d.preview)
	})
}

// readable shortens a line of the log for reading: the time of day, what happened,
// and the rest. Nothing of it is left out.
func readable(line string) string {
	dec := json.NewDecoder(strings.NewReader(line))
	if t, err := dec.Token(); err != nil || t != json.Delim('{') {
		return line
	}
	var first, rest []string
	for dec.More() {
		key, err := dec.Token()
		if err != nil {
			return line
		}
		var value json.RawMessage
		if dec.Decode(&value) != nil {
			return line
		}
		text := string(value)
		var plain string
		if json.Unmarshal(value, &plain) == nil {
			text = plain
		}
		switch key {
		case "time":
			if at, err := time.Parse(time.RFC3339Nano, text); err == nil {
				text = at.UTC().Format("15:04:05")
			}
			first = append(first, text)
		case "msg":
			first = append(first, text)
		case "level":
			if text != "INFO" {
				first = append(first, text)
			}
		default:
			rest = append(rest, fmt.Sprintf("%v=%s", key, text))
		}
	}
	return strings.Join(append(first, rest...), " ")
}

// partOf is how much of a number of bytes is done: 1.1 of 1.9 MB.
func (e *Env) partOf(part float64, bytes int64) string {
	done, all := e.size(int64(part*float64(bytes))), e.size(bytes)
	number, unit, _ := strings.Cut(done, " ")
	if strings.HasSuffix(all, " "+unit) {
		done = number
	}
	return e.T("{part} of {all}", "part", done, "all", all)
}

// size is a number of bytes for a person.
func (e *Env) size(bytes int64) string {
	switch {
	case bytes >= 1e6:
		return fmt.Sprintf("%.1f MB", float64(bytes)/1e6)
	case bytes >= 1e3:
		return fmt.Sprintf("%.0f KB", float64(bytes)/1e3)
	default:
		return fmt.Sprintf("%d B", bytes)
	}
}
