package ui

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"

	"offhook/app"
	"offhook/assets/lang"
	"offhook/ui/widget"
)

// A panic beside the window's thread comes to that thread, with the place where it
// was: there it is written down, and the calls are ended in order.
func TestAPanicComesToTheWindowsThread(t *testing.T) {
	posted := make(chan func(), 4)
	a := newAdapter()
	a.post = func(f func()) { posted <- f }
	a.Go(func(context.Context) error { panic("the disk is on fire") }, nil)
	f := <-posted
	said := func() (cause any) {
		defer func() { cause = recover() }()
		f()
		return nil
	}()
	if text := fmt.Sprint(said); !strings.Contains(text, "the disk is on fire") || !strings.Contains(text, "panic_test.go") {
		t.Errorf("the window's thread hears %q", text)
	}
	a.close()
}

// After a crash the first remark has a button that leads to the report, and a press on
// a remark never reaches the control that it covers.
func TestTheRemarkOfACrashLeadsToTheReport(t *testing.T) {
	for code, want := range map[string]string{"program.crashed": "dial", "program.no-logs": "dial"} {
		snap := madeReady()
		snap.Notice = &app.Notice{At: madeNow, Level: "warning", Text: lang.Join(lang.Of(code), lang.Of("program.no-logs"))}
		s := newHarness(t, snap)
		s.phone.forget()
		var remark *widget.Remark
		visible(s.win.Canvas().Content(), fyne.NewPos(0, 0), func(o fyne.CanvasObject, at fyne.Position) {
			if r, ok := o.(*widget.Remark); ok {
				remark = r
				test.TapCanvas(s.win.Canvas(), at.Add(fyne.NewPos(r.Size().Width/2, r.Size().Height/2)))
			}
		})
		if remark == nil {
			t.Fatal("no remark")
		}
		if got := s.screenName(); got != want || strings.Contains(s.phone.asked(), "dial") {
			t.Errorf("a press on the remark of %s leads to %q and asks for %q", code, got, s.phone.asked())
		}
		visible(s.win.Canvas().Content(), fyne.NewPos(0, 0), func(o fyne.CanvasObject, _ fyne.Position) {
			if o == fyne.CanvasObject(remark) {
				t.Error("the remark stays")
			}
		})
	}
}

func TestACrashOffersTheReport(t *testing.T) {
	snap := madeReady()
	snap.Notice = &app.Notice{At: madeNow, Level: "warning", Text: lang.Of("program.crashed")}
	s := newHarness(t, snap)
	for _, later := range s.run.later {
		later() // it stays until it is answered
	}
	s.tap("Report")
	if got := s.screenName(); got != "report" || len(s.noticeBox.Objects) > 0 {
		t.Errorf("the button leads to %q; %d remarks stay", got, len(s.noticeBox.Objects))
	}
}
