package settings

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func open(t *testing.T, dir string) *Store {
	t.Helper()
	s, remark, err := Open(dir)
	if err != nil || !remark.Empty() {
		t.Fatalf("Open: remark %q, err %v", remark, err)
	}
	return s
}

func TestSettingsSurviveARestart(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "new", "profile")
	s := open(t, dir)
	id := s.Get().DeviceID
	if len(id) != 36 {
		t.Fatalf("device id %q", id)
	}
	if _, err := s.Update(func(s *Settings) {
		s.Account.UserName, s.Audio.RingVolume, s.DeviceID = "alice", 400, "forged"
		s.Appearance.Theme = "purple"
	}); err != nil {
		t.Fatal(err)
	}
	again := open(t, dir).Get()
	if again.Account.UserName != "alice" || again.Audio.RingVolume != 100 || again.DeviceID != id || again.Appearance.Theme != "system" {
		t.Fatalf("read back %+v", again)
	}
	info, err := os.Stat(filepath.Join(dir, FileName))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("mode %v, err %v", info.Mode(), err)
	}
	left, _ := filepath.Glob(filepath.Join(dir, ".*"))
	if len(left) != 0 {
		t.Fatalf("temporary files left: %v", left)
	}
}

func TestBrokenFileIsSetAside(t *testing.T) {
	t.Parallel()
	for name, content := range map[string]string{
		"empty": "", "cut": `{"version":1,"audio":{"ring_vol`, "binary": "\x00\xff", "no version": `{}`,
		"wrong type": `{"version":1,"audio":[]}`, "huge": strings.Repeat(" ", maxFile+1),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			if err := os.WriteFile(filepath.Join(dir, FileName), []byte(content), 0o600); err != nil {
				t.Fatal(err)
			}
			s, remark, err := Open(dir)
			if err != nil || remark.Empty() {
				t.Fatalf("remark %q, err %v", remark, err)
			}
			if s.Get().Availability != "available" {
				t.Fatal("no defaults")
			}
			kept, _ := filepath.Glob(filepath.Join(dir, "*.bad"))
			if len(kept) != 1 {
				t.Fatalf("kept %v", kept)
			}
			open(t, dir)
		})
	}
}

func TestANewerFileKeepsWhatIsKnown(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	data := `{"version":9,"device_id":"d","hologram":true,"account":{"user_name":"bob"}}`
	if err := os.WriteFile(filepath.Join(dir, FileName), []byte(data), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := open(t, dir).Get(); got.Account.UserName != "bob" || got.DeviceID != "d" {
		t.Fatalf("%+v", got)
	}
}

func TestGetSharesNothing(t *testing.T) {
	t.Parallel()
	s := open(t, t.TempDir())
	if _, err := s.Update(func(s *Settings) {
		s.Favourites = []Favourite{{Name: "a", Number: "1"}}
		s.Appearance.Window = &Window{Width: 380, Height: 660}
	}); err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			got := s.Get()
			got.Favourites[0].Name = "b"
			got.Appearance.Window.X = 7
		})
	}
	wg.Wait()
	if got := s.Get(); got.Favourites[0].Name != "a" || got.Appearance.Window.X != 0 {
		t.Fatalf("%+v", got)
	}
}

func TestACountryIsACodeOrNothing(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]string{"IN": "IN", "us": "US", "itu": StandardTones, "": "", "India": "", "1N": "", "../": ""} {
		s := Default()
		s.Audio.Country = value
		s.normalise()
		if s.Audio.Country != want {
			t.Errorf("%q became %q", value, s.Audio.Country)
		}
	}
}

// An account of an older phone that refused transfers goes on to refuse them, and
// nonsense is no choice.
func TestTheRuleForTransfersIsCarriedOver(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	account := func(id, more string) string {
		return `{"id":"` + id + `","server":"wss://pbx.test","user":"a","domain":"pbx.test"` + more + `}`
	}
	file := `{"version":1,"sip_accounts":[` + strings.Join([]string{account("1", ""), account("2", `,"refuse_transfers":true`), account("3", `,"transfers":"ask"`),
		account("4", `,"transfers":"follow","refuse_transfers":true`), account("5", `,"transfers":"sometimes"`)}, ",") + `]}`
	if err := os.WriteFile(filepath.Join(dir, FileName), []byte(file), 0o600); err != nil {
		t.Fatal(err)
	}
	look := Look(dir).SIPAccounts
	for i, a := range open(t, dir).Get().SIPAccounts {
		if want := []string{"", "refuse", "ask", "follow", ""}[i]; a.Transfers != want || a.RefuseTransfers || look[i].Transfers != want {
			t.Errorf("%s: %q (looked at: %q), not %q", a.ID, a.Transfers, look[i].Transfers, want)
		}
	}
}

