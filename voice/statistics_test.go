package voice

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode"
)

// Each figure of the reference's section 1.8 is there under its name in
// snake_case, with the unit at its end where the reference names none.
func TestStatisticsHaveEveryField(t *testing.T) {
	t.Parallel()
	data, err := json.Marshal(Statistics{})
	if err != nil {
		t.Fatal(err)
	}
	var have map[string]any
	if err := json.Unmarshal(data, &have); err != nil {
		t.Fatal(err)
	}
	const named = `audioCodec audioBitrate averageJitterMs maxJitterMs rttMs fractionLost MOS cumulativeLost jitterSamples jitterBufferMs
		preferredJitterBufferMs discardedPackets remoteFractionLoss bytesSent bytesReceived packetsSent packetsReceived extendedMax
		lastSRTimestamp seconds duration noPacketsTime averageLatency latencyJitter currentPacketLossRate mediaWaitingTimeMs`
	for _, name := range strings.Fields(named) {
		key := snake(name)
		_, plain := have[key]
		_, inMs := have[key+"_ms"]
		if !plain && !inMs {
			t.Errorf("%s: there is no %s", name, key)
		}
	}
}

// snake is a name in snake_case; letters in a row that are all capitals are one
// word.
func snake(name string) string {
	var b strings.Builder
	letters := []rune(name)
	for i, c := range letters {
		begins := i > 0 && unicode.IsUpper(c) && (unicode.IsLower(letters[i-1]) || i+1 < len(letters) && unicode.IsLower(letters[i+1]))
		if begins {
			b.WriteByte('_')
		}
		b.WriteRune(unicode.ToLower(c))
	}
	return b.String()
}
