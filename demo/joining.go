package demo

import (
	"context"
	"path/filepath"

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
