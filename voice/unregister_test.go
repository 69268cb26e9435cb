package voice

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"offhook/voice/line"
	"offhook/voice/line/sipaccount"
	"offhook/voice/sip"
)

// timeout is for how long such a server is asked to take an account back.
const timeout = 2 * time.Second

// deadServer is one that answers nothing.
type deadServer struct{ changed func(sip.Registration) }

func (d deadServer) Run(ctx context.Context) {
	d.Retry()
	<-ctx.Done()
	time.Sleep(timeout)
}

// Retry fails at once: Register asks for it where the first attempt was over before it looked.
func (d deadServer) Retry() {
	d.changed(sip.Registration{Phase: sip.Unregistered, Err: context.DeadlineExceeded})
}
func (deadServer) Abandon()        {}
func (deadServer) Flow() line.Flow { return nil }
func (deadServer) Watch([]string)  {}

func TestAccountsAreTakenBackAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newHarness(t, func(s *settings) {
			s.newRegistration = func(r sipaccount.Spec) (sipaccount.Registration, error) { return deadServer{r.Changed}, nil }
		})
		defer r.stop()
		users := []string{"alice", "bob", "carol"}
		for _, user := range users {
			a := SIPAccount{ID: user, Server: "udp://192.0.2.1", User: user, Domain: "lab.test", Password: "secret"}
			if err := r.client.Register(t.Context(), a); err == nil {
				t.Error("a dead server has answered")
			}
		}
		began := time.Now()
		var leaving sync.WaitGroup
		for _, user := range users {
			leaving.Go(func() {
				if err := r.client.Unregister(user); err != nil {
					t.Error(err)
				}
			})
		}
		leaving.Wait()
		if took := time.Since(began); took != timeout || len(r.client.Lines()) != 0 {
			t.Errorf("it took %v, and left %v", took, r.client.Lines())
		}
	})
}
