package relay

import (
	"errors"
	"net"
	"net/netip"
	"sync"
	"time"

	"offhook/demo/throttle"
)

const (
	// packetRoom is more than any packet of a call takes on its way.
	packetRoom = 2048
	// strays is how many packets may wait for the ICE agents; those beyond are lost, and
	// asked for again.
	strays = 1024
)

// port is the media port: one or several sockets of one address. Each has a goroutine
// that takes the packets of a phone straight to its leg, and sends what the leg makes
// of them, a batch at a time. Only what comes from an address that no phone has chosen
// yet, and all of STUN, goes to the ICE agents.
type port struct {
	*net.UDPConn // the first
	sockets      []*net.UDPConn
	rate         *throttle.Rate
	stray        chan stray
	readers      sync.WaitGroup
	done         chan struct{} // closed when no socket is read any longer
	closing      sync.Once

	// mu guards paths, and is held for reading while packets are given to them.
	mu    sync.RWMutex
	paths map[netip.AddrPort]*path // by the address that the phone has chosen
}

// stray is a packet for the ICE agents.
type stray struct {
	packet []byte
	from   netip.AddrPort
}

func openPort(address *net.UDPAddr, n int) (*port, error) {
	sockets, err := listenAll(address, n)
	if err != nil {
		return nil, err
	}
	p := &port{
		UDPConn: sockets[0], sockets: sockets, rate: throttle.NewRate(plainRate, plainBurst, time.Now),
		stray: make(chan stray, strays), done: make(chan struct{}), paths: make(map[netip.AddrPort]*path),
	}
	batches := make([]*batch, len(sockets))
	for i, s := range sockets {
		// A second of speech from a thousand phones must outlast a busy moment.
		_ = s.SetReadBuffer(4 << 20)
		_ = s.SetWriteBuffer(4 << 20)
		if batches[i], err = newBatch(s); err != nil {
			closeAll(sockets)
			return nil, err
		}
	}
	for _, b := range batches {
		p.readers.Go(func() { p.read(b) })
	}
	go func() {
		p.readers.Wait()
		close(p.done)
	}()
	return p, nil
}

func closeAll(sockets []*net.UDPConn) {
	for _, s := range sockets {
		_ = s.Close()
	}
}

// read serves one socket until it is closed.
func (p *port) read(b *batch) {
	// A socket that can't be read for want of memory may be read again soon.
	const pause = 10 * time.Millisecond
	for {
		n, err := b.read()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			time.Sleep(pause)
			continue
		}
		p.mu.RLock()
		for i := range n {
			packet, from := b.packet(i)
			// The first byte tells STUN from DTLS and RTP (RFC 7983).
			if len(packet) > 0 && packet[0] >= 20 {
				if to := p.paths[from]; to != nil {
					to.receive(packet, b)
					continue
				}
			}
			p.takeStray(packet, from, b)
		}
		p.mu.RUnlock()
		b.flush()
	}
}

// takeStray answers a request without credentials, and has the ICE agents take all else.
func (p *port) takeStray(packet []byte, from netip.AddrPort, b *batch) {
	if answer, plain := AnswerPlain(packet, from); plain {
		if p.rate.Allow(from.Addr().String()) {
			b.queue(answer, from) // a lost one is asked for again
		}
		return
	}
	select {
	case p.stray <- stray{append([]byte(nil), packet...), from}:
	default:
	}
}

// choose takes packets from an address to a path, and no longer those from where the
// path was before; the zero address is nowhere.
func (p *port) choose(to *path, before, now netip.AddrPort) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.paths[before] == to {
		delete(p.paths, before)
	}
	if now.IsValid() {
		p.paths[now] = to
	}
}

// ReadFromAddrPort implements ice.AddrPortReaderWriter.
func (p *port) ReadFromAddrPort(b []byte) (int, netip.AddrPort, error) {
	select {
	case s := <-p.stray:
		return copy(b, s.packet), s.from, nil
	case <-p.done:
		return 0, netip.AddrPort{}, net.ErrClosed
	}
}

// WriteToAddrPort implements ice.AddrPortReaderWriter.
func (p *port) WriteToAddrPort(b []byte, to netip.AddrPort) (int, error) {
	return p.WriteToUDPAddrPort(b, to)
}

// Close closes all sockets and returns when they are read no longer.
func (p *port) Close() error {
	p.closing.Do(func() { closeAll(p.sockets) })
	<-p.done
	return nil
}
