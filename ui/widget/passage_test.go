package widget

import (
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/test"
)

// A text is selected by dragging over it, by a double press, or whole, and copied as it
// was written: what was broken for the window is not broken in the clipboard.
func TestAPassageIsCopied(t *testing.T) {
	test.NewTempApp(t)
	const text = "Order 4471: delivery is late.\nThe customer has called three times since Monday and was promised a refund of ₹2,400."
	copied, opened := "", 0
	p := NewPassage(Style{Wrap: true}, func(s string) { copied = s }, func() { opened++ })
	win := test.NewTempWindow(t, p)
	win.SetPadded(false)
	p.SetText(text)
	win.Resize(fyne.NewSize(220, 300))
	press := func(x, y float32) {
		p.MouseDown(&desktop.MouseEvent{Button: desktop.MouseButtonPrimary, PointEvent: fyne.PointEvent{Position: fyne.NewPos(x, y)}})
	}
	release := func(x, y float32) {
		p.MouseUp(nil)
		p.Tapped(&fyne.PointEvent{Position: fyne.NewPos(x, y)})
	}
	drag := func(x1, y1, x2, y2 float32) {
		press(x1, y1)
		p.Dragged(&fyne.DragEvent{PointEvent: fyne.PointEvent{Position: fyne.NewPos((x1+x2)/2, (y1+y2)/2)}})
		p.Dragged(&fyne.DragEvent{PointEvent: fyne.PointEvent{Position: fyne.NewPos(x2, y2)}})
		p.DragEnd()
		release(x2, y2)
	}
	keys := func() string {
		copied = ""
		p.TypedShortcut(&fyne.ShortcutCopy{})
		return copied
	}
	drag(-5, -5, 900, 900)
	if got := keys(); got != text {
		t.Errorf("all is copied as %q", got)
	}
	lh := p.text.lineHeight(220)
	drag(200, lh*2.5, 0, lh/2) // backwards, over three lines
	if got := keys(); len(got) < 40 || got[:6] != "Order " {
		t.Errorf("backwards it is %q", got)
	}
	if opened > 0 {
		t.Error("the end of a selection is taken for a press")
	}
	press(3, 3)
	release(3, 3)
	if got := keys(); got != "" || opened != 1 {
		t.Errorf("a press leaves %q, and was told %d times", got, opened)
	}
	p.DoubleTapped(&fyne.PointEvent{Position: fyne.NewPos(p.text.measure("Order 4"), lh/2)})
	if got := keys(); got != "4471:" {
		t.Errorf("a double press selects %q", got)
	}
	p.TypedShortcut(&fyne.ShortcutSelectAll{})
	p.SetLines(2)
	p.TypedShortcut(&fyne.ShortcutSelectAll{})
	if got := keys(); got != text {
		t.Errorf("with two lines shown all is %q", got)
	}
	p.SetText("الطلب ٤٤٧١ متأخر")
	if keys() != "" {
		t.Error("another text keeps the selection")
	}
	drag(100, 3, 120, 3)
	if got := keys(); got != "الطلب ٤٤٧١ متأخر" {
		t.Errorf("of a line from right to left it copies %q", got)
	}
	p.SetText("")
	drag(0, 0, 50, 50)
	if keys() != "" {
		t.Error("something of nothing is copied")
	}
}
