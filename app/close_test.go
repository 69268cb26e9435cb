package app

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"offhook/app/calllog"
)

// Quitting takes no second though no server answers, and a call that was cut off
// is in the log all the same.
func TestClosingWaitsForNobody(t *testing.T) {
	for name, calling := range map[string]bool{"idle": false, "in a call": true} {
		t.Run(name, func(t *testing.T) {
			story(t, func(t *testing.T) {
				d := newHarness(t).start().signIn()
				if calling {
					if err := d.Dial(context.Background(), "bob", ""); err != nil {
						t.Fatal(err)
					}
				}
				d.engine.set(func(e *fakeEngine) { e.deaf = true })
				began := time.Now()
				if err := d.Close(context.Background()); err != nil {
					t.Error(err)
				}
				if took := time.Since(began); took >= time.Second {
					t.Errorf("closing took %v", took)
				}
				if !calling {
					return
				}
				log, _, err := calllog.Open(d.dir, time.Now)
				if err != nil {
					t.Fatal(err)
				}
				defer log.Close()
				calls, err := log.Search(context.Background(), calllog.Query{})
				if err != nil || len(calls) != 1 || calls[0].EndReason != "LOCAL_HANGUP" {
					t.Errorf("%v %+v", err, calls)
				}
			})
		})
	}
}

func TestClosingInACallLogsIt(t *testing.T) {
	story(t, func(t *testing.T) {
		d := newHarness(t).start().signIn()
		if err := d.Dial(context.Background(), "bob", ""); err != nil {
			t.Fatal(err)
		}
		d.close()
		d.close()
		if got := strings.Join(d.surface.did, ", "); got != "began false true, ended, closed" {
			t.Fatalf("the desktop was told: %s", got)
		}
		d.start()
		defer d.close()
		synctest.Wait()
		if r := d.Recents(); len(r) != 1 || r[0].Interrupted || r[0].EndReason != "LOCAL_HANGUP" {
			t.Fatalf("%+v", r)
		}
	})
}
