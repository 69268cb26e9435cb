package backend

import (
	"net/netip"
	"time"

	"offhook/demo/throttle"
)

// How many wrong passwords may come before the next ones are refused unread: of
// one address, of one network, and for one user from anywhere. Each bucket fills
// up again at the rate a second. What was right is given back.
const (
	addressBurst, addressRate = 300, 0.2
	networkBurst, networkRate = 1000, 0.5
	userBurst, userRate       = 60, 1.0 / 60
)

// honest is how many wrong passwords of one address leave its next tries unsuspected:
// people mistype, and a whole office may sign in at once from behind one address.
const honest = 8

// guard decides whether a sign-in may be tried. The try is counted before the
// password is looked at, so that guesses which come at once are as many as those
// that come one after another. A device on which the user has signed in before is
// measured by itself alone: a stranger can't lock a user out of it, wherever the
// stranger guesses from.
type guard struct {
	pairs     *throttle.Failures // one user from one network, or on one known device
	addresses *throttle.Rate
	networks  *throttle.Rate
	users     *throttle.Rate
}

func newGuard(now func() time.Time) *guard {
	return &guard{
		pairs:     throttle.NewFailures(now),
		addresses: throttle.NewRate(addressRate, addressBurst, now),
		networks:  throttle.NewRate(networkRate, networkBurst, now),
		users:     throttle.NewRate(userRate, userBurst, now),
	}
}

// try is one sign-in on its way.
type try struct {
	user    string
	device  string
	address string
	known   bool // the user has signed in on the device before
	suspect bool // others failed before it: it waits for those that did not
}

func (t *try) network() string { return networkOf(t.address) }

// networkOf is the /24 or /64 of an address, or the text itself if it is none.
func networkOf(address string) string {
	ip, err := netip.ParseAddr(address)
	if err != nil {
		return address
	}
	ip = ip.Unmap().WithZone("")
	bits := 64
	if ip.Is4() {
		bits = 24
	}
	prefix, err := ip.Prefix(bits)
	if err != nil {
		return address
	}
	return prefix.String()
}

func (t *try) pair() string {
	if t.known {
		return "device\x00" + t.user + "\x00" + t.device
	}
	return "network\x00" + t.user + "\x00" + t.network()
}

// begin counts the try and returns how long to wait with it, 0 for not at all. What
// is refused is not counted.
func (g *guard) begin(t *try) time.Duration {
	taken := 0
	buckets := g.buckets(t)
	giveBack := func() {
		for _, b := range buckets[:taken] {
			b.rate.GiveBack(b.key)
		}
	}
	for _, b := range buckets {
		if !b.rate.Allow(b.key) {
			giveBack()
			return time.Second
		}
		taken++
	}
	count, wait := g.pairs.Try(t.pair())
	if wait > 0 {
		giveBack()
	}
	// A guesser who takes another name each time is known by the address.
	t.suspect = count > 1 || !t.known && g.addresses.Taken(t.address) > honest
	return wait
}

type bucket struct {
	rate *throttle.Rate
	key  string
}

func (g *guard) buckets(t *try) []bucket {
	if t.known {
		return nil
	}
	return []bucket{{g.addresses, t.address}, {g.networks, t.network()}, {g.users, t.user}}
}

// succeeded takes back what begin has counted.
func (g *guard) succeeded(t *try) {
	g.pairs.Succeeded(t.pair())
	for _, b := range g.buckets(t) {
		b.rate.GiveBack(b.key)
	}
}
