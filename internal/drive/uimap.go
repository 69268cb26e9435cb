package drive

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"time"
)

// Map is the window's accessibility map: what it shows, by the names that a
// screen reader would say, and where. The phone writes it to the file that
// OFFHOOK_UI_MAP names whenever its layout changes.
type Map struct {
	Screen string `json:"screen"`
	// Focused is the name of what has the keyboard.
	Focused string      `json:"focused"`
	Scale   float64     `json:"scale"`
	Objects []MapObject `json:"objects"`
}

// MapObject is one object of the window. Its place is in units of the window;
// times Scale it is in pixels.
type MapObject struct {
	Name  string  `json:"name"`
	Label string  `json:"label"`
	X     float64 `json:"x"`
	Y     float64 `json:"y"`
	W     float64 `json:"w"`
	H     float64 `json:"h"`
}

// ReadMap reads the map as it is now.
func ReadMap(path string) (Map, error) {
	var m Map
	raw, err := os.ReadFile(path)
	if err != nil {
		return m, err
	}
	return m, json.Unmarshal(raw, &m)
}

// Find returns the object with a name or label.
func (m Map) Find(name string) (MapObject, bool) {
	for _, o := range m.Objects {
		if (o.Name == name || o.Label == name) && o.W > 0 && o.H > 0 {
			return o, true
		}
	}
	return MapObject{}, false
}

// AwaitObject waits until the map shows an object and stays the same for two
// readings, so that what is clicked is where it was read.
func AwaitObject(ctx context.Context, path, name string) (MapObject, float64, error) {
	var last MapObject
	seen := false
	for {
		m, err := ReadMap(path)
		o, ok := m.Find(name)
		if err == nil && ok {
			if seen && o == last {
				return o, m.Scale, nil
			}
			last, seen = o, true
		} else {
			seen = false
		}
		select {
		case <-ctx.Done():
			if err != nil && !errors.Is(err, os.ErrNotExist) {
				return o, 0, err
			}
			return o, 0, fmt.Errorf("the window shows no %q (screen %q with %d objects)", name, m.Screen, len(m.Objects))
		case <-time.After(40 * time.Millisecond):
		}
	}
}

// AwaitFocus waits until an object has the keyboard.
func AwaitFocus(ctx context.Context, path, name string) error {
	for {
		m, err := ReadMap(path)
		if err == nil && m.Focused == name {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%q did not get the keyboard, %q has it", name, m.Focused)
		case <-time.After(20 * time.Millisecond):
		}
	}
}
