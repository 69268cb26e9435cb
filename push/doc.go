// Package push is the receiver of the WebSocket inbox that stands in for mobile
// push: it connects, proves that it is connected, delivers each message once,
// and acknowledges it.
//
//	r, err := push.New(push.Config{…, Handler: func(ctx, m) error { … }})
//	go r.Run(ctx)
//	r.Status()          // or Config.OnStatus: since when, why not, when again
//	r.Retry()            // the machine woke, or the network changed
//
// A message counts as delivered when the handler has returned without error;
// then the ledger is saved, then the server is told. What the server sends
// again, and it does so until it is told, is dropped by inbox and number.
package push
