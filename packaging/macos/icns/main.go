// Command icns draws an SVG in all the sizes that macOS wants of an icon and
// writes them as one .icns file:
//
//	icns assets/icon.svg offhook.icns
package main

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"image"
	"image/png"
	"io"
	"os"

	"github.com/fyne-io/oksvg"
	"github.com/srwiley/rasterx"
)

// sizes are the entries of the file: their types, and their widths in pixels.
var sizes = []struct {
	kind   string
	pixels int
}{
	{"icp4", 16}, {"ic11", 32}, {"icp5", 32}, {"ic12", 64}, {"ic07", 128},
	{"ic13", 256}, {"ic08", 256}, {"ic14", 512}, {"ic09", 512}, {"ic10", 1024},
}

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: icns ICON.svg ICON.icns")
		os.Exit(2)
	}
	if err := convert(os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, "icns:", err)
		os.Exit(1)
	}
}

func convert(from, to string) error {
	svg, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	var out bytes.Buffer
	if err := write(&out, svg); err != nil {
		return err
	}
	return os.WriteFile(to, out.Bytes(), 0o644)
}

// write writes the file: a header with the whole length, then each entry with a
// type and its length, which count their own eight bytes.
func write(w io.Writer, svg []byte) error {
	var body bytes.Buffer
	for _, s := range sizes {
		picture, err := draw(svg, s.pixels)
		if err != nil {
			return err
		}
		if err := chunk(&body, s.kind, picture); err != nil {
			return err
		}
	}
	return chunk(w, "icns", body.Bytes())
}

func chunk(w io.Writer, kind string, data []byte) error {
	head := binary.BigEndian.AppendUint32([]byte(kind), uint32(len(data)+8))
	_, err := w.Write(append(head, data...))
	return err
}

// draw renders the SVG as PNG.
func draw(svg []byte, pixels int) ([]byte, error) {
	icon, err := oksvg.ReadIconStream(bytes.NewReader(svg), oksvg.StrictErrorMode)
	if err != nil {
		return nil, err
	}
	icon.SetTarget(0, 0, float64(pixels), float64(pixels))
	picture := image.NewRGBA(image.Rect(0, 0, pixels, pixels))
	icon.Draw(rasterx.NewDasher(pixels, pixels, rasterx.NewScannerGV(pixels, pixels, picture, picture.Bounds())), 1)
	var out bytes.Buffer
	err = png.Encode(&out, picture)
	return out.Bytes(), err
}
