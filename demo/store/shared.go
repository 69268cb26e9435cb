package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"offhook/demo/cluster"
)

// In a cluster each node has the whole database. What changes it is written into a
// stream, which gives the order; each node makes the changes in that order, and notes
// in the same transaction how far it has come. A node may write only once it has made
// all changes before: if another was faster, the transaction is run again.

const (
	// stateSchema is where a database notes how far it has come. A database without
	// its row was never one of a cluster's. Another process, which is no node, hands
	// its changes in.
	stateSchema = `CREATE TABLE IF NOT EXISTS cluster_state (id INTEGER PRIMARY KEY CHECK (id = 1), applied INTEGER NOT NULL);
		CREATE TABLE IF NOT EXISTS cluster_handed_in (id INTEGER PRIMARY KEY, batch BLOB NOT NULL)`
	// keepLog is how long changes are kept for nodes that are away.
	keepLog = 14 * 24 * time.Hour
	// publishWithin bounds one try to publish, giveUp all of them: longer than an
	// election takes.
	publishWithin, giveUp, pause = 2 * time.Second, 20 * time.Second, 50 * time.Millisecond
	// handedInEvery is how often a node looks for what another process has handed in.
	handedInEvery = 500 * time.Millisecond
	// importBatch is how many rows of a database that joins go in one message.
	importBatch = 100
)

// shared is the part of a database in a cluster.
type shared struct {
	node    *cluster.Node
	subject string
	stream  jetstream.Stream
	reading jetstream.ConsumeContext
	stop    context.CancelFunc
	running sync.WaitGroup

	// applied is the last change that was made; guarded by DB.writing.
	applied uint64
	changed chan struct{} // closed and made anew with applied
}

// ErrAway says that a node was away for longer than changes are kept.
var ErrAway = errors.New("this node was away for too long, or is new: stop it and another, copy the other's data folder, and start both")

// Share makes the database one of the node's cluster, under a name that is the same on
// all nodes. What the database holds is brought into the cluster when it joins, beside
// what is there; where both have a row, the cluster's stays. It must be called before
// anything is written, and waits until all changes are made. alone, in which case it
// does nothing, is refused for a database of a cluster.
func (d *DB) Share(ctx context.Context, node *cluster.Node, name string) error {
	var known int
	if err := d.QueryRow(ctx, "SELECT count(*) FROM sqlite_master WHERE name = 'cluster_state'").Scan(&known); err != nil {
		return err
	}
	if node.Alone() {
		if known > 0 {
			return errors.New("the data folder is a cluster's: start with --cluster, --node, --cluster-listen and --peers, or with another folder")
		}
		return nil
	}
	err := d.join(ctx, node, name, known == 0)
	if err != nil {
		return fmt.Errorf("share database %s: %w", name, err)
	}
	return nil
}

func (d *DB) join(ctx context.Context, node *cluster.Node, name string, first bool) (err error) {
	s := &shared{node: node, subject: node.Subject("database." + name), changed: make(chan struct{})}
	if s.stream, err = node.Stream(ctx, jetstream.StreamConfig{Name: "database-" + name, Subjects: []string{s.subject}, AllowDirect: true, MaxAge: keepLog, Duplicates: 2 * time.Minute}); err != nil {
		return err
	}
	var own []statement
	if first {
		if own, err = d.takeOut(ctx, name); err != nil {
			return err
		}
	}
	if err := d.QueryRow(ctx, "SELECT applied FROM cluster_state").Scan(&s.applied); err != nil {
		return err
	}
	var info *jetstream.StreamInfo
	if err := node.Await(ctx, func(ctx context.Context) (err error) { info, err = s.stream.Info(ctx); return err }); err != nil {
		return err
	}
	if info.State.LastSeq < s.applied {
		return errors.New("the cluster knows fewer changes than this node: its streams are not those with which the data folder was used")
	}
	if info.State.FirstSeq > s.applied+1 && info.State.LastSeq > s.applied {
		return ErrAway
	}
	var consumer jetstream.Consumer
	if err := node.Await(ctx, func(ctx context.Context) (err error) {
		consumer, err = s.stream.OrderedConsumer(ctx, jetstream.OrderedConsumerConfig{DeliverPolicy: jetstream.DeliverByStartSequencePolicy, OptStartSeq: s.applied + 1})
		return err
	}); err != nil {
		return err
	}
	d.shared = s
	if s.reading, err = consumer.Consume(d.hear); err != nil {
		return err
	}
	background, stop := context.WithCancel(context.WithoutCancel(ctx))
	s.stop = stop
	if err := d.await(ctx, info.State.LastSeq); err != nil {
		return err
	}
	for batch := range slices.Chunk(own, importBatch) {
		if err := d.Write(ctx, func(tx *Tx) error { tx.note = false; tx.made = batch; return tx.runMade() }); err != nil {
			return err
		}
	}
	s.running.Go(func() { d.takeHandedIn(background) })
	return nil
}

