//go:build !linux && !darwin && !windows

package desktop

import (
	"context"
	"errors"
)

var errUnknown = errors.New("desktop: not on this system")

func pauseMedia(context.Context) (func(context.Context) error, error) { return nil, errUnknown }
func keepAwake(context.Context) (func(context.Context) error, error)  { return nil, errUnknown }
