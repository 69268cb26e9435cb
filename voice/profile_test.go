package voice

import (
	"errors"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"offhook/voice/wire"
)

// A platform that was started again may offer other things: the phone asks anew when
// its connection is back, and tells of it. What it could not fetch stays as it was.
func TestProfileAfterARestart(t *testing.T) {
	t.Parallel()
	onHarness(t, func(t *testing.T, r *harness) {
		restart := func() {
			r.sip.setDown(errors.New("refused"))
			r.sip.cut(errors.New("reset"))
			time.Sleep(3 * time.Second)
			r.sip.setDown(nil)
			time.Sleep(time.Minute)
			synctest.Wait()
		}
		if _, states, _ := r.client.AgentRules(); states {
			t.Fatal("the platform keeps states already")
		}
		r.platform.mu.Lock()
		r.platform.abilities = []string{wire.AbilityAgentState}
		r.platform.mu.Unlock()
		restart()
		if _, states, _ := r.client.AgentRules(); !states {
			t.Error("the phone does not know what the platform offers now")
		}
		r.platform.refuseAll(func(req *http.Request) int {
			if req.URL.Path == "/v2/accounts/demo/subscribers/alice/profile" {
				return 503
			}
			return 0
		})
		restart()
		if _, states, _ := r.client.AgentRules(); !states || !r.client.Status().Profile.OK {
			t.Error("a profile that could not be fetched is lost")
		}
	})
}
