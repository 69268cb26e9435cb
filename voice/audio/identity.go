package audio

import (
	"fmt"
	"slices"
	"strings"
)

// nameMark stands between the ID and the name of a device in the text of a Spec.
const nameMark = " = "

// Find returns the device of a kind that spec names, nil if it is not there. The ID
// decides, which tells two devices of one name apart; where it leads nowhere, the
// same thing under another profile (a radio headset has an ID for each) or in another
// socket is found by what the two IDs have in common, and by the name. A Spec without
// a name, as a person types it, names a device by its ID or by its name.
func Find(list []Device, kind Kind, spec Spec) *Device {
	if spec.Kind != SpecDevice {
		return nil
	}
	name := spec.Name
	if name == "" {
		name = spec.Value
	}
	same := core(spec.Value)
	for _, is := range []func(Device) bool{
		func(d Device) bool { return d.ID == spec.Value },
		func(d Device) bool { return spec.Name != "" && len(same) > 3 && core(d.ID) == same },
		func(d Device) bool { return d.Name == name },
		func(d Device) bool { return strings.EqualFold(d.Name, name) },
	} {
		for i := range list {
			if list[i].Kind == kind && is(list[i]) {
				return &list[i]
			}
		}
	}
	return nil
}

// Titles are the names of the devices of a kind as a person can tell them apart, by
// their IDs: those of one name are numbered, in the order of their IDs.
func Titles(list []Device, kind Kind) map[string]string {
	ids := map[string][]string{}
	for _, d := range list {
		if d.Kind == kind {
			ids[d.Name] = append(ids[d.Name], d.ID)
		}
	}
	titles := map[string]string{}
	for name, of := range ids {
		slices.Sort(of)
		for i, id := range of {
			titles[id] = name
			if len(of) > 1 {
				titles[id] = fmt.Sprintf("%s (%d)", name, i+1)
			}
		}
	}
	return titles
}
