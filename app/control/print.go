package control

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"offhook/app"
	"offhook/app/calllog"
	"offhook/app/diagnosis"
	"offhook/voice"
	"offhook/voice/wire"
)

// printer shows answers: as JSON for scripts, else as text for people.
type printer struct {
	w         io.Writer
	json, csv bool
}

// item shows one of a stream of answers: a snapshot.
func (p *printer) item(data json.RawMessage) error {
	if p.json {
		_, err := fmt.Fprintf(p.w, "%s\n", data)
		return err
	}
	var s app.Snapshot
	if err := json.Unmarshal(data, &s); err != nil {
		return err
	}
	_, err := fmt.Fprintf(p.w, "%s  %s\n", time.Now().Format("15:04:05.000"), oneLine(&s))
	return err
}

// result shows the answer of a command.
func (p *printer) result(command string, data json.RawMessage) error {
	if command == "events" {
		return nil
	}
	if p.json {
		_, err := fmt.Fprintf(p.w, "%s\n", data)
		return err
	}
	switch command {
	case "quit":
		_, err := fmt.Fprintln(p.w, "Offhook has ended.")
		return err
	case "status":
		return decode(data, p.status)
	case "history":
		return decode(data, p.history)
	case "stats":
		return decode(data, p.stats)
	case "diagnose":
		return decode(data, p.diagnose)
	case "contacts":
		return decode(data, p.contacts)
	case "directory":
		return decode(data, p.directory)
	case "settings":
		return decode(data, func(v *struct {
			Settings []struct {
				Path  string          `json:"path"`
				Value json.RawMessage `json:"value"`
				About string          `json:"about"`
			} `json:"settings"`
		}) error {
			t := tabwriter.NewWriter(p.w, 0, 4, 2, ' ', 0)
			for _, e := range v.Settings {
				fmt.Fprintf(t, "%s\t%s\t%s\n", e.Path, e.Value, e.About)
			}
			return t.Flush()
		})
	case "desk-api":
		return decode(data, p.desk)
	case "runtime":
		return decode(data, p.runtime)
	case "upload-logs":
		return decode(data, func(r *struct {
			Reference string `json:"reference"`
		}) error {
			_, err := fmt.Fprintf(p.w, "Report sent. Reference: %s\n", r.Reference)
			return err
		})
	default:
		return decode(data, func(s *app.Snapshot) error {
			_, err := fmt.Fprintln(p.w, strings.TrimSpace(commands[command].did+" "+oneLine(s)))
			return err
		})
	}
}

func decode[T any](data json.RawMessage, show func(*T) error) error {
	var v T
	if err := json.Unmarshal(data, &v); err != nil {
		return err
	}
	return show(&v)
}

// oneLine is a snapshot in a line.
func oneLine(s *app.Snapshot) string {
	line := "not ready"
	if s.Ready {
		line = "ready"
	} else {
		for _, c := range s.Conditions {
			if !c.OK && !c.Remark {
				line += ": " + c.Text.String()
				break
			}
		}
	}
	switch {
	case s.Call != nil:
		line += fmt.Sprintf("; %s %s with %s, %d s", s.Call.Direction, s.Call.State, party(s.Call.RemoteID, s.Call.RemoteName), s.Call.DurationS)
		if s.Call.Muted {
			line += ", muted"
		}
		if s.Call.Held {
			line += ", held"
		}
		if c := s.Second(); c != nil {
			line += fmt.Sprintf("; %s %s with %s beside it", c.Direction, c.State, party(c.RemoteID, c.RemoteName))
		}
		if o := s.Call.TransferOffer; o != nil {
			line += ", who asks to hand you to " + o.Target
		}
	case s.LastCall != nil:
		line += fmt.Sprintf("; last call with %s: %s after %d s", party(s.LastCall.RemoteID, s.LastCall.RemoteName), ended(s.LastCall.EndReason, s.LastCall.EndWord), s.LastCall.DurationS)
	}
	return line
}

// ended is an end reason, with what the platform says where that is more.
func ended(reason voice.EndReason, word string) string {
	said := map[string]string{
		wire.ReasonPlatformLost: "the platform lost the call", wire.ReasonShutdown: "the platform was shut down",
		wire.ReasonRevoked: "the account was deactivated", wire.ReasonConversationLimit: "the longest time for a call was reached",
	}[word]
	if said == "" {
		return string(reason)
	}
	return string(reason) + " (" + said + ")"
}

func party(id, name string) string {
	if name == "" || name == id {
		return id
	}
	return name + " (" + id + ")"
}

func (p *printer) status(s *app.Snapshot) error {
	t := tabwriter.NewWriter(p.w, 0, 4, 2, ' ', 0)
	fmt.Fprintf(t, "Offhook %s\tprofile %s\n", s.Version, s.Profile)
	fmt.Fprintf(t, "Account\t%s at %s (%s)\n", s.Account.UserName, s.Account.Server, s.Account.State)
	if s.Account.Node != "" {
		fmt.Fprintf(t, "Served by\t%s\n", s.Account.Node)
	}
	fmt.Fprintf(t, "State\t%s\n", oneLine(s))
	fmt.Fprintf(t, "Availability\t%s\n", agentLine(s))
	fmt.Fprintf(t, "Today\t%s\n", todayLine(s))
	fmt.Fprintf(t, "Missed\t%d\n", s.MissedUnseen)
	for _, c := range s.Conditions {
		word := "ok"
		if !c.OK {
			word = c.Text.String()
		}
		fmt.Fprintf(t, "  %s\t%s (since %s)\n", c.Name, word, c.Since.Local().Format("15:04:05"))
	}
	return t.Flush()
}

