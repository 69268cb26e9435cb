package relay

import "github.com/pion/rtcp"

// joined forwards what one phone sends to the other.
type joined struct{ from, to *Leg }

func (j *joined) rtp(p packet) { j.to.send(p) }
func (j *joined) close()       {}

// rtcp passes reports from end to end: what the far phone says of loss must
// reach the sender whose forward error correction it steers. Only the numbers
// that the relay changed are changed back.
func (j *joined) rtcp(raw []byte) {
	packets, err := rtcp.Unmarshal(raw)
	if err != nil {
		return
	}
	kept := packets[:0]
	for _, p := range packets {
		switch p := p.(type) {
		case *rtcp.SenderReport:
			shift, known := j.to.out.mapping(p.SSRC)
			if !known {
				// None of its sound has passed: all that can pass are its
				// reports.
				kept = append(kept, &rtcp.ReceiverReport{SSRC: j.to.out.ssrc, Reports: j.reports(p.Reports)})
				continue
			}
			p.SSRC = j.to.out.ssrc
			p.RTPTime += shift
			p.Reports = j.reports(p.Reports)
			p.ProfileExtensions = nil
			kept = append(kept, p)
		case *rtcp.ReceiverReport:
			p.SSRC = j.to.out.ssrc
			p.Reports = j.reports(p.Reports)
			p.ProfileExtensions = nil
			kept = append(kept, p)
		case *rtcp.SourceDescription:
			// Only the canonical name, and the relay's own: the other phone's
			// name may tell its machine's.
			kept = append(kept, &rtcp.SourceDescription{Chunks: []rtcp.SourceDescriptionChunk{{
				Source: j.to.out.ssrc,
				Items:  []rtcp.SourceDescriptionItem{{Type: rtcp.SDESCNAME, Text: j.to.answer.cname}},
			}}})
		}
	}
	if len(kept) == 0 {
		return
	}
	if out, err := rtcp.Marshal(kept); err == nil {
		j.to.sendRTCP(out)
	}
}

// reports turns what j.from says of the stream it hears into what j.to, whose
// stream it is, can understand.
func (j *joined) reports(in []rtcp.ReceptionReport) []rtcp.ReceptionReport {
	var out []rtcp.ReceptionReport
	for _, r := range in {
		if r.SSRC != j.from.out.ssrc {
			continue
		}
		if source, seq, ok := j.from.out.back(r.LastSequenceNumber); ok {
			r.SSRC, r.LastSequenceNumber = source, seq
			out = append(out, r)
		}
	}
	return out
}

// mapping returns the shift of timestamps of a source, if it is the present one.
func (o *outbound) mapping(source uint32) (tsShift uint32, ok bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.tsShift, o.started && o.source == source
}

// back turns an extended sequence number of this stream into the source's own.
func (o *outbound) back(seq uint32) (source, sourceSeq uint32, ok bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if !o.started || int32(seq-o.firstOut) < 0 {
		return 0, 0, false
	}
	return o.source, seq - o.firstOut + o.firstIn, true
}
