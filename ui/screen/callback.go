package screen

import (
	"fmt"
	"time"

	"fyne.io/fyne/v2"

	"offhook/ui/theme"
	"offhook/ui/widget"
)

// callbackDays is how many days ahead a call can be promised for.
const callbackDays = 14

// callback is when the far side of a call is to be called again: a day and a quarter of
// an hour.
type callback struct {
	env *Env
	// Open opens and closes the choice.
	Open      *widget.IconButton
	Day, Hour *widget.Selector
	object    *fyne.Container
	at        time.Time
	// own says that the user has opened the choice, without an outcome that asks for it.
	own     bool
	view    View
	changed func()
	saver   *saver
}

func newCallback(env *Env, saver *saver, changed func()) *callback {
	c := &callback{env: env, saver: saver, changed: changed}
	c.Open = widget.NewIconButton(env.T("Call back later"), theme.Calendar, theme.Text2, env.Tips, func() {
		if c.object.Visible() {
			c.close()
		} else {
			c.own = true
			c.open(c.view)
		}
		changed()
	})
	c.Day = widget.NewSelector(env.T("Day"), theme.Calendar, c.chooseDay)
	c.Hour = widget.NewSelector(env.T("Time"), theme.Clock, c.chooseTime)
	c.object = widget.Column(widget.Gap(12), label(env.T("Call back")), widget.Gap(6), widget.Grid(2, 8, c.Day, c.Hour))
	c.object.Hide()
	return c
}

// begin shows what is kept of a call, nil for nothing.
func (c *callback) begin(at *time.Time) {
	c.at, c.own = time.Time{}, false
	if at != nil {
		c.at, c.own = at.Local(), true
	}
	c.show()
}

// open asks for the time, tomorrow at ten until another is chosen.
func (c *callback) open(v View) {
	if c.at.IsZero() {
		n := v.Now.Local()
		c.set(time.Date(n.Year(), n.Month(), n.Day()+1, 10, 0, 0, 0, time.Local))
		return
	}
	c.show()
}

// close takes the promise back.
func (c *callback) close() {
	c.own = false
	if !c.at.IsZero() {
		c.set(time.Time{})
	}
}

func (c *callback) set(at time.Time) {
	c.at = at
	c.saver.call(at)
	c.show()
	c.changed()
}

func (c *callback) show() {
	setVisible(c.object, !c.at.IsZero())
	if c.at.IsZero() {
		return
	}
	c.Day.Set(c.dayWord(c.at))
	c.Hour.Set(c.at.Format("15:04"))
}

func (c *callback) render(v View) {
	c.view = v
	c.show()
}

// dayWord names a day as people do who promise to call.
func (c *callback) dayWord(t time.Time) string {
	e, n := c.env, c.view.Now.Local()
	if c.view.Snapshot == nil {
		n = time.Now()
	}
	switch days := daysBetween(n, t); days {
	case 0:
		return e.T("Today")
	case 1:
		return e.T("Tomorrow")
	}
	days := [...]string{e.T("Sun"), e.T("Mon"), e.T("Tue"), e.T("Wed"), e.T("Thu"), e.T("Fri"), e.T("Sat")}
	return days[t.Weekday()] + " " + e.Date(t)
}

// daysBetween is how many midnights lie between two times.
func daysBetween(a, b time.Time) int {
	day := func(t time.Time) time.Time { return time.Date(t.Year(), t.Month(), t.Day(), 12, 0, 0, 0, time.UTC) }
	return int(day(b).Sub(day(a)) / (24 * time.Hour))
}

func (c *callback) chooseDay() {
	n := c.view.Now.Local()
	var words []string
	var days []time.Time
	for i := range callbackDays {
		d := time.Date(n.Year(), n.Month(), n.Day()+i, c.at.Hour(), c.at.Minute(), 0, 0, time.Local)
		words, days = append(words, c.dayWord(d)), append(days, d)
	}
	c.stay()
	c.env.choose(c.Day, words, max(0, daysBetween(n, c.at)), func(i int) { c.set(later(days[i], n)) })
}

func (c *callback) chooseTime() {
	var words []string
	for q := range 24 * 4 {
		words = append(words, fmt.Sprintf("%02d:%02d", q/4, q%4*15))
	}
	c.stay()
	c.env.choose(c.Hour, words, c.at.Hour()*4+c.at.Minute()/15, func(i int) {
		c.set(later(time.Date(c.at.Year(), c.at.Month(), c.at.Day(), i/4, i%4*15, 0, 0, time.Local), c.view.Now.Local()))
	})
}

// stay stops the time of the page while a list is open.
func (c *callback) stay() { c.env.Complain(c.env.Phone.StayInWrapUp()) }

// later is a time, or the next quarter of an hour for one that is past.
func later(t, now time.Time) time.Time {
	if t.After(now) {
		return t
	}
	return now.Truncate(15 * time.Minute).Add(15 * time.Minute)
}
