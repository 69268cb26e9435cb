package sip

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
)

const dialogInfoType = "application/dialog-info+xml"

// dialogInfo is a body of dialog-info (RFC 4235, section 4.1).
type dialogInfo struct {
	version uint32
	full    bool
	dialogs []watchedDialog
}

// watchedDialog is one call of an extension.
type watchedDialog struct {
	id, callID, localTag, remoteTag string
	// recipient says that the extension is called, or that nothing is said.
	recipient bool
	state     string
	name, uri string
}

// xmlDialogInfo is what is read of the document; other elements are left out.
type xmlDialogInfo struct {
	XMLName xml.Name `xml:"dialog-info"`
	Version string   `xml:"version,attr"`
	State   string   `xml:"state,attr"`
	Dialogs []struct {
		ID        string `xml:"id,attr"`
		CallID    string `xml:"call-id,attr"`
		LocalTag  string `xml:"local-tag,attr"`
		RemoteTag string `xml:"remote-tag,attr"`
		Direction string `xml:"direction,attr"`
		State     string `xml:"state"`
		Remote    struct {
			Identity struct {
				Display     string `xml:"display,attr"`
				DisplayName string `xml:"display-name,attr"`
				URI         string `xml:",chardata"`
			} `xml:"identity"`
			Target struct {
				URI string `xml:"uri,attr"`
			} `xml:"target"`
		} `xml:"remote"`
	} `xml:"dialog"`
}

const (
	// maxDialogInfo bounds a document, in bytes; maxWatched the calls of an extension
	// that are kept.
	maxDialogInfo = 256 << 10
	maxWatched    = 64
)

var errDialogInfo = errors.New("sip: no dialog-info")

// parseDialogInfo parses a document of dialog-info, sloppy ones too.
func parseDialogInfo(body []byte) (dialogInfo, error) {
	if len(body) > maxDialogInfo {
		return dialogInfo{}, errDialogInfo
	}
	in := xml.NewDecoder(bytes.NewReader(bytes.Trim(body, "\x00 \t\r\n")))
	in.Strict = false
	in.CharsetReader = func(_ string, r io.Reader) (io.Reader, error) { return r, nil }
	var doc xmlDialogInfo
	if err := in.Decode(&doc); err != nil {
		return dialogInfo{}, errors.Join(errDialogInfo, err)
	}
	out := dialogInfo{full: !strings.EqualFold(strings.TrimSpace(doc.State), "partial")}
	if n, err := strconv.ParseUint(strings.TrimSpace(doc.Version), 10, 32); err == nil {
		out.version = uint32(n)
	}
	for _, d := range doc.Dialogs {
		if len(out.dialogs) == maxWatched {
			break
		}
		w := watchedDialog{
			id: d.ID, callID: d.CallID, localTag: d.LocalTag, remoteTag: d.RemoteTag,
			recipient: !strings.EqualFold(strings.TrimSpace(d.Direction), "initiator"),
			state:     strings.ToLower(strings.TrimSpace(d.State)),
			name:      shownName(d.Remote.Identity.Display + d.Remote.Identity.DisplayName), uri: strings.TrimSpace(d.Remote.Identity.URI),
		}
		if w.uri == "" {
			w.uri = strings.TrimSpace(d.Remote.Target.URI)
		}
		out.dialogs = append(out.dialogs, w)
	}
	return out, nil
}

// dialogTable is what is known of the calls of one extension.
type dialogTable struct {
	known   bool
	version uint32
	dialogs map[string]watchedDialog
	// asked says that the whole picture was asked for once more.
	asked bool
}

// take takes a document in. It reports whether the picture is whole: else a change was
// missed, or the first word was of a part (RFC 4235, section 4.3), and all is to be
// asked for. A server that answers that by a part again knows no better.
func (t *dialogTable) take(info dialogInfo) (whole bool) {
	switch {
	case info.full:
		t.dialogs, t.asked = map[string]watchedDialog{}, false
	case t.known && info.version < t.version:
		return true // overtaken
	case !t.asked && (!t.known || info.version > t.version+1):
		t.known, t.asked = false, true
		return false
	}
	if t.dialogs == nil {
		t.dialogs = map[string]watchedDialog{}
	}
	t.known, t.version = true, info.version
	for _, d := range info.dialogs {
		if d.state == "terminated" {
			delete(t.dialogs, d.id)
		} else if _, there := t.dialogs[d.id]; there || len(t.dialogs) < maxWatched {
			t.dialogs[d.id] = d
		}
	}
	return true
}

// extension sums the calls up: who rings can be helped, whatever else goes on.
func (t *dialogTable) extension(user string) Extension {
	out := Extension{User: user, State: ExtensionFree}
	for _, id := range slices.Sorted(maps.Keys(t.dialogs)) {
		d := t.dialogs[id]
		switch {
		case d.state != "confirmed" && d.recipient && out.State != ExtensionRinging:
			out.State, out.CallerName, out.Caller = ExtensionRinging, d.name, d.uri
			if d.callID != "" && d.localTag != "" && d.remoteTag != "" && clean(d.callID+d.localTag+d.remoteTag) {
				out.Replaces = d.callID + ";to-tag=" + d.localTag + ";from-tag=" + d.remoteTag + ";early-only"
			}
		case out.State == ExtensionFree:
			out.State = ExtensionBusy
		}
	}
	return out
}
