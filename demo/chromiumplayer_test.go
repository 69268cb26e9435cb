//go:build interop

package demo

import (
	"encoding/base64"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"offhook/demo/exophone"
	"offhook/demo/platform"
	"offhook/demo/relay/relaytest"
	"offhook/internal/chromium"
	"offhook/voice/recording"
)

// A recording in a real browser: the console's player plays it, also from its middle,
// and the browser's own decoder finds each side in its channel.
func TestRecordingInChromium(t *testing.T) {
	dir := t.TempDir()
	_, key, err := recording.GenerateKey()
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "key")
	if err := os.WriteFile(file, []byte(key), 0o600); err != nil {
		t.Fatal(err)
	}
	p := startPlatform(t, Config{
		DataDir: filepath.Join(dir, "data"), RecordingKeyFile: file, Record: exophone.RecordAll, RecordingTold: "none",
		Accounts: []platform.Account{{SID: "demo", APIKey: "key", APIToken: "token", Exophone: DemoExophone, VoIP: true}},
	})
	alice := signedIn(t, p, "alice")
	session := talkToWith(t, alice, "announcer", relaytest.Tone(440, 3*time.Second))

	b := chromium.Start(t)
	b.Do("Network.enable", map[string]any{}, nil)
	b.Do("Network.setExtraHTTPHeaders", map[string]any{"headers": map[string]string{"Authorization": "Basic " + base64.StdEncoding.EncodeToString([]byte("key:token"))}}, nil)
	b.Do("Page.navigate", map[string]any{"url": p.URL() + "/console/calls/" + session}, nil)
	relaytest.Eventually(t, "the player", func() bool { return strings.Contains(b.Text("#recording"), "Download") })
	played := b.Eval(`(async () => {
		const a = document.querySelector("audio");
		a.muted = true;
		await a.play();
		a.currentTime = a.duration / 2;
		const from = a.currentTime;
		await new Promise((done) => { a.ontimeupdate = () => { if (a.currentTime > from + 0.3) done(); }; });
		return a.duration > 2 && a.duration < 20 ? "played" : "lasts " + a.duration;
	})()`)
	if played != "played" {
		t.Errorf("the player: %s", played)
	}
	found := b.Eval(`(async () => {
		const file = await fetch(document.querySelector("audio").src);
		const sound = await new OfflineAudioContext(2, 48000, 48000).decodeAudioData(await file.arrayBuffer());
		const tone = (c) => {
			const d = sound.getChannelData(c), n = Math.floor(Math.min(d.length, 144000) / 2);
			let s = 0, k = 0;
			for (let i = 0; i < n; i++) { const w = 2 * Math.PI * 440 * i / 48000; s += d[n / 2 + i | 0] * Math.sin(w); k += d[n / 2 + i | 0] * Math.cos(w); }
			return 2 * Math.hypot(s, k) / n;
		};
		return sound.numberOfChannels === 2 && tone(0) > 0.1 && tone(1) < 0.02 ? "right" : sound.numberOfChannels + " channels, tones " + tone(0) + " and " + tone(1);
	})()`)
	if found != "right" {
		t.Errorf("the browser finds %s", found)
	}
	b.Do("Page.reload", map[string]any{}, nil)
	relaytest.Eventually(t, "who has listened", func() bool { return strings.Contains(b.Text("#recording"), "by console") })
	picture(t, b, "console-recording.png")
}
