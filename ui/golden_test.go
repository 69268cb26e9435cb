package ui

import (
	"bytes"
	"image"
	"image/draw"
	"image/png"
	"os"
	"path/filepath"
)

// updatePictures, set to anything, writes the pictures instead of comparing.
const updatePictures = "OFFHOOK_UPDATE_PICTURES"

// matchPicture compares what the harness shows with the picture kept as name. A few
// pixels may differ a little: text is drawn with floating-point numbers.
func (s *harness) matchPicture(name string) {
	s.t.Helper()
	got := s.win.Canvas().Capture()
	path := filepath.Join("testdata", "pictures", name+".png")
	if os.Getenv(updatePictures) != "" {
		var b bytes.Buffer
		enc := png.Encoder{CompressionLevel: png.BestCompression}
		if err := enc.Encode(&b, got); err != nil {
			s.t.Fatal(err)
		}
		if err := os.WriteFile(path, b.Bytes(), 0o644); err != nil {
			s.t.Fatal(err)
		}
		return
	}
	f, err := os.Open(path)
	if err != nil {
		s.t.Fatal(err)
	}
	defer f.Close()
	want, err := png.Decode(f)
	if err != nil {
		s.t.Fatal(err)
	}
	if got.Bounds() != want.Bounds() {
		s.t.Fatalf("the picture is %v, not %v", got.Bounds(), want.Bounds())
	}
	if n, all := unlike(got, want), got.Bounds().Dx()*got.Bounds().Dy(); n*1000 > all {
		s.t.Errorf("%d of %d pixels are not as in %s; %s=1 keeps the new picture", n, all, path, updatePictures)
	}
}

// unlike counts the pixels that differ visibly.
func unlike(a, b image.Image) int {
	n := 0
	p, q := flat(a), flat(b)
	for i := 0; i < len(p); i += 4 {
		if apart(p[i], q[i]) || apart(p[i+1], q[i+1]) || apart(p[i+2], q[i+2]) {
			n++
		}
	}
	return n
}

// flat is the bytes of a picture, four a pixel: asking it pixel by pixel took longer than
// drawing it.
func flat(img image.Image) []uint8 {
	b := img.Bounds()
	switch own := img.(type) {
	case *image.NRGBA:
		return own.Pix
	case *image.RGBA:
		if own.Opaque() { // both are the same then
			return own.Pix
		}
	}
	out := image.NewNRGBA(b)
	draw.Draw(out, b, img, b.Min, draw.Src)
	return out.Pix
}

func apart(a, b uint8) bool { return max(a, b)-min(a, b) > 16 }
