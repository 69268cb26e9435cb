package throttle

import (
	"testing"
	"time"
)

func TestBudgetOfADay(t *testing.T) {
	t.Parallel()
	c := &clock{at: time.Date(2026, 11, 30, 22, 0, 0, 0, time.UTC)}
	b := NewBudget(100, c.now)
	for i, want := range []bool{true, true, false} {
		if got := b.Spend("a", 40); got != want {
			t.Errorf("spending %d: %v", i, got)
		}
	}
	if !b.Spend("a", 20) || b.Spend("a", 1) || !b.Spend("b", 100) {
		t.Error("what is left can't be spent, or another's")
	}
	if b.Left() != 2*time.Hour {
		t.Errorf("the day ends in %v", b.Left())
	}
	c.at = c.at.Add(b.Left())
	if !b.Spend("a", 100) {
		t.Error("the next day has no budget of its own")
	}
}
