package jitter

import "sync/atomic"

// Stats is what a Buffer has done so far. Packets are counted once each,
// samples are of 48 kHz.
type Stats struct {
	// DelayMs is the time that a packet waits at present between its arrival
	// and its turn, averaged over the last second or so; TargetMs is what the
	// buffer aims at for the spread of the arrivals, over the fastest packet.
	DelayMs  float64 `json:"delay_ms"`
	TargetMs float64 `json:"target_ms"`
	// PacketMs is the length of the sender's packets, 0 before the first.
	PacketMs float64 `json:"packet_ms"`

	// Received packets were taken into the buffer. Lost ones were missing at
	// their turn, of which Recovered were made whole from a later packet's
	// forward error correction or the copy in it. Late ones came after their turn; Discarded
	// counts those, what was skipped to shorten the delay, and malformed ones.
	Received   uint64 `json:"received"`
	Lost       uint64 `json:"lost"`
	Recovered  uint64 `json:"recovered"`
	Late       uint64 `json:"late"`
	Duplicates uint64 `json:"duplicates"`
	Reordered  uint64 `json:"reordered"`
	Discarded  uint64 `json:"discarded"`
	// Resets counts fresh starts after a jump of the sender's numbers.
	Resets uint64 `json:"resets"`

	// PlayedSamples counts what Get returned since the first packet. Concealed
	// samples were made up for lost packets or while waiting for late ones,
	// SilentSamples filled a pause of the sender (DTX), Inserted and Removed
	// ones come of stretching time.
	PlayedSamples    uint64 `json:"played_samples"`
	ConcealedSamples uint64 `json:"concealed_samples"`
	SilentSamples    uint64 `json:"silent_samples"`
	InsertedSamples  uint64 `json:"inserted_samples"`
	RemovedSamples   uint64 `json:"removed_samples"`
}

// ConcealedPercent is the share of what was played that had to be made up.
func (s Stats) ConcealedPercent() float64 {
	if s.PlayedSamples == 0 {
		return 0
	}
	return 100 * float64(s.ConcealedSamples) / float64(s.PlayedSamples)
}

// counter has one writer, the buffer's goroutine, and any number of readers.
type counter struct{ v atomic.Uint64 }

func (c *counter) add(n int) {
	if n > 0 {
		c.v.Store(c.v.Load() + uint64(n))
	}
}

// take takes back what was counted as something else at first.
func (c *counter) take(n int) { c.v.Store(c.v.Load() - uint64(n)) }

func (c *counter) load() uint64 { return c.v.Load() }

// counters is Stats in the form that another goroutine may read at any time.
type counters struct {
	delay, target, packet atomic.Int64 // in samples

	received, lost, recovered, late, duplicates, reordered, discarded, resets counter

	played, concealed, silent, inserted, removed counter
}

// Statistics returns what the buffer has done so far. Unlike the other methods
// it may be called from any goroutine.
func (b *Buffer) Statistics() Stats {
	c := &b.stats
	return Stats{
		DelayMs: msOf(c.delay.Load()), TargetMs: msOf(c.target.Load()), PacketMs: msOf(c.packet.Load()),
		Received: c.received.load(), Lost: c.lost.load(), Recovered: c.recovered.load(), Late: c.late.load(),
		Duplicates: c.duplicates.load(), Reordered: c.reordered.load(), Discarded: c.discarded.load(), Resets: c.resets.load(),
		PlayedSamples: c.played.load(), ConcealedSamples: c.concealed.load(), SilentSamples: c.silent.load(),
		InsertedSamples: c.inserted.load(), RemovedSamples: c.removed.load(),
	}
}
