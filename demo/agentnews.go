package demo

import (
	"context"
	"sync"
	"time"

	"offhook/voice/wire"
)

// newsEvery is how long changes of agents are gathered at least, so that a thousand
// phones that come back at once are told of in a few frames. With many phones it is
// longer: in all, no more than newsRate frames a second are sent.
const (
	newsEvery = 25 * time.Millisecond
	newsRate  = 50_000
)

// newsDelay is how long changes are gathered for so many phones.
func newsDelay(phones int) time.Duration {
	return max(newsEvery, time.Duration(phones)*time.Second/newsRate)
}

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

// run hands what has changed to tell, which returns how many phones it tells, until ctx
// ends.
func (n *agentNews) run(ctx context.Context, tell func(wire.AgentFrame) (phones int)) {
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
		phones := 0
		if len(frame.Agents) > 0 {
			phones = tell(frame)
		}
		select {
		case <-time.After(newsDelay(phones)):
		case <-ctx.Done():
			return
		}
	}
}