// runMade runs the statements that were taken over from elsewhere.
func (t *Tx) runMade() error {
	for _, s := range t.made {
		if err := s.run(t.tx); err != nil {
			return err
		}
	}
	return nil
}

// takeOut returns all rows as statements and empties the tables: the cluster's changes
// are made in an empty database, as on every node. A copy stays beside the file.
func (d *DB) takeOut(ctx context.Context, name string) (all []statement, err error) {
	if d.path != "" {
		backup := d.path + ".before-cluster"
		if err := os.Remove(backup); err != nil && !errors.Is(err, os.ErrNotExist) {
			return nil, err
		}
		if _, err := d.write.ExecContext(ctx, "VACUUM INTO ?", backup); err != nil {
			return nil, err
		}
	}
	err = d.writeHere(ctx, func(tx *Tx) error {
		tables, err := names(tx, "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY rowid")
		if err != nil {
			return err
		}
		for _, table := range tables {
			rows, err := rowsOf(tx, table)
			if err != nil {
				return err
			}
			all = append(all, rows...)
		}
		for _, table := range slices.Backward(tables) {
			if _, err := tx.Exec("DELETE FROM " + table); err != nil {
				return err
			}
		}
		if err := counters(tx); err != nil {
			return err
		}
		if _, err := tx.Exec(stateSchema); err != nil {
			return err
		}
		_, err = tx.Exec("INSERT INTO cluster_state (id, applied) VALUES (1, 0)")
		return err
	})
	return all, err
}

// counters has the numbers of rows begin anew.
func counters(tx *Tx) error {
	tables, err := names(tx, "SELECT name FROM sqlite_master WHERE name = 'sqlite_sequence'")
	if err == nil && len(tables) > 0 {
		_, err = tx.Exec("DELETE FROM sqlite_sequence")
	}
	return err
}

func names(tx *Tx, query string) (list []string, err error) {
	rows, err := tx.Query(query)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return nil, err
		}
		list = append(list, name)
	}
	return list, rows.Err()
}

// rowsOf returns the statements that insert the rows of a table where they are not
// there.
func rowsOf(tx *Tx, table string) (list []statement, err error) {
	rows, err := tx.Query("SELECT * FROM " + table)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		return nil, err
	}
	insert := "INSERT OR IGNORE INTO " + table + " (" + strings.Join(columns, ", ") + ") VALUES (?" + strings.Repeat(", ?", len(columns)-1) + ")"
	for rows.Next() {
		values, into := make([]any, len(columns)), make([]any, len(columns))
		for i := range values {
			into[i] = &values[i]
		}
		if err := rows.Scan(into...); err != nil {
			return nil, err
		}
		s, err := newStatement(insert, values)
		if err != nil {
			return nil, err
		}
		list = append(list, s)
	}
	return list, rows.Err()
}

// hear makes a change of another node. Its own are made already.
func (d *DB) hear(msg jetstream.Msg) {
	meta, err := msg.Metadata()
	if err != nil {
		return
	}
	seq := meta.Sequence.Stream
	d.writing.Lock()
	defer d.writing.Unlock()
	if seq <= d.shared.applied {
		return
	}
	batch, err := decode(msg.Data())
	if err == nil {
		err = d.inTx(context.Background(), func(tx *sql.Tx) error {
			for _, s := range batch {
				if err := s.run(tx); err != nil {
					return err
				}
			}
			return nil
		}, seq)
	}
	if err != nil {
		// Every node finds it so: the change was made with a database of another form.
		d.shared.node.Log().Error("a change of another node can't be made", "change", seq, "error", err)
	}
	d.shared.cameTo(seq)
}

// cameTo notes how far the database has come. DB.writing is held.
func (s *shared) cameTo(seq uint64) {
	s.applied = seq
	close(s.changed)
	s.changed = make(chan struct{})
}

// inTx runs f and notes how far the database has come then.
func (d *DB) inTx(ctx context.Context, f func(tx *sql.Tx) error, seq uint64) error {
	tx, err := d.write.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	err = f(tx)
	if err == nil {
		_, err = tx.Exec("UPDATE cluster_state SET applied = ?", seq)
	}
	if err != nil {
		return errors.Join(err, tx.Rollback())
	}
	return tx.Commit()
}

