package app

import (
	"context"
	"net"
	"sort"
	"strings"
	"time"

	"offhook/app/proxy"
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

// watchSystem makes the phone connect again at once when the machine
// wakes or has other addresses than before: the old connections look alive for
// a long while then. It learns of a sleep from the system, else by the wall clock,
// which went further than the ticker.
func (p *Phone) watchSystem(ctx context.Context) {
	t := time.NewTicker(systemPoll)
	defer t.Stop()
	var sleep <-chan bool
	if p.cfg.Sleep != nil {
		sleep = p.cfg.Sleep(ctx)
	}
	addresses := p.cfg.Addresses()
	last := p.cfg.Now().Round(0) // the wall clock alone
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
				p.log.Info("the machine goes to sleep")
				continue
			}
		case <-t.C:
		}
		now := p.cfg.Now().Round(0)
		gone := now.Sub(last)
		last = now
		slept := told || gone > sleepJump || gone < -sleepJump
		if slept && !woken.IsZero() && now.Sub(woken).Abs() < wokeOnce {
			slept = false
		} else if slept {
			woken = now
		}
		current := p.cfg.Addresses()
		moved := current != addresses && current != unknownAddresses
		if current != unknownAddresses {
			addresses = current
		}
		if !slept && !moved {
			continue
		}
		p.log.Info("the network or the clock changed", "woke", slept, "told", told, "clock_jump", gone.Round(time.Second).String(), "network", moved, "addresses", current)
		if moved && current == "" {
			continue // nothing to connect with; the next change brings something
		}
		proxy.Refresh()
		p.http.CloseIdleConnections() // the next request would hang on one
		p.Retry()
	}
}

// unknownAddresses is what Config.Addresses returns when the system can't be asked, as
// while the process has no descriptors left: that is no change of the network.
const unknownAddresses = "?"

// localAddresses is what tells one network from another: the addresses of the
// interfaces that are up, without those that only this machine sees.
func localAddresses() string {
	list, err := net.Interfaces()
	if err != nil {
		return unknownAddresses
	}
	var out []string
	for _, i := range list {
		if i.Flags&net.FlagUp == 0 || i.Flags&net.FlagLoopback != 0 {
			continue
		}
		addrs, err := i.Addrs()
		if err != nil {
			return unknownAddresses
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
	return strings.Join(dedupe(out), " ")
}

func dedupe(sorted []string) []string {
	var out []string
	for i, s := range sorted {
		if i == 0 || s != sorted[i-1] {
			out = append(out, s)
		}
	}
	return out
}
