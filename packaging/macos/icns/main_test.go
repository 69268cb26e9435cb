package main

import (
	"bytes"
	"encoding/binary"
	"image/png"
	"os"
	"path/filepath"
	"testing"
)

// The file is read back as macOS reads it: each entry is a picture of the size
// that its type promises, with the mark on it.
func TestIcon(t *testing.T) {
	t.Parallel()
	to := filepath.Join(t.TempDir(), "offhook.icns")
	if err := convert("../../../assets/icon.svg", to); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(to)
	if err != nil {
		t.Fatal(err)
	}
	if string(data[:4]) != "icns" || int(binary.BigEndian.Uint32(data[4:])) != len(data) {
		t.Fatalf("the header is %q with length %d of %d", data[:4], binary.BigEndian.Uint32(data[4:]), len(data))
	}
	rest, found := data[8:], 0
	for len(rest) >= 8 {
		kind, size := string(rest[:4]), int(binary.BigEndian.Uint32(rest[4:]))
		if size < 8 || size > len(rest) {
			t.Fatalf("entry %q has length %d of %d", kind, size, len(rest))
		}
		picture, err := png.Decode(bytes.NewReader(rest[8:size]))
		if err != nil {
			t.Fatalf("entry %q: %v", kind, err)
		}
		if kind != sizes[found].kind || picture.Bounds().Dx() != sizes[found].pixels || picture.Bounds().Dy() != sizes[found].pixels {
			t.Errorf("entry %d is %q, %v", found, kind, picture.Bounds())
		}
		half := sizes[found].pixels / 2
		if _, _, _, alpha := picture.At(half, half/4).RGBA(); alpha == 0 {
			t.Errorf("entry %q is empty", kind)
		}
		rest, found = rest[size:], found+1
	}
	if found != len(sizes) {
		t.Errorf("%d entries, want %d", found, len(sizes))
	}
}

func TestNoIcon(t *testing.T) {
	t.Parallel()
	if err := convert("missing.svg", filepath.Join(t.TempDir(), "x.icns")); err == nil {
		t.Error("a file that is not there was drawn")
	}
	if err := write(&bytes.Buffer{}, []byte("<svg><path d=")); err == nil {
		t.Error("half a drawing was drawn")
	}
}
