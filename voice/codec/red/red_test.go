package red

import (
	"bytes"
	"strings"
	"testing"
)

// first and second are the headers of copies of 1 and 3 bytes, two packets and one
// back.
const first, second = "\xef\x3c\x00\x01", "\xef\x1e\x00\x03"

func TestBlocks(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name    string
		payload string
		ok      bool
		copies  string
		own     string
		// headers says that they are whole, whatever lengths they tell.
		headers bool
	}{
		{"nothing", "", false, "", "", false},
		{"one of its own", "\x6f" + "new", true, "", "new", true},
		{"a copy", second + "\x6f" + "was" + "new", true, "was", "new", true},
		{"two copies", first + second + "\x6f" + "abbb" + "new", true, "a bbb", "new", true},
		{"an empty copy", "\xef\x1e\x00\x00" + "\x6f" + "new", true, "", "new", true},
		{"nothing of its own", second + "\x6f" + "was", true, "was", "", true},
		{"half a header", second[:3], false, "", "", false},
		{"no last header", second, false, "", "", false},
		{"a copy beyond the end", "\xef\x1e\x00\x04" + "\x6f" + "was", false, "", "", true},
		{"as many as are read", strings.Repeat("\xef\x1e\x00\x00", MostBlocks-1) + "\x6f" + "new", true, strings.Repeat(" ", MostBlocks-2), "new", true},
		{"one more", strings.Repeat("\xef\x1e\x00\x00", MostBlocks) + "\x6f" + "new", false, "", "", false},
	} {
		var r Blocks
		if ok := r.Read([]byte(tc.payload)); ok != tc.ok {
			t.Errorf("%s: %v", tc.name, ok)
		} else if ok {
			var copies []string
			for _, c := range r.Copies() {
				copies = append(copies, string(c.Payload))
			}
			if got := strings.Join(copies, " "); got != tc.copies || string(r.Own().Payload) != tc.own || r.Own().PayloadType != 111 {
				t.Errorf("%s: copies %q, own %q of type %d", tc.name, got, r.Own().Payload, r.Own().PayloadType)
			}
		}
		if got := Own([]byte(tc.payload)); string(got) != tc.own {
			t.Errorf("%s: own block %q", tc.name, got)
		}
		retyped := []byte(tc.payload)
		want := strings.NewReplacer("\xef", "\xe0", "\x6f", "\x60").Replace(tc.payload)
		if ok := Retype(retyped, 96); ok != tc.headers || ok && string(retyped) != want {
			t.Errorf("%s: %v with type 96: %q, want %q", tc.name, ok, retyped, want)
		}
	}
}

func TestHeaderIsReadAsItWasPut(t *testing.T) {
	const back, length = 1<<14 - 1, LongestCopy
	payload := make([]byte, HeaderSize+OwnHeaderSize+length+1)
	PutHeader(payload, 111, back, length)
	payload[HeaderSize] = 111
	var r Blocks
	if !r.Read(payload) {
		t.Fatal("not read")
	}
	if c := r.Copies()[0]; c.PayloadType != 111 || c.Back != back || len(c.Payload) != length || len(r.Own().Payload) != 1 {
		t.Errorf("%+v, and %+v", c, r.Own())
	}
	if n := testing.AllocsPerRun(100, func() { r.Read(payload); Own(payload); Retype(payload, 111) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestRoom(t *testing.T) {
	t.Parallel()
	for fmtp, want := range map[string]int{
		"": 0, "111": 1, "111/111": 2, " 111 / 111 ": 2, "111/0": 0, "111/": 0, Fmtp(111, 3): 3, Fmtp(111, 200): MostBlocks,
	} {
		if got := Room(fmtp, 111); got != want {
			t.Errorf("%q has room for %d, want %d", fmtp, got, want)
		}
	}
}

// FuzzBlocks reads any payload: no panic, and its own block is the end of it,
// whatever payload type the blocks get.
func FuzzBlocks(f *testing.F) {
	f.Add([]byte(second + "\x6fwasnew"))
	f.Add([]byte("\x6fnew"))
	f.Fuzz(func(t *testing.T, payload []byte) {
		last := bytes.Clone(Own(payload))
		if len(last) > 0 && !bytes.HasSuffix(payload, last) {
			t.Fatalf("%v is not the end of %v", last, payload)
		}
		if ok := Retype(payload, 96); last != nil && !ok {
			t.Fatalf("%v has a block of its own, but no headers", payload)
		}
		if again := Own(payload); !bytes.Equal(again, last) {
			t.Fatalf("%v after another payload type, before it %v", again, last)
		}
	})
}
