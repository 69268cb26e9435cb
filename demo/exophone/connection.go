package exophone

import (
	"context"
	"net/http"
	"sync"
	"time"

	"offhook/demo/endpoint"
	"offhook/demo/wsconn"
)

// connections are the WebSockets of the phones, by the source address that
// their requests carry.
type connections struct {
	mu sync.Mutex
	m  map[string]*connection
	// lost is told of each connection that has ended.
	lost func(source string)
	wait sync.WaitGroup

	// token returns whose access token it is; nil lets strangers stay.
	token func(ctx context.Context, token string) (subscriber string, err error)
	ctx   context.Context
	clock Clock
	// within is how long a stranger may stay, strangers how many of one address
	// may at once.
	within    time.Duration
	strangers int
}

// connection is one WebSocket.
type connection struct {
	conn *wsconn.Conn
	// subscribers are those who have proven themselves on this connection.
	subscribers map[string]bool
	// address is where it comes from; known says that it is no stranger's, by a
	// digest or by an access token.
	address string
	known   bool
}

// check is wsconn's Check: one address may not hold all connections open without
// saying who it is.
func (c *connections) check(r *http.Request) (status int) {
	if c.token == nil {
		return 0
	}
	address := hostOf(r.RemoteAddr)
	c.mu.Lock()
	defer c.mu.Unlock()
	n := 0
	for _, k := range c.m {
		if !k.known && k.address == address {
			n++
		}
	}
	if n >= c.strangers {
		return http.StatusTooManyRequests
	}
	return 0
}

// opened is wsconn's OnConn.
func (c *connections) opened(conn *wsconn.Conn, r *http.Request) {
	source := conn.RemoteAddr().String()
	mine := &connection{conn: conn, subscribers: make(map[string]bool), address: hostOf(r.RemoteAddr)}
	c.mu.Lock()
	c.m[source] = mine
	c.mu.Unlock()
	bearer, _ := endpoint.Bearer(r)
	c.wait.Go(func() {
		if c.token != nil {
			c.getToKnow(mine, bearer)
		}
		<-conn.Done()
		c.mu.Lock()
		current := c.m[source] == mine
		if current {
			delete(c.m, source)
		}
		c.mu.Unlock()
		if current {
			c.lost(source)
		}
	})
}

// alive reports whether the connection is open.
func (c *connections) alive(source string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.m[source] != nil
}

// proven notes that the subscriber has authenticated on the connection.
func (c *connections) proven(source, subscriber string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if k := c.m[source]; k != nil && len(k.subscribers) < 16 {
		k.subscribers[subscriber], k.known = true, true
	}
}

// getToKnow takes the access token that came with a connection, or closes it if it
// does not say in time whose it is: an INVITE or a REGISTER does, too.
func (c *connections) getToKnow(k *connection, bearer string) {
	if bearer != "" {
		if _, err := c.token(c.ctx, bearer); err == nil {
			c.mu.Lock()
			k.known = true
			c.mu.Unlock()
			return
		}
	}
	late := make(chan struct{})
	timer := c.clock.AfterFunc(c.within, func() { close(late) })
	defer timer.Stop()
	select {
	case <-late:
	case <-k.conn.Done():
		return
	}
	c.mu.Lock()
	known := k.known
	c.mu.Unlock()
	if !known {
		_ = k.conn.Close()
	}
}

func (c *connections) isProven(source, subscriber string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	k := c.m[source]
	return k != nil && k.subscribers[subscriber]
}

// unproven forgets that the subscriber has authenticated, on all connections.
func (c *connections) unproven(subscriber string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, k := range c.m {
		delete(k.subscribers, subscriber)
	}
}

func (c *connections) count() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.m)
}
