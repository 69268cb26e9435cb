package main

import (
	"bytes"
	"fmt"
	"time"

	"github.com/jezek/xgb"
	"github.com/jezek/xgb/damage"
	"github.com/jezek/xgb/xproto"
	"github.com/jezek/xgb/xtest"
)

// eye sees what a display shows, and presses its keys and buttons, without the
// time that a program such as xdotool takes to start.
type eye struct {
	conn *xgb.Conn
	root xproto.Window
	keys map[xproto.Keysym]xproto.Keycode
	// damage is the display's record of what was drawn; drawn gets a word of it.
	damage damage.Damage
	drawn  chan struct{}
	done   chan struct{}
}

func newEye(display string) (*eye, error) {
	conn, err := xgb.NewConnDisplay(display)
	if err != nil {
		return nil, err
	}
	if err := xtest.Init(conn); err != nil {
		conn.Close()
		return nil, err
	}
	e := &eye{conn: conn, root: xproto.Setup(conn).DefaultScreen(conn).Root, keys: map[xproto.Keysym]xproto.Keycode{},
		drawn: make(chan struct{}, 1), done: make(chan struct{})}
	if err := e.watch(); err != nil {
		conn.Close()
		return nil, err
	}
	first := xproto.Setup(conn).MinKeycode
	r, err := xproto.GetKeyboardMapping(conn, first, byte(xproto.Setup(conn).MaxKeycode-first+1)).Reply()
	if err != nil {
		conn.Close()
		return nil, err
	}
	for i, sym := range r.Keysyms {
		code := first + xproto.Keycode(i/int(r.KeysymsPerKeycode))
		if _, ok := e.keys[sym]; !ok {
			e.keys[sym] = code
		}
	}
	return e, nil
}

// watch has the display tell when something was drawn on it.
func (e *eye) watch() error {
	if err := damage.Init(e.conn); err != nil {
		return err
	}
	if _, err := damage.QueryVersion(e.conn, 1, 1).Reply(); err != nil {
		return err
	}
	var err error
	if e.damage, err = damage.NewDamageId(e.conn); err != nil {
		return err
	}
	if err := damage.CreateChecked(e.conn, e.damage, xproto.Drawable(e.root), damage.ReportLevelNonEmpty).Check(); err != nil {
		return err
	}
	go func() {
		defer close(e.done)
		for {
			ev, err := e.conn.WaitForEvent()
			if ev == nil && err == nil {
				return // closed
			}
			select {
			case e.drawn <- struct{}{}:
			default: // it is known already
			}
		}
	}()
	return nil
}

func (e *eye) close() {
	e.conn.Close()
	<-e.done
}

// look returns the pixels of a part of the display.
func (e *eye) look(x, y, w, h int) ([]byte, error) {
	r, err := xproto.GetImage(e.conn, xproto.ImageFormatZPixmap, xproto.Drawable(e.root), int16(x), int16(y), uint16(w), uint16(h), 0xFFFFFFFF).Reply()
	if err != nil {
		return nil, err
	}
	return r.Data, nil
}

// awaitChange waits until a part of the display is not as before. The display says
// when something was drawn.
func (e *eye) awaitChange(x, y, w, h int, before []byte, limit time.Duration) error {
	over := time.After(limit)
	for {
		if err := damage.SubtractChecked(e.conn, e.damage, 0, 0).Check(); err != nil {
			return err
		}
		now, err := e.look(x, y, w, h)
		if err != nil {
			return err
		}
		if !bytes.Equal(now, before) {
			return nil
		}
		select {
		case <-e.drawn:
		case <-over:
			return fmt.Errorf("nothing changed at %d,%d for %v", x, y, limit)
		}
	}
}

// awaitRest waits until a part of the display has been the same for a while, and
// returns it.
func (e *eye) awaitRest(x, y, w, h int, rest time.Duration) ([]byte, error) {
	last, err := e.look(x, y, w, h)
	for err == nil {
		changed := e.awaitChange(x, y, w, h, last, rest)
		if changed != nil {
			return last, nil // nothing was drawn there for so long
		}
		last, err = e.look(x, y, w, h)
	}
	return last, err
}

// The X protocol's numbers of events, for XTest.
const (
	keyPress, keyRelease       = 2, 3
	buttonPress, buttonRelease = 4, 5
	motion                     = 6
)

func (e *eye) fake(kind, detail byte, x, y int) error {
	return xtest.FakeInputChecked(e.conn, kind, detail, 0, e.root, int16(x), int16(y), 0).Check()
}

// point moves the pointer.
func (e *eye) point(x, y int) error { return e.fake(motion, 0, x, y) }

// press presses the left button where the pointer is.
func (e *eye) press() error {
	if err := e.fake(buttonPress, 1, 0, 0); err != nil {
		return err
	}
	return e.fake(buttonRelease, 1, 0, 0)
}

// key presses keys together, by their X names' numbers, and lets them go.
func (e *eye) key(syms ...xproto.Keysym) error {
	for _, s := range syms {
		if err := e.fake(keyPress, byte(e.keys[s]), 0, 0); err != nil {
			return err
		}
	}
	for i := len(syms) - 1; i >= 0; i-- {
		if err := e.fake(keyRelease, byte(e.keys[syms[i]]), 0, 0); err != nil {
			return err
		}
	}
	return nil
}
