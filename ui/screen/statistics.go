package screen

import (
	"fmt"
	"strings"
	"time"

	"fyne.io/fyne/v2"

	"offhook/app/diagnosis"
	"offhook/ui/theme"
	"offhook/ui/widget"
	"offhook/voice"
)

// chartBars is how many seconds a chart shows.
const chartBars = 60

// Statistics is the page with the figures of the call, live.
type Statistics struct {
	*frame
	empty   fyne.CanvasObject
	figures *fyne.Container
	charts  []*figureChart
	rows    []*widget.Text
	names   []string
	who     *widget.Text
	callID  string
	last    time.Time
}

type figureChart struct {
	value *widget.Text
	chart *widget.Chart
}

// NewStatistics returns the page.
func NewStatistics(env *Env) *Statistics {
	s := &Statistics{}
	s.who = widget.NewText("", widget.Style{Bold: true})
	var cards []fyne.CanvasObject
	for _, c := range []struct {
		name            string
		top, good, fair float64
		rising          bool
	}{
		{env.T("MOS"), 4.5, voice.GoodMOS, voice.FairMOS, true},
		{env.T("Jitter"), 40, 20, 40, false},
		{env.T("Lost"), 5, 1, 3, false},
		{env.T("Delay"), 300, 260, 300, false},
	} {
		f := &figureChart{value: widget.NewText("", widget.Style{Bold: true}), chart: widget.NewChart(chartBars, c.top, c.good, c.fair, c.rising)}
		s.charts = append(s.charts, f)
		cards = append(cards, widget.NewCard(widget.Inset(8, 10, 10, 10, widget.Column(
			widget.Row(caption(c.name), widget.Flex(4), f.value), widget.Gap(6), widget.Fixed(0, 48, f.chart)))))
	}
	s.names = []string{env.T("Codec"), env.T("Bit rate"), env.T("Jitter buffer"), env.T("Packets lost"), env.T("Lost at the other end"), env.T("Network path"), env.T("Touch tones")}
	var rows []fyne.CanvasObject
	for _, n := range s.names {
		t := widget.NewText("", widget.Style{Align: fyne.TextAlignTrailing})
		s.rows = append(s.rows, t)
		rows = append(rows, widget.Fixed(0, 36, widget.Inset(0, 12, 0, 12, widget.Row(widget.NewText(n, widget.Style{Role: theme.Text2}), widget.Gap(12), widget.Grow(t)))))
	}
	s.figures = widget.Column(s.who, widget.Gap(8), widget.Grid(2, 8, cards...), widget.Gap(12), widget.CardOf(rows...))
	s.empty = emptyPage(theme.Chart, env.T("No statistics yet. They're kept from your next call."), nil)
	s.frame = newFrame(env, env.T("Call statistics"), PageNone, nil, widget.Column(s.figures, s.empty), nil)
	return s
}

// Render draws the page, and adds a bar to each chart once a second of a call.
func (s *Statistics) Render(v View) {
	s.render(v)
	st, ok := s.env.Phone.Statistics("")
	setVisible(s.figures, ok)
	setVisible(s.empty, !ok)
	if !ok {
		widget.Relayout(s.object)
		return
	}
	if st.CallID != s.callID {
		s.callID = st.CallID
		for _, c := range s.charts {
			c.chart.Clear()
		}
	}
	who := s.env.T("Last call")
	if v.Call != nil {
		who = nameOf(v.Call.RemoteName, v.Call.RemoteID)
		if v.Now.Sub(s.last) >= 900*time.Millisecond {
			s.last = v.Now
			for i, x := range []float64{float64(st.MOS), st.AverageJitterMs, st.FractionLost, st.RTTMs} {
				s.charts[i].chart.Add(x)
			}
		}
	} else if v.LastCall != nil {
		who = nameOf(v.LastCall.RemoteName, v.LastCall.RemoteID)
	}
	s.who.SetText(who)
	for i, text := range []string{fmt.Sprintf("%.1f", st.MOS), fmt.Sprintf("%.0f ms", st.AverageJitterMs), fmt.Sprintf("%.1f %%", st.FractionLost), fmt.Sprintf("%.0f ms", st.RTTMs)} {
		s.charts[i].value.SetText(text)
	}
	way := "–"
	if p := diagnosis.Path(st.LocalCandidate, st.RemoteCandidate); !p.Empty() {
		way = s.env.Words.Say(p)
	}
	via := "–"
	if st.DTMFVia != "" {
		via = strings.Replace(st.DTMFVia, "RFC", "RFC ", 1)
	}
	for i, text := range []string{codecName(st.AudioCodec), fmt.Sprintf("%.0f kbit/s", kilobits(st.AudioBitrate)), fmt.Sprintf("%.0f ms", st.JitterBufferMs),
		fmt.Sprintf("%d", st.CumulativeLost), fmt.Sprintf("%.1f %%", st.RemoteFractionLoss), way, via} {
		s.rows[i].SetText(text)
	}
	widget.Relayout(s.object)
}

// kilobits takes a bit rate in bit/s or kbit/s.
func kilobits(rate float64) float64 {
	if rate > 1500 {
		return rate / 1000
	}
	return rate
}
