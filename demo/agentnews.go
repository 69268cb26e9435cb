package demo

import (
	"context"
	"sync"
	"time"

	"offhook/voice/wire"
)

// newsEvery is how long changes of agents are gathered, so that a thousand phones
// that come back at once are told of in a few frames.
const newsEvery = 25 * time.Millisecond

// agentNews tells the phones of an account how their colleagues stand.
type agentNews struct {
	mu      sync.Mutex
	changed map[string]wire.Agent // the newest of each
	wake    chan struct{}
}

func newAgentNews() *agentNews {
	return &agentNews{changed: make(map[string]wire.Agent), wake: make(chan struct{}, 1)}
}

// note takes a change. It does not block.
func (n *agentNews) note(a wire.Agent) {
	n.mu.Lock()
	n.changed[a.Name] = a
	n.mu.Unlock()
	select {
	case n.wake <- struct{}{}:
	default:
	}
}

// run hands what has changed to tell, until ctx ends.
func (n *agentNews) run(ctx context.Context, tell func(wire.AgentFrame)) {
	for {
		select {
		case <-n.wake:
		case <-ctx.Done():
			return
		}
		n.mu.Lock()
		changed := n.changed
		n.changed = make(map[string]wire.Agent)
		n.mu.Unlock()
		frame := wire.AgentFrame{Type: wire.FrameAgents}
		for _, a := range changed {
			frame.Agents = append(frame.Agents, a)
		}
		if len(frame.Agents) > 0 {
			tell(frame)
		}
		select {
		case <-time.After(newsEvery):
		case <-ctx.Done():
			return
		}
	}
}
