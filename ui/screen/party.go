package screen

import "strings"

// Party names the far side of a call: its name, else its number.
func Party(name, id string) string { return nameOf(name, id) }

// nameOf is what to call the far side: its name if there is one, else its id.
func nameOf(name, id string) string {
	if name != "" {
		return name
	}
	return Number(id)
}

// idUnder is the id to show under a name; "" when the name is the id.
func idUnder(name, id string) string {
	if name == "" || name == id {
		return ""
	}
	return Number(id)
}

// Number shows a number of ten or eleven digits in groups, as it is read aloud;
// anything else stays as it is.
func Number(id string) string {
	if strings.Trim(id, "0123456789") != "" {
		return id
	}
	switch {
	case len(id) == 10:
		return id[:5] + " " + id[5:]
	case len(id) == 11 && id[0] == '0':
		return id[:4] + " " + id[4:7] + " " + id[7:]
	}
	return id
}

// firstName is the name over the far side's meter.
func firstName(name string) string {
	if f := strings.Fields(name); len(f) > 0 {
		return strings.TrimRight(f[0], ":,;.")
	}
	return name
}
