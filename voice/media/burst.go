package media

// burstMeter measures how loss is bunched (RFC 3611, section 4.7.2): a burst is
// a stretch that begins and ends with a loss and has no run of gmin or more
// packets received; what lies between bursts is a gap.
type burstMeter struct {
	run int64 // packets received since the last loss
	// Of the burst that may be going on.
	lostInBurst, recvInBurst int64

	// Totals of bursts that ended.
	bursts                int64
	burstLost, burstRecvd int64
	gapLost, gapRecvd     int64

	// For the burst ratio of G.107: transitions of the two-state loss model.
	packets, losses, lossRuns int64
	lastLost                  bool
}

// gmin is the RFC's default: 16 packets without loss end a burst.
const gmin = 16

// received notes lost losses and then one packet that arrived.
func (b *burstMeter) received(lost int) {
	for range min(lost, 1000) {
		b.lose()
	}
	b.packets++
	b.lastLost = false
	if b.run++; b.run == gmin {
		b.endBurst()
	}
}

func (b *burstMeter) lose() {
	b.packets++
	b.losses++
	if !b.lastLost {
		b.lossRuns++
	}
	b.lastLost = true
	if b.run >= gmin || b.lostInBurst == 0 { // also the few packets before a first loss
		b.gapRecvd += b.run
	} else {
		b.recvInBurst += b.run
	}
	b.lostInBurst++
	b.run = 0
}

// endBurst files the stretch since the last long run: one loss alone is none.
func (b *burstMeter) endBurst() {
	switch {
	case b.lostInBurst > 1:
		b.bursts++
		b.burstLost += b.lostInBurst
		b.burstRecvd += b.recvInBurst
	default:
		b.gapLost += b.lostInBurst
		b.gapRecvd += b.recvInBurst
	}
	b.lostInBurst, b.recvInBurst = 0, 0
}

// late takes back a loss that was only a reordering.
func (b *burstMeter) late() {
	if b.losses > 0 {
		b.losses--
	}
	if b.lostInBurst > 0 {
		b.lostInBurst--
		b.recvInBurst++
	}
}

// density is the percentage of packets lost within bursts, 0 without any.
func (b *burstMeter) density() float64 {
	lost, all := b.burstLost, b.burstLost+b.burstRecvd
	if b.lostInBurst > 1 {
		lost, all = lost+b.lostInBurst, all+b.lostInBurst+b.recvInBurst
	}
	return percent(lost, all)
}

// gapDensity is the percentage of packets lost between bursts.
func (b *burstMeter) gapDensity() float64 {
	return percent(b.gapLost, b.gapLost+b.gapRecvd+b.run)
}

// burstLength is the mean number of packets of a burst, gapLength of a gap.
func (b *burstMeter) burstLength() float64 {
	if b.bursts == 0 {
		return 0
	}
	return float64(b.burstLost+b.burstRecvd) / float64(b.bursts)
}

func (b *burstMeter) gapLength() float64 {
	return float64(b.gapLost+b.gapRecvd+b.run) / float64(b.bursts+1)
}

// ratio is BurstR of G.107: the mean length of loss runs over the one that
// random loss of the same rate would have; 1 is random.
func (b *burstMeter) ratio() float64 {
	if b.losses == 0 || b.lossRuns == 0 || b.packets <= b.losses {
		return 1
	}
	mean := float64(b.losses) / float64(b.lossRuns)
	random := 1 / (1 - float64(b.losses)/float64(b.packets))
	return max(mean/random, 1)
}

func percent(part, whole int64) float64 {
	if whole <= 0 {
		return 0
	}
	return 100 * float64(part) / float64(whole)
}
