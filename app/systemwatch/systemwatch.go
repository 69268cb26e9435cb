// Package systemwatch notices when the machine has slept or has moved to another
// network: the old connections look alive for a long while then.
package systemwatch

import (
	"context"
	"log/slog"
	"net"
	"slices"
	"sort"
	"strings"
	"time"
)

// systemPoll is how often the phone looks whether the machine slept or
// its addresses changed. Asking the system for them takes microseconds.
const systemPoll = time.Second

// sleepJump is how much further than the ticker the wall clock must have gone
// for the machine to have slept, or its clock to have been set.
const sleepJump = 5 * time.Second

// wokeOnce is within what time the word of the system and the jump of the clock
// are of the same sleep.
const wokeOnce = 5 * time.Second

// Watch is what to look at.
type Watch struct {
	// Sleep tells when the machine goes to sleep (true) and has woken (false); it
	// closes the channel when ctx ends or nobody tells. nil is a machine that sees it
	// by its clock alone.
	Sleep func(ctx context.Context) <-chan bool
	// Addresses names the machine's network addresses in a stable form, "" without
	// any, or Unknown.
	Addresses func() string
	// Now is the wall clock.
	Now func() time.Time
	Log *slog.Logger
	// Changed is called when the machine woke or has other addresses than before,
	// unless it has none: nothing can be connected then.
	Changed func()
}

// Run watches until ctx ends. It learns of a sleep from the system, else by the wall
// clock, which went further than the ticker.
func (w *Watch) Run(ctx context.Context) {
	t := time.NewTicker(systemPoll)
	defer t.Stop()
	var sleep <-chan bool
	if w.Sleep != nil {
		sleep = w.Sleep(ctx)
	}
	addresses := w.Addresses()
	last := w.Now().Round(0) // the wall clock alone
	var woken time.Time
	for {
		told := false
		select {
		case <-ctx.Done():
			return
		case asleep, open := <-sleep:
			if !open {
				sleep = nil
				continue
			}
			if told = !asleep; asleep {
				w.Log.Info("the machine goes to sleep")
				continue
			}
		case <-t.C:
		}
		now := w.Now().Round(0)
		gone := now.Sub(last)
		last = now
		slept := told || gone > sleepJump || gone < -sleepJump
		if slept && !woken.IsZero() && now.Sub(woken).Abs() < wokeOnce {
			slept = false
		} else if slept {
			woken = now
		}
		current := w.Addresses()
		moved := current != addresses && current != Unknown
		if current != Unknown {
			addresses = current
		}
		if !slept && !moved {
			continue
		}
		w.Log.Info("the network or the clock changed", "woke", slept, "told", told, "clock_jump", gone.Round(time.Second).String(), "network", moved, "addresses", current)
		if moved && current == "" {
			continue // nothing to connect with; the next change brings something
		}
		w.Changed()
	}
}

// Unknown is what Watch.Addresses returns when the system can't be asked, as
// while the process has no descriptors left: that is no change of the network.
const Unknown = "?"

// Addresses is what tells one network from another: the addresses of the
// interfaces that are up, without those that only this machine sees.
func Addresses() string {
	list, err := net.Interfaces()
	if err != nil {
		return Unknown
	}
	var out []string
	for _, i := range list {
		if i.Flags&net.FlagUp == 0 || i.Flags&net.FlagLoopback != 0 {
			continue
		}
		addrs, err := i.Addrs()
		if err != nil {
			return Unknown
		}
		for _, a := range addrs {
			ip, _, err := net.ParseCIDR(a.String())
			// Link-local addresses come with every interface, and temporary ones
			// of IPv6 come and go: only their network counts.
			if err != nil || ip.IsLinkLocalUnicast() {
				continue
			}
			if ip.To4() == nil {
				ip = ip.Mask(net.CIDRMask(64, 128))
			}
			out = append(out, i.Name+"="+ip.String())
		}
	}
	sort.Strings(out)
	return strings.Join(slices.Compact(out), " ")
}
