package relay

import (
	"fmt"
	"math"
	"testing"
	"time"

	"offhook/voice/codec"
)

// BenchmarkConference mixes 20 ms of sound among some parties of one codec who all
// speak: decode, add up, encode for each. The share of a core for each party is told
// beside the time.
func BenchmarkConference(b *testing.B) {
	for _, name := range []string{codec.Opus, codec.PCMU} {
		for _, n := range []int{3, 10, 50} {
			b.Run(fmt.Sprintf("%s/%d", name, n), func(b *testing.B) {
				info, _ := codec.Lookup(name)
				parties := make([]*party, n)
				voices, _ := codec.NewEncoder(name)
				pcm, payload := make([]int16, frameSamples), make([]byte, codec.MaxPayload)
				c := &Conference{relay: &Relay{}}
				for i := range parties {
					parties[i] = &party{bot: bot{&Leg{relay: c.relay}}, conference: c, info: info, began: time.Now()}
					parties[i].leg.gate.fromPhone.Store(true)
					parties[i].leg.gate.phoneSends.Store(true)
					parties[i].encoder, _ = codec.NewEncoder(name)
				}
				var m mixer
				for i := 0; b.Loop(); i++ {
					for j := range pcm {
						pcm[j] = int16(8000 * math.Sin(float64(i*frameSamples+j)/30))
					}
					k, err := voices.Encode(pcm, payload)
					if err != nil {
						b.Fatal(err)
					}
					for _, p := range parties {
						p.take(packet{kind: sound, seq: uint16(i), ts: uint32(i * info.ClockRate / 50), payload: payload[:k]})
					}
					m.mix(parties)
					for _, p := range parties {
						p.say(&m.out)
					}
				}
				each := b.Elapsed().Seconds() / float64(b.N) / float64(n)
				b.ReportMetric(each/frameTime.Seconds()*100, "%core/party")
			})
		}
	}
}
