package integration

import (
	"net/url"
	"regexp"
	"strings"
)

// place is {name} in a template; a name that is not known becomes "".
var place = regexp.MustCompile(`\{([a-z0-9_]+)\}`)

// fillURL fills a template of a URL. What a caller wrote is escaped by where it
// stands, so that it stays one segment of the path or one value of the query.
func fillURL(template string, values map[string]string) string {
	var out strings.Builder
	query := false
	at := 0
	for _, m := range place.FindAllStringSubmatchIndex(template, -1) {
		before := template[at:m[0]]
		query = query || strings.ContainsAny(before, "?#")
		out.WriteString(before)
		value := values[template[m[2]:m[3]]]
		switch {
		case query:
			out.WriteString(url.QueryEscape(value))
		case strings.Trim(value, ".") == "":
			// A browser goes up the path for dots, escaped ones too.
		default:
			out.WriteString(url.PathEscape(value))
		}
		at = m[1]
	}
	out.WriteString(template[at:])
	return out.String()
}

// fillArgs fills the templates of a program's arguments. What a caller wrote is never
// an option: a value at the beginning of an argument loses its dashes and slashes.
func fillArgs(templates []string, values map[string]string) []string {
	out := make([]string, 0, len(templates))
	for i, t := range templates {
		if i == 0 { // the program itself
			out = append(out, t)
			continue
		}
		out = append(out, place.ReplaceAllStringFunc(t, func(p string) string {
			value := strings.ReplaceAll(values[p[1:len(p)-1]], "\x00", "")
			if strings.HasPrefix(t, p) {
				value = strings.TrimLeft(value, "-/")
			}
			return value
		}))
	}
	return out
}
