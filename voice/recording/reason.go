package recording

import (
	"errors"

	"offhook/internal/disk"
	"offhook/voice/codec"
	"offhook/voice/wire"
)

// Reason is the word of package wire for why a recording failed.
func Reason(err error) string {
	switch {
	case errors.Is(err, ErrDisk), disk.Full(err):
		return wire.RecordingDisk
	case errors.Is(err, ErrLong):
		return wire.RecordingTooLong
	case errors.Is(err, codec.ErrUnknown):
		return wire.RecordingCodec
	}
	return wire.RecordingNotWritten
}
