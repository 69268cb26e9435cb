package hid

import (
	"encoding/hex"
	"slices"
	"strings"
	"testing"
	"unsafe"

	"golang.org/x/sys/windows"
)

// The structures are as long as those of hid.dll, and looking for devices ends.
func TestFinding(t *testing.T) {
	if n, m := unsafe.Sizeof(hidCaps{}), unsafe.Sizeof(buttonCaps{}); n != 64 || m != 72 {
		t.Errorf("HIDP_CAPS has %d bytes and HIDP_BUTTON_CAPS %d", n, m)
	}
	var f Finder
	for range 2 {
		list, err := f.Find()
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("%d headsets", len(list))
	}
}

// What hid.dll says of a descriptor becomes the same buttons and lights as by reading the
// descriptor itself, each collection for itself. Only Wine has the parser where a program
// may call it.
func TestLayoutsOfHidDLL(t *testing.T) {
	parser, err := windows.LoadDLL(`C:\windows\system32\drivers\hidparse.sys`)
	if err != nil {
		t.Skip(err)
	}
	describeAll, err := parser.FindProc("HidP_GetCollectionDescription")
	if err != nil {
		t.Skip(err)
	}
	collections := func(name string) (kinds []*kind, data []uintptr) {
		text, err := hex.DecodeString(strings.ReplaceAll(descriptors[name], " ", ""))
		if err != nil {
			t.Fatal(err)
		}
		type collection struct { // HIDP_COLLECTION_DESC
			_         [32]byte
			preparsed uintptr
		}
		var out struct { // HIDP_DEVICE_DESC
			collections *[16]collection
			count       uint32
			_           [2]uintptr
		}
		if status, _, _ := describeAll.Call(uintptr(unsafe.Pointer(&text[0])), uintptr(len(text)), 0, uintptr(unsafe.Pointer(&out))); status != 0 && status != hidSuccess {
			t.Fatalf("%s: %#x", name, status)
		}
		for i := range out.count {
			k, err := describe(out.collections[i].preparsed)
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			kinds, data = append(kinds, k), append(data, out.collections[i].preparsed)
		}
		return kinds, data
	}
	for _, row := range []struct {
		name, report string // as the device sends it, its id or 0 first
		down         []Usage
		lights       string // what the device is sent for off-hook and mute
	}{
		{"plain", "0001", []Usage{Hook}, "0003"},
		{"plain", "0002", []Usage{Mute}, "0003"},
		{"plain", "0000", nil, "0003"},
		{"ids, relative mute", "0203", []Usage{Hook, Mute}, "0303"},
		{"ids, relative mute", "0204", []Usage{Flash}, "0303"},
		{"array", "05FFFF0100", []Usage{Hook}, "0601 0701"},
		{"array", "05FFFF0001", []Usage{Mute}, "0601 0701"},
		{"array", "05FFFF0003", []Usage{Drop}, "0601 0701"},
	} {
		kinds, data := collections(row.name)
		i := slices.IndexFunc(kinds, func(k *kind) bool { return k.layout.Telephone() })
		if i < 0 {
			t.Errorf("%s is no headset: %+v", row.name, kinds)
			continue
		}
		report, err := hex.DecodeString(row.report)
		if err != nil {
			t.Fatal(err)
		}
		full := make([]byte, kinds[i].inputLength)
		copy(full, report)
		var down []Usage
		for _, p := range kinds[i].layout.Presses(pressed(data[i], kinds[i], full)) {
			if p.Down {
				down = append(down, p.Usage)
			}
		}
		slices.Sort(down)
		var lights []string
		for _, r := range kinds[i].layout.Lights(map[Usage]bool{LEDOffHook: true, LEDMute: true, LEDRing: false, LEDHold: false}) {
			own, err := shown(data[i], kinds[i], r)
			if err != nil {
				t.Errorf("%s: %v", row.name, err)
			}
			lights = append(lights, hex.EncodeToString(own))
		}
		slices.Sort(lights)
		if !slices.Equal(down, row.down) || strings.Join(lights, " ") != row.lights {
			t.Errorf("%s, report %s: down %x, want %x; lights %v, want %s", row.name, row.report, down, row.down, lights, row.lights)
		}
	}
	kinds, _ := collections("a keyboard")
	if slices.ContainsFunc(kinds, func(k *kind) bool { return k.layout.Telephone() }) {
		t.Error("a keyboard is a headset")
	}
}
