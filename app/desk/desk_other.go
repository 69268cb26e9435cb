//go:build !linux && !darwin && !windows

package desk

import (
	"context"
	"errors"
)

var errUnknown = errors.New("desk: not on this system")

func pauseMedia(context.Context) (func(context.Context) error, error) { return nil, errUnknown }
func keepAwake(context.Context) (func(context.Context) error, error)  { return nil, errUnknown }
