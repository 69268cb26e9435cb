package dialplan

import "strings"

// Emergency reports whether a text is an emergency number on the line: 112 and 911
// everywhere, and those of the line's country. A number with a country's code, or at
// another server than the line's own, is none.
func (l Line) Emergency(text string) bool {
	l.Own = ""
	n, err := l.Parse(text)
	if err != nil || n.Target == "" || strings.Trim(n.Target, "0123456789") != "" {
		return false
	}
	if n.Target == "112" || n.Target == "911" {
		return true
	}
	form := emergencies[l.Country]
	return form != "" && pattern("^(?:"+form+")$").MatchString(n.Target)
}
