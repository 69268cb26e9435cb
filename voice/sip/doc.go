// Package sip holds the signalling of a call: flows (one connection to a SIP
// server, kept alive) and dialogs over them, on sipgo.
//
//	flow, err := sip.Connect(ctx, sip.Config{…})      // ws, wss, tls, tcp or udp
//	d, err := flow.Invite(ctx, sip.Invitation{…})     // sends, does not wait
//	for ev := range d.Events() { … }                  // DialogEvent values
//	d.Hangup(ctx)                                     // CANCEL or BYE, as the state asks
//	d.Reinvite(ctx, offer)                            // answer SDP
//	d.Info(ctx, contentType, body)
//	d.Refer(ctx, target)                              // blind transfer
//	d.Rebind(flow); d.Refresh(ctx)                    // after FlowLost
//	<-flow.Done(); flow.Err(); flow.Close()
//
// A line that is called, too, is an Account: it registers, refreshes and comes
// back by itself, and hands each INVITE to Config.Incoming; the dialog in it is
// answered by Ring, Accept and Refuse, and then is one like any other.
//
// Between the connection and sipgo stands a guard, which puts every message into
// its plain form and refuses what is not SIP (RFC 4475), and for WebSockets
// package wsconn. TCP and TLS are bridged to look like a WebSocket, so that
// there is one kind of connection; UDP is a connected socket, with a TCP
// connection beside it for requests above 1300 bytes. A server is found by its
// SRV and address records, and the next one tried when one fails.
//
// Everything goes to the server that the flow leads to, inside dialogs too: a
// phone behind an address translator reaches nobody else, and hears nobody else.
//
// Not here: NAPTR, and reliable provisional responses of our own.
//
// The package knows SIP and nothing of media, tokens or the platform's HTTP.
package sip