func (p *printer) history(h *struct {
	Calls []app.CallRecord `json:"calls"`
}) error {
	if p.csv {
		return calllog.WriteCSV(p.w, h.Calls)
	}
	t := tabwriter.NewWriter(p.w, 0, 4, 2, ' ', 0)
	for _, c := range h.Calls {
		kind, why := string(c.Direction), ended(c.EndReason, c.EndWord)
		if c.Recorded {
			why += " (recorded)"
		}
		if c.TransferredTo != "" {
			why += " (transferred to " + c.TransferredTo + ")"
		}
		if c.Interrupted {
			why += " (interrupted)"
		}
		if c.Missed {
			kind = "MISSED"
			if c.MissedReason != "" {
				why += " (" + string(c.MissedReason) + ")"
			}
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%d s\t%s\n", c.Started.Local().Format("2006-01-02 15:04:05"), kind, party(c.RemoteID, c.RemoteName), c.DurationS, why)
	}
	return t.Flush()
}

func (p *printer) stats(s *app.Stats) error {
	t := tabwriter.NewWriter(p.w, 0, 4, 2, ' ', 0)
	fmt.Fprintf(t, "Codec\t%s, %.0f kbit/s\n", s.AudioCodec, s.AudioBitrate)
	mos := s.MOS.Text()
	if mos == "" {
		mos = "not known yet"
	}
	fmt.Fprintf(t, "MOS\t%s\n", mos)
	fmt.Fprintf(t, "Jitter\t%.1f ms (at most %.1f ms)\n", s.AverageJitterMs, s.MaxJitterMs)
	fmt.Fprintf(t, "Round trip\t%.1f ms\n", s.RTTMs)
	fmt.Fprintf(t, "Lost\t%.2f %% here, %.2f %% there\n", s.FractionLost, s.RemoteFractionLoss)
	fmt.Fprintf(t, "Packets\t%d sent, %d received\n", s.PacketsSent, s.PacketsReceived)
	return t.Flush()
}

func (p *printer) diagnose(d *struct {
	Status diagnosis.Status  `json:"status"`
	Checks []diagnosis.Check `json:"checks"`
}) error {
	t := tabwriter.NewWriter(p.w, 0, 4, 2, ' ', 0)
	for _, c := range d.Checks {
		fmt.Fprintf(t, "%s\t%s\t%s\t%s %s\n", c.Status, c.Title, c.Figure, c.Text, c.Remedy)
	}
	fmt.Fprintf(t, "%s\n", d.Status)
	return t.Flush()
}

func (p *printer) contacts(d *struct {
	Groups []app.ContactGroup `json:"groups"`
}) error {
	t := tabwriter.NewWriter(p.w, 0, 4, 2, ' ', 0)
	for _, g := range d.Groups {
		for _, c := range g.Contacts {
			fmt.Fprintf(t, "%s\t%s\t%s\n", g.Name, c.Name, c.Number)
		}
	}
	return t.Flush()
}

func (p *printer) runtime(s *ProcessState) error {
	const mega = 1e6
	t := tabwriter.NewWriter(p.w, 0, 4, 2, ' ', 0)
	fmt.Fprintf(t, "Process\t%d\n", s.PID)
	fmt.Fprintf(t, "Memory\t%.1f MB from the system, %.1f MB in %d objects of the heap\n", float64(s.SysBytes)/mega, float64(s.HeapBytes)/mega, s.HeapCount)
	fmt.Fprintf(t, "Goroutines\t%d\n", s.Goroutines)
	return t.Flush()
}

func (p *printer) desk(d *deskState) error {
	switch {
	case d.Error != "":
		fmt.Fprintf(p.w, "The Desk API does not listen: %s\n", d.Error)
	case d.Address != "":
		fmt.Fprintf(p.w, "The Desk API listens at %s for %s\n", d.Address, strings.Join(d.Origins, ", "))
	default:
		fmt.Fprintln(p.w, "The Desk API is off. offhook ctl settings desk_api.on true turns it on.")
	}
	if d.Pairing != nil {
		fmt.Fprintf(p.w, "%s at %s asks to be paired. Its code is %s.\n", d.Pairing.Name, d.Pairing.Origin, d.Pairing.Code)
	}
	t := tabwriter.NewWriter(p.w, 0, 4, 2, ' ', 0)
	for _, one := range d.Paired {
		fmt.Fprintf(t, "%s\t%s\t%s\tsince %s\n", one.ID, one.Name, one.Origin, one.Since.Local().Format("2006-01-02 15:04"))
	}
	return t.Flush()
}
