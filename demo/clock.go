package demo

import (
	"fmt"
	"hash/fnv"
	"time"

	"offhook/demo/exophone"
	"offhook/demo/platform"
)

// systemClock is the machine's clock.
type systemClock struct{}

func (systemClock) Now() time.Time { return time.Now() }

func (systemClock) AfterFunc(d time.Duration, f func()) exophone.Timer { return time.AfterFunc(d, f) }

// zonedClock tells the time in the zone of the documents, whose times are
// written without one (reference, section 5).
type zonedClock struct{ exophone.Clock }

func (c zonedClock) Now() time.Time { return c.Clock.Now().In(platform.Zone) }

// numberOf makes up the decimal tenant_id and flow_id that Dial-Whom is told:
// always the same for one account.
func numberOf(account, what string) string {
	const digits = 1000000
	h := fnv.New32a()
	h.Write([]byte(what + " of " + account))
	return fmt.Sprint(h.Sum32() % digits)
}
