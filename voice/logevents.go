package voice

import (
	"context"
	"log/slog"
	"strings"

	"offhook/internal/actor"
)

// eventHandler publishes what is logged, and hands it on.
type eventHandler struct {
	next   slog.Handler
	least  slog.Level
	events *actor.Stream[Event]
	// tag is the call that every line of this logger is about, words its other
	// attributes.
	tag, words string
}

// Enabled implements slog.Handler.
func (h *eventHandler) Enabled(ctx context.Context, level slog.Level) bool {
	return level >= h.least || h.next.Enabled(ctx, level)
}

// Handle implements slog.Handler.
func (h *eventHandler) Handle(ctx context.Context, r slog.Record) error {
	if r.Level >= h.least {
		ev := Log{Time: r.Time, Level: r.Level, Tag: h.tag}
		var b strings.Builder
		b.WriteString(r.Message)
		b.WriteString(h.words)
		r.Attrs(func(a slog.Attr) bool {
			if a.Key == "call" {
				ev.Tag = a.Value.String()
			} else {
				b.WriteString(word(a))
			}
			return true
		})
		ev.Message = b.String()
		h.events.Publish(ev)
	}
	if !h.next.Enabled(ctx, r.Level) {
		return nil
	}
	return h.next.Handle(ctx, r)
}

// WithAttrs implements slog.Handler.
func (h *eventHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	with := *h
	with.next = h.next.WithAttrs(attrs)
	for _, a := range attrs {
		if a.Key == "call" {
			with.tag = a.Value.String()
		} else {
			with.words += word(a)
		}
	}
	return &with
}

// WithGroup implements slog.Handler.
func (h *eventHandler) WithGroup(name string) slog.Handler {
	with := *h
	with.next = h.next.WithGroup(name)
	return &with
}

func word(a slog.Attr) string { return " " + a.Key + "=" + a.Value.Resolve().String() }
