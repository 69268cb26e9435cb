package audio

import "testing"

func TestFind(t *testing.T) {
	t.Parallel()
	list := []Device{
		{ID: "usb-jabra-1", Name: "Jabra EVOLVE 20", Kind: Playback}, {ID: "usb-jabra-2", Name: "Jabra EVOLVE 20", Kind: Playback},
		{ID: "bluez_sink.AA_BB_CC.handsfree_head_unit", Name: "Buds (HFP)", Kind: Playback}, {ID: "usb-jabra-2", Name: "Jabra EVOLVE 20", Kind: Capture},
	}
	for _, tc := range []struct {
		spec Spec
		want string
	}{
		{Spec{Kind: SpecDevice, Value: "usb-jabra-2", Name: "Jabra EVOLVE 20"}, "usb-jabra-2"},
		{Spec{Kind: SpecDevice, Value: "usb-jabra-1", Name: "Jabra EVOLVE 20"}, "usb-jabra-1"},
		{Spec{Kind: SpecDevice, Value: "Jabra EVOLVE 20"}, "usb-jabra-1"},
		{Spec{Kind: SpecDevice, Value: "jabra evolve 20"}, "usb-jabra-1"},
		{Spec{Kind: SpecDevice, Value: "bluez_sink.AA_BB_CC.a2dp_sink", Name: "Buds (A2DP)"}, "bluez_sink.AA_BB_CC.handsfree_head_unit"},
		{Spec{Kind: SpecDevice, Value: "another-socket", Name: "Jabra EVOLVE 20"}, "usb-jabra-1"},
		{Spec{Kind: SpecDevice, Value: "gone", Name: "Gone"}, ""},
		{Spec{}, ""},
	} {
		got := ""
		if d := Find(list, Playback, tc.spec); d != nil {
			got = d.ID
		}
		if got != tc.want {
			t.Errorf("%+v is %q, want %q", tc.spec, got, tc.want)
		}
		if again, err := ParseSpec(tc.spec.String()); err != nil || again != tc.spec {
			t.Errorf("%+v reads as %+v, %v", tc.spec, again, err)
		}
	}
	titles := Titles(list, Playback)
	if titles["usb-jabra-1"] != "Jabra EVOLVE 20 (1)" || titles["usb-jabra-2"] != "Jabra EVOLVE 20 (2)" || len(titles) != 3 {
		t.Errorf("%v", titles)
	}
	if titles := Titles(list, Capture); titles["usb-jabra-2"] != "Jabra EVOLVE 20" {
		t.Errorf("%v", titles)
	}
}
