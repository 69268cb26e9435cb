package ui

import (
	"maps"
	"testing"

	"github.com/jezek/xgb/xproto"
)

// The keys that answer and decline are found on every layout: by their letter in any
// of the keyboard's layouts, else by their place.
func TestTheKeysOfLetters(t *testing.T) {
	// Keys 8 to 41, of which those named write something, with two layouts of two
	// levels each.
	keyboard := func(write map[int][4]xproto.Keysym) []xproto.Keysym {
		syms := make([]xproto.Keysym, 4*34)
		for key, four := range write {
			copy(syms[4*(key-8):], four[:])
		}
		return syms
	}
	const ma, da = 0x100092e, 0x1000926 // Devanagari
	for name, tc := range map[string]struct {
		write map[int][4]xproto.Keysym
		want  map[xproto.Keycode]rune
	}{
		"us":            {map[int][4]xproto.Keysym{38: {'a', 'A'}, 40: {'d', 'D'}, 24: {'q', 'Q'}}, map[xproto.Keycode]rune{38: 'a', 40: 'd'}},
		"fr":            {map[int][4]xproto.Keysym{24: {'a', 'A'}, 40: {'d', 'D'}, 38: {'q', 'Q'}}, map[xproto.Keycode]rune{24: 'a', 40: 'd'}},
		"Hindi, us":     {map[int][4]xproto.Keysym{38: {ma, ma, 'a', 'A'}, 40: {da, da, 'd', 'D'}}, map[xproto.Keycode]rune{38: 'a', 40: 'd'}},
		"Hindi alone":   {map[int][4]xproto.Keysym{38: {ma}, 40: {da}}, map[xproto.Keycode]rune{38: 'a', 40: 'd'}},
		"nothing known": {nil, map[xproto.Keycode]rune{38: 'a', 40: 'd'}},
	} {
		if got := letterKeys(8, 4, keyboard(tc.write), "ad"); !maps.Equal(got, tc.want) {
			t.Errorf("%s: %v, want %v", name, got, tc.want)
		}
	}
}
