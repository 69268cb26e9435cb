package voice

import (
	"strings"

	"offhook/voice/sip"
)

// header returns the value of the first header of that name, or "".
func header(headers []sip.Header, name string) string {
	for _, h := range headers {
		if strings.EqualFold(h.Name, name) {
			return strings.TrimSpace(h.Value)
		}
	}
	return ""
}

// remoteHolds reports whether an SDP puts this side on hold: the first audio
// stream is sendonly or inactive, or its address is 0.0.0.0 (RFC 3264, section
// 8.4).
func remoteHolds(sdp string) bool {
	direction, media, nowhere := "", false, false
	for line := range strings.Lines(sdp) {
		line = strings.TrimSpace(line)
		switch {
		case strings.HasPrefix(line, "m="):
			if media {
				return direction == "sendonly" || direction == "inactive" || nowhere
			}
			media = true
		case line == "a=sendonly", line == "a=inactive", line == "a=recvonly", line == "a=sendrecv":
			direction = line[2:]
		case strings.HasPrefix(line, "c=IN IP4 0.0.0.0"):
			// A WebRTC offer names its real address in its candidates.
			nowhere = !strings.Contains(sdp, "a=candidate:") && !strings.Contains(sdp, "a=ice-ufrag:")
		}
	}
	return direction == "sendonly" || direction == "inactive" || nowhere
}
