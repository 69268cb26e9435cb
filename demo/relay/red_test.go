package relay

import (
	"bytes"
	"testing"
)

func TestBlocks(t *testing.T) {
	t.Parallel()
	copied, last := []byte{1, 2, 3}, []byte{4, 5}
	header := func(pt byte, length int) []byte { return []byte{0x80 | pt, 0x0f, byte(length >> 8), byte(length)} }
	for name, row := range map[string]struct {
		payload, retyped, own []byte
	}{
		"one block":       {bytes.Join([][]byte{{111}, last}, nil), bytes.Join([][]byte{{96}, last}, nil), last},
		"with a copy":     {bytes.Join([][]byte{header(111, 3), {111}, copied, last}, nil), bytes.Join([][]byte{header(96, 3), {96}, copied, last}, nil), last},
		"nothing":         {nil, nil, nil},
		"half a header":   {header(111, 3)[:2], nil, nil},
		"no last block":   {header(111, 3), nil, nil},
		"lies of lengths": {bytes.Join([][]byte{header(111, 900), {111}, copied}, nil), bytes.Join([][]byte{header(96, 900), {96}, copied}, nil), nil},
		"endless headers": {bytes.Repeat(header(111, 0), 300), nil, nil},
	} {
		if got := own(row.payload); !bytes.Equal(got, row.own) {
			t.Errorf("%s: its own block is %v, want %v", name, got, row.own)
		}
		got := bytes.Clone(row.payload)
		if ok := retype(got, 96); ok != (row.retyped != nil) || ok && !bytes.Equal(got, row.retyped) {
			t.Errorf("%s: %v %v, want %v", name, got, ok, row.retyped)
		}
	}
}
