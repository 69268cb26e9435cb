package hotkeys

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"

	"github.com/godbus/dbus/v5"
	"github.com/godbus/dbus/v5/prop"

	"offhook/internal/crash"
)

// MediaName is how the phone is called among the desktop's players while a call
// comes in (MPRIS 2.2).
const MediaName = "org.mpris.MediaPlayer2.offhook"

const (
	mediaPath  = dbus.ObjectPath("/org/mpris/MediaPlayer2")
	rootIface  = "org.mpris.MediaPlayer2"
	playerName = "org.mpris.MediaPlayer2.Player"
)

// player is the phone as a player: what plays is the ringing, so that the play key
// of a keyboard or a headset comes here and not to the music.
type player struct{ play, stop func() }

// Play, PlayPause and Stop are methods of the player.
func (p player) Play() *dbus.Error      { p.play(); return nil }
func (p player) PlayPause() *dbus.Error { p.play(); return nil }
func (p player) Stop() *dbus.Error      { p.stop(); return nil }

// Pause, Next and Previous mean nothing while it rings.
func (p player) Pause() *dbus.Error    { return nil }
func (p player) Next() *dbus.Error     { return nil }
func (p player) Previous() *dbus.Error { return nil }

// Raise and Quit are methods that every player has; this one does neither.
func (p player) Raise() *dbus.Error { return nil }
func (p player) Quit() *dbus.Error  { return nil }

// TakeMedia has the play key answer and the stop key decline until stop is called:
// those of keyboards and of headsets that have them. Both return at once; the
// functions are called from another goroutine. title is what the desktop shows.
func TakeMedia(connect func() (*dbus.Conn, error), title string, answer, decline func(), log *slog.Logger) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		defer crash.Guard()
		if err := offer(ctx, connect, title, player{answer, decline}); err != nil {
			log.Debug("there are no media keys", "err", err)
		}
	}()
	return cancel
}

// offer is on the bus until ctx ends.
func offer(ctx context.Context, connect func() (*dbus.Conn, error), title string, p player) error {
	conn, err := connect()
	if err != nil {
		return err
	}
	defer conn.Close()
	is := func(v any) *prop.Prop { return &prop.Prop{Value: v} }
	if _, err := prop.Export(conn, mediaPath, prop.Map{
		rootIface: {
			"Identity": is("Offhook"), "DesktopEntry": is(appID), "CanQuit": is(false), "CanRaise": is(false), "HasTrackList": is(false),
			"SupportedUriSchemes": is([]string{}), "SupportedMimeTypes": is([]string{}),
		},
		playerName: {
			"PlaybackStatus": is("Playing"), "Rate": is(1.0), "MinimumRate": is(1.0), "MaximumRate": is(1.0), "Volume": is(1.0), "Position": is(int64(0)),
			"Metadata": is(map[string]dbus.Variant{
				"mpris:trackid": dbus.MakeVariant(mediaPath + "/call"), "xesam:title": dbus.MakeVariant(title),
			}),
			"CanControl": is(true), "CanPlay": is(true), "CanPause": is(true), "CanSeek": is(false), "CanGoNext": is(false), "CanGoPrevious": is(false),
		},
	}); err != nil {
		return err
	}
	for _, iface := range []string{rootIface, playerName} {
		if err := conn.Export(p, mediaPath, iface); err != nil {
			return err
		}
	}
	// Another profile's phone may ring at the same time.
	r, err := conn.RequestName(fmt.Sprintf("%s.instance%d", MediaName, os.Getpid()), dbus.NameFlagDoNotQueue)
	if err != nil {
		return err
	}
	if r != dbus.RequestNameReplyPrimaryOwner {
		return errors.New("hotkeys: the player's name is taken")
	}
	select {
	case <-ctx.Done():
	case <-conn.Context().Done():
	}
	return nil
}
