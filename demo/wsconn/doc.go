// Package wsconn makes WebSocket connections fit to carry SIP (RFC 7118).
//
// A Conn stands between a raw connection and sipgo's WebSocket transport. It
// lets the HTTP handshake through, and from then on it understands every frame
// (RFC 6455): it joins fragments, answers PING, sends PINGs of its own, declares
// the connection dead when nothing comes back, reports a CLOSE, and drops
// messages that are oversized or refused by a guard. The transport above sees
// one whole message per frame and no control frames at all.
//
// A Listener is the server's side of it: an http.Handler for one path of a web
// server, and at once the net.Listener that sipgo's ServeWS accepts from.
//
//	l := wsconn.NewListener(addr, wsconn.ListenerConfig{…})
//	mux.Handle("/sip", l)
//	go server.ServeWS(l)
package wsconn
