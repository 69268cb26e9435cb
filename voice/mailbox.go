package voice

import "sync"

// mailbox is an unbounded queue of work for one goroutine. Posting never
// blocks.
type mailbox struct {
	mu     sync.Mutex
	queue  []func()
	closed bool
	wake   chan struct{}
}

func newMailbox() *mailbox { return &mailbox{wake: make(chan struct{}, 1)} }

// post queues f and reports whether the mailbox still took it.
func (m *mailbox) post(f func()) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closed {
		return false
	}
	m.queue = append(m.queue, f)
	select {
	case m.wake <- struct{}{}:
	default:
	}
	return true
}

// run executes what is posted until stop, asked after each piece of work,
// reports true; then nothing more is taken, and what came too late is dropped.
func (m *mailbox) run(stop func() bool) {
	for range m.wake {
		for {
			m.mu.Lock()
			if len(m.queue) == 0 {
				m.mu.Unlock()
				break
			}
			f := m.queue[0]
			m.queue[0] = nil
			m.queue = m.queue[1:]
			m.mu.Unlock()
			f()
			if stop() {
				m.mu.Lock()
				m.closed, m.queue = true, nil
				m.mu.Unlock()
				return
			}
		}
	}
}
