//go:build !linux && !windows && !darwin

package proxy

import (
	"context"
	"net/url"
)

// fromSystem knows no settings but the environment's here.
func fromSystem(context.Context, *url.URL) ([]*url.URL, error) { return direct, nil }

// Refresh forgets what is remembered of the system's settings.
func Refresh() {}
