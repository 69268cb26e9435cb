package media

import (
	"context"
	"strings"
	"testing"
	"time"
)

// No matter who offers next, each keeps its side of the DTLS association: a browser
// refuses an answer that changes it.
func TestDTLSSidesStay(t *testing.T) {
	t.Parallel()
	a, b := call(t, Config{}, Config{})
	for _, tc := range []struct {
		offerer, answerer *phone
		want              string
	}{{a, b, "active"}, {b, a, "passive"}, {a, b, "active"}} {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		offer, err := tc.offerer.Offer(ctx, false)
		if err != nil {
			t.Fatal(err)
		}
		answer, err := tc.answerer.Answer(ctx, offer)
		if err != nil {
			t.Fatal(err)
		}
		if err := tc.offerer.SetAnswer(answer); err != nil {
			t.Fatal(err)
		}
		cancel()
		if !strings.Contains(offer, "a=setup:actpass") || !strings.Contains(answer, "a=setup:"+tc.want+"\r\n") {
			t.Errorf("want %s of\n%s", tc.want, answer)
		}
	}
	hears(t, a, 1000)
	hears(t, b, 440)
}