// await waits until the changes up to a number are made.
func (d *DB) await(ctx context.Context, seq uint64) error {
	for {
		d.writing.Lock()
		there, changed := d.shared.applied >= seq, d.shared.changed
		d.writing.Unlock()
		if there {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return fmt.Errorf("the changes of the other nodes do not come: %w", ctx.Err())
		}
	}
}

// writeShared is Write in a cluster.
func (d *DB) writeShared(ctx context.Context, f func(tx *Tx) error) error {
	for {
		latest, err := d.tryShared(ctx, f)
		if latest == 0 {
			return err
		}
		waiting, cancel := context.WithTimeout(ctx, giveUp)
		err = d.await(waiting, latest)
		cancel()
		if err != nil {
			return err
		}
	}
}

// tryShared runs a transaction and publishes what it changes. If another node was
// faster it returns the change that has to be made before the next try.
func (d *DB) tryShared(ctx context.Context, f func(tx *Tx) error) (latest uint64, err error) {
	d.writing.Lock()
	defer d.writing.Unlock()
	tx, err := d.write.BeginTx(ctx, nil)
	if err != nil {
		return 0, err
	}
	t := &Tx{tx: tx, note: true}
	if err := f(t); err != nil || len(t.made) == 0 {
		return 0, errors.Join(err, tx.Rollback())
	}
	text, err := encode(t.made)
	if err == nil {
		var seq uint64
		if seq, err = d.shared.publish(text); err == nil {
			if _, err = tx.Exec("UPDATE cluster_state SET applied = ?", seq); err == nil {
				if err = tx.Commit(); err == nil {
					d.shared.cameTo(seq)
					return 0, nil
				}
			}
		}
	}
	err = errors.Join(err, tx.Rollback())
	if isBehind(err) {
		return d.shared.applied + 1, nil
	}
	return 0, err
}

// publish writes a change after the last one that was made here, and returns its
// number. DB.writing is held.
func (s *shared) publish(text []byte) (uint64, error) {
	msg := &nats.Msg{Subject: s.subject, Data: text, Header: nats.Header{jetstream.MsgIDHeader: {uuid.NewString()}}}
	for until := time.Now().Add(giveUp); ; time.Sleep(pause) {
		ctx, cancel := context.WithTimeout(context.Background(), publishWithin)
		ack, err := s.node.JetStream().PublishMsg(ctx, msg, jetstream.WithExpectLastSequence(s.applied))
		cancel()
		if err == nil {
			return ack.Sequence, nil
		}
		if isBehind(err) || time.Now().After(until) {
			return 0, err
		}
	}
}

// isBehind reports whether another node has written before.
func isBehind(err error) bool {
	const wrongLastSequence = 10071 // JSStreamWrongLastSequenceErrF
	var api *jetstream.APIError
	return errors.As(err, &api) && api.ErrorCode == wrongLastSequence
}

// handIn is Write of a process that is no node of the database's cluster: the node
// makes the change.
func (d *DB) handIn(ctx context.Context, f func(tx *Tx) error) error {
	tx, err := d.write.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	t := &Tx{tx: tx, note: true}
	if err := f(t); err != nil || len(t.made) == 0 {
		return errors.Join(err, tx.Rollback())
	}
	text, err := encode(t.made)
	if err = errors.Join(err, tx.Rollback()); err != nil {
		return err
	}
	_, err = d.write.ExecContext(ctx, "INSERT INTO cluster_handed_in (batch) VALUES (?)", text)
	return err
}

// takeHandedIn makes what other processes hand in, until ctx ends.
func (d *DB) takeHandedIn(ctx context.Context) {
	tick := time.NewTicker(handedInEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
		var id int64
		var text []byte
		for d.QueryRow(ctx, "SELECT id, batch FROM cluster_handed_in ORDER BY id LIMIT 1").Scan(&id, &text) == nil {
			batch, err := decode(text)
			if err == nil {
				err = d.Write(ctx, func(tx *Tx) error { tx.note = false; tx.made = batch; return tx.runMade() })
			}
			if err != nil {
				d.shared.node.Log().Error("a change of another process can't be made", "error", err)
			}
			if _, err := d.write.ExecContext(ctx, "DELETE FROM cluster_handed_in WHERE id = ?", id); err != nil {
				break
			}
		}
	}
}
