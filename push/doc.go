// Package push is the receiver of the WebSocket inbox that stands in for mobile
// push: it connects, proves that it is connected, delivers each message once,
// and acknowledges it.
package push
