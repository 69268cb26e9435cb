package ui

import (
	"bytes"
	"image"
	"image/color"
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
	for y := a.Bounds().Min.Y; y < a.Bounds().Max.Y; y++ {
		for x := a.Bounds().Min.X; x < a.Bounds().Max.X; x++ {
			p, q := color.NRGBAModel.Convert(a.At(x, y)).(color.NRGBA), color.NRGBAModel.Convert(b.At(x, y)).(color.NRGBA)
			if apart(p.R, q.R) || apart(p.G, q.G) || apart(p.B, q.B) {
				n++
			}
		}
	}
	return n
}

func apart(a, b uint8) bool { return max(a, b)-min(a, b) > 16 }
