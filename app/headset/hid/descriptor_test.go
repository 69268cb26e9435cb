package hid

import (
	"encoding/hex"
	"fmt"
	"strings"
	"testing"
)

// The descriptors are written from the usage tables, each in the manner of a maker:
// where the ids, the paddings, the arrays and the relative buttons stand differs.
var descriptors = map[string]string{
	// Hook and mute as bits without ids, LEDs in one byte.
	"plain": "050B 0905 A101 0920 092F 1500 2501 7501 9502 8102 9506 8103 0508 0917 0909 0918 9503 9102 9505 9103 C0",
	// An id for each report, the consumer page before, mute relative, ring and hold.
	"ids, relative mute": "050C 0901 A101 8501 09E9 09EA 1500 2501 7501 9502 8102 9506 8103 C0" +
		"050B 0905 A101 8502 0920 1500 2501 7501 9501 8102 092F 9501 8106 0921 9501 8106 9505 8103" +
		"8503 0508 0917 0909 0918 0920 9504 9102 9504 9103 C0",
	// A key array beside the hook, a light a report, two bytes of padding in front.
	"array": "050B 0905 A101 8505 7508 9502 8103 0920 1500 2501 7501 9501 8102 9507 8103" +
		"1501 2503 092F 0921 0926 7508 9501 8100 8506 0508 0917 2501 7501 9501 9102 9507 9103 8507 0909 9501 9102 9507 9103 C0",
	// Usages with their pages in four bytes, a range, push and pop, a long item.
	"four bytes": "FE02 00AABB 050B 0905 A101 A4 0B20000B00 0B2F000B00 1500 2501 7501 9502 8102 7506 9501 8103 B4 0508 1917 2918 1500 2501 7501 9502 9102 9506 9103 C0",
	"a keyboard": "0501 0906 A101 0507 19E0 29E7 1500 2501 7501 9508 8102 C0",
}

func layoutOf(t testing.TB, name string) Layout {
	t.Helper()
	data, err := hex.DecodeString(strings.ReplaceAll(descriptors[name], " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	return Parse(data)
}

func TestDescriptors(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name, report string // as hex
		down         string // usages that are down
		lights       string // reports with off-hook and mute on
	}{
		{"plain", "01", "b0020", "0003"},
		{"plain", "02", "b002f", "0003"},
		{"plain", "00", "", "0003"},
		{"plain", "", "", "0003"},
		{"ids, relative mute", "0203", "b0020 b002f", "0303"},
		{"ids, relative mute", "0204", "b0021", "0303"},
		{"ids, relative mute", "0103", "c00e9 c00ea", "0303"},
		{"ids, relative mute", "02", "", "0303"},
		{"ids, relative mute", "", "", "0303"},
		{"array", "05FFFF0100", "b0020", "0601 0701"},
		{"array", "05FFFF0001", "b002f", "0601 0701"},
		{"array", "05FFFF0003", "b0026", "0601 0701"},
		{"array", "05FFFF00FF", "", "0601 0701"},
		{"four bytes", "03", "b0020 b002f", "0001"},
	} {
		l := layoutOf(t, row.name)
		report, err := hex.DecodeString(row.report)
		if err != nil {
			t.Fatal(err)
		}
		var down, lights []string
		for _, p := range l.Presses(report) {
			if p.Down {
				down = append(down, fmt.Sprintf("%x", uint32(p.Usage)))
			}
		}
		for _, r := range l.Lights(map[Usage]bool{LEDOffHook: true, LEDMute: true, LEDRing: false, LEDHold: false}) {
			lights = append(lights, hex.EncodeToString(r))
		}
		if got := strings.Join(down, " "); got != row.down || strings.Join(lights, " ") != row.lights || !l.Telephone() {
			t.Errorf("%s, report %s: down %q, want %q; lights %v, want %s", row.name, row.report, got, row.down, lights, row.lights)
		}
	}
	if layoutOf(t, "a keyboard").Telephone() {
		t.Error("a keyboard is a headset")
	}
}

// Whatever a device says, reading it ends and stays within bounds.
func FuzzDescriptor(f *testing.F) {
	for name := range descriptors {
		data, _ := hex.DecodeString(strings.ReplaceAll(descriptors[name], " ", ""))
		f.Add(data, []byte{2, 3, 0, 1, 255})
	}
	f.Fuzz(func(t *testing.T, descriptor, report []byte) {
		l := Parse(descriptor)
		if len(l.inputs) > maxFields || len(l.outputs) > maxFields {
			t.Error("too many fields")
		}
		l.Telephone()
		l.Presses(report)
		for _, r := range l.Lights(map[Usage]bool{LEDOffHook: true, LEDMute: true, LEDRing: true, LEDHold: true}) {
			if len(r) > 1+maxReportBits/8 {
				t.Error("a report is too long")
			}
		}
	})
}