// Looking changes nothing, and finds the first settings where there are none that
// can be read.
func TestLookingChangesNothing(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "none")
	if got := Look(dir).Appearance; got != Default().Appearance {
		t.Errorf("%+v", got)
	}
	if _, err := os.Stat(dir); !os.IsNotExist(err) {
		t.Errorf("the folder was made: %v", err)
	}
	dir = t.TempDir()
	path := filepath.Join(dir, FileName)
	for text, want := range map[string]string{`{"version":1,"appearance":{"language":"hi"}}`: "hi", "{": Default().Appearance.Language} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		got := Look(dir).Appearance.Language
		kept, err := os.ReadFile(path)
		if got != want || err != nil || string(kept) != text {
			t.Errorf("%s: language %q, then %q, %v", text, got, kept, err)
		}
	}
}

// One wrong field costs that field and nothing else; the device's id is found in
// whatever is left of a file.
func TestAWrongFieldCostsNoOther(t *testing.T) {
	t.Parallel()
	const id = "7d444840-9dc0-11d1-b245-5ffdce74fad2"
	utf16le := func(text string) string {
		out := "\xff\xfe"
		for _, r := range text {
			out += string([]byte{byte(r), byte(r >> 8)})
		}
		return out
	}
	good := `{"version":1,"device_id":"` + id + `","account":{"user_name":"alice"},"audio":{"ring_volume":7}}`
	for name, c := range map[string]struct {
		content      string
		user, remark string
		volume       int
	}{
		"good":             {good, "alice", "", 7},
		"byte-order mark":  {"\ufeff" + good, "alice", "", 7},
		"UTF-16":           {utf16le(good), "alice", "", 7},
		"a number as text": {strings.Replace(good, `:7`, `:"loud"`, 1), "alice", "audio.ring_volume", 80},
		"a part as a list": {strings.Replace(good, `{"user_name":"alice"}`, `[]`, 1), "", "account", 7},
		"the version":      {strings.Replace(good, `:1,`, `:"one",`, 1), "alice", "version", 7},
		"null":             {strings.Replace(good, `:7`, `:null`, 1), "alice", "", 80},
		"cut":              {good[:len(good)-20], "alice", "mistake", 80},
		"no JSON":          {"# mine\n\"device_id\": \"" + id + "\"", "", "reset", 80},
		"an account": {strings.Replace(good, `"audio"`, `"sip_accounts":[{"id":"a@b","server":"tls://b","user":"a","domain":"b","expires_s":"x"},7],"audio"`, 1),
			"alice", "sip_accounts", 7},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			if err := os.WriteFile(filepath.Join(dir, FileName), []byte(c.content), 0o600); err != nil {
				t.Fatal(err)
			}
			s, remark, err := Open(dir)
			if err != nil {
				t.Fatal(err)
			}
			got := s.Get()
			if got.DeviceID != id || got.Account.UserName != c.user || got.Audio.RingVolume != c.volume {
				t.Errorf("%+v", got)
			}
			if (c.remark == "") != remark.Empty() || !strings.Contains(remark.String(), c.remark) {
				t.Errorf("remark %q, want %q", remark, c.remark)
			}
			if name == "an account" && (len(got.SIPAccounts) != 1 || got.SIPAccounts[0].User != "a") {
				t.Errorf("%+v", got.SIPAccounts)
			}
			if kept, _ := filepath.Glob(filepath.Join(dir, "*.bad")); (len(kept) == 1) != (c.remark != "") {
				t.Errorf("kept %v", kept)
			}
			if again := open(t, dir).Get(); again.DeviceID != id || again.Account.UserName != c.user {
				t.Errorf("the next start reads %+v", again)
			}
		})
	}
}

// A folder that can't be made or written costs no more than the memory of it.
func TestSettingsWithoutAFolder(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	s, remark, err := Open(filepath.Join(file, "profile"))
	if s == nil || err == nil || !strings.Contains(remark.String(), "until you quit") {
		t.Fatalf("%v, %q, %v", s, remark, err)
	}
	if _, err := s.Update(func(s *Settings) { s.Audio.RingVolume = 5 }); err == nil || s.Get().Audio.RingVolume != 5 || s.Get().DeviceID == "" {
		t.Errorf("%v, %+v", err, s.Get())
	}
}

func FuzzRead(f *testing.F) {
	for _, text := range []string{`{}`, `{"version":1,"favourites":[{"name":"x"}],"appearance":{"window":{"width":1e300}}}`, `{"version":1}`, "\xff\xfe{\x00}\x00", `{"audio":{"ring_volume":[]}}`, `{"favourites":[{"name":1}]}`} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		s, _ := read(data)
		before, after := s.Clone(), s.Clone()
		after.normalise()
		if !reflect.DeepEqual(before, after) {
			t.Errorf("%+v", s)
		}
	})
}
