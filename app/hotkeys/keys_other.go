//go:build !linux && !windows

package hotkeys

import "errors"

// Take has nothing to take the keys from on this system.
func Take(_, _ func()) (stop func(), err error) {
	return nil, errors.New("hotkeys: not on this system")
}
