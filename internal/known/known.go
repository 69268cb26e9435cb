// Package known holds numbers of which nothing may be known: 0 means that, and
// JSON says null.
package known

import (
	"encoding/json"
	"strconv"
)

// Figure is a measurement; 0 is none.
type Figure float64

// MarshalJSON writes null for 0.
func (f Figure) MarshalJSON() ([]byte, error) {
	if f == 0 {
		return []byte("null"), nil
	}
	return json.Marshal(float64(f))
}

// Text is the figure with two decimals, "" for none.
func (f Figure) Text() string {
	if f == 0 {
		return ""
	}
	return strconv.FormatFloat(float64(f), 'f', 2, 64)
}

// Count is a whole number; 0 is none.
type Count int

// MarshalJSON writes null for 0.
func (c Count) MarshalJSON() ([]byte, error) {
	if c == 0 {
		return []byte("null"), nil
	}
	return json.Marshal(int(c))
}

// Text is the number, "" for none.
func (c Count) Text() string {
	if c == 0 {
		return ""
	}
	return strconv.Itoa(int(c))
}
