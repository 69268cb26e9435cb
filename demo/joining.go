package demo

import (
	"context"
	"encoding/json"
	"path/filepath"

	"github.com/nats-io/nats.go"

	"offhook/demo/cluster"
)

// streamsName is the folder of the streams inside the data folder.
const streamsName = "streams"

// join starts the engine that keeps what the nodes of the platform share.
func (p *Platform) join() (err error) {
	cfg := p.cfg.Cluster
	cfg.Logger = p.log.With("hat", "cluster")
	if p.cfg.DataDir != "" {
		cfg.Dir = filepath.Join(p.cfg.DataDir, streamsName)
	}
	if p.node, err = cluster.Start(cfg); err != nil {
		return err
	}
	p.onClose(func(context.Context) error { p.node.Close(); return nil })
	return nil
}

// revocation is what nodes tell each other of a subscriber whose rights have ended.
type revocation struct {
	Node, Account, Name string
	Gone                bool
}

// revoked ends what a subscriber holds, on all nodes.
func (p *Platform) revoked(account, name string, gone bool) {
	p.end(account, name, gone)
	if p.node.Alone() {
		return
	}
	text, err := json.Marshal(revocation{Node: p.node.ID(), Account: account, Name: name, Gone: gone})
	if err == nil {
		err = p.node.Conn().Publish(p.node.Subject(revokedSubject), text)
	}
	if err != nil {
		p.log.Error("the other nodes could not be told whose rights have ended", "subscriber", name, "error", err)
	}
}

const revokedSubject = "revoked"

// hearRevoked ends what subscribers hold whose rights have ended at another node.
func (p *Platform) hearRevoked() error {
	if p.node.Alone() {
		return nil
	}
	_, err := p.node.Conn().Subscribe(p.node.Subject(revokedSubject), func(msg *nats.Msg) {
		var r revocation
		if json.Unmarshal(msg.Data, &r) == nil && r.Node != p.node.ID() {
			p.end(r.Account, r.Name, r.Gone)
		}
	})
	return err
}

// end ends what a subscriber holds in the hats of this node, once they are there.
func (p *Platform) end(account, name string, gone bool) {
	if account != p.cfg.Accounts[0].SID {
		return
	}
	if p.exchange != nil {
		p.exchange.Revoke(name)
	}
	if p.backend != nil {
		p.backend.Revoked(name, gone)
	}
}
