package exophone

import (
	"net/http"
	"sync"

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
}

// connection is one WebSocket.
type connection struct {
	conn *wsconn.Conn
	// subscribers are those who have proven themselves on this connection.
	subscribers map[string]bool
}

// opened is wsconn's OnConn.
func (c *connections) opened(conn *wsconn.Conn, _ *http.Request) {
	source := conn.RemoteAddr().String()
	mine := &connection{conn: conn, subscribers: make(map[string]bool)}
	c.mu.Lock()
	c.m[source] = mine
	c.mu.Unlock()
	c.wait.Go(func() {
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
		k.subscribers[subscriber] = true
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
