package subscriber

import "slices"

// Seen remembers the sessions of the last pushes, so that none rings twice.
type Seen struct {
	ids  [64]string
	next int
}

// Has reports whether a session is remembered.
func (s *Seen) Has(id string) bool { return slices.Contains(s.ids[:], id) }

// Add remembers a session in place of the oldest.
func (s *Seen) Add(id string) {
	s.ids[s.next] = id
	s.next = (s.next + 1) % len(s.ids)
}

// Remove forgets a session, which may come again.
func (s *Seen) Remove(id string) {
	if i := slices.Index(s.ids[:], id); i >= 0 {
		s.ids[i] = ""
	}
}
