package provision

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"os/exec"
	"reflect"
	"slices"
	"strings"
	"testing"

	"offhook/app/settings"
)

func templatesOf(t *testing.T) map[string][]byte {
	t.Helper()
	files, err := Templates()
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// managedPaths are the settings that a policy has a say in.
func managedPaths() (paths []string) {
	for _, e := range settings.Table {
		if !e.Own {
			paths = append(paths, e.Path)
		}
	}
	slices.Sort(paths)
	return paths
}

// textOfSetting are texts that settings take which take not any.
var textOfSetting = map[string]string{
	"audio.country": "IN", "account.discovery_url": "https://find.example", "updates.url": "https://new.example",
	"recording.public_key": "age1" + strings.Repeat("q", 58),
}

// The administrative template has each setting once, its texts are there, and what the
// group policy writes for it into the registry is a policy that sets and locks it.
func TestTheGroupPolicySetsEachSetting(t *testing.T) {
	t.Parallel()
	files := templatesOf(t)
	type attr struct {
		ValueName string `xml:"valueName,attr"`
		Key       string `xml:"key,attr"`
		Max       uint64 `xml:"maxValue,attr"`
		Items     []struct {
			Value string `xml:"value>string"`
		} `xml:"item"`
	}
	var admx struct {
		Categories []struct {
			Name string `xml:"name,attr"`
		} `xml:"categories>category"`
		Policies []struct {
			Name         string `xml:"name,attr"`
			Class        string `xml:"class,attr"`
			Display      string `xml:"displayName,attr"`
			Explain      string `xml:"explainText,attr"`
			Presentation string `xml:"presentation,attr"`
			Key          string `xml:"key,attr"`
			ValueName    string `xml:"valueName,attr"`
			Parent       struct {
				Ref string `xml:"ref,attr"`
			} `xml:"parentCategory"`
			Decimal   *attr `xml:"elements>decimal"`
			Enum      *attr `xml:"elements>enum"`
			Text      *attr `xml:"elements>text"`
			List      *attr `xml:"elements>list"`
			MultiText *attr `xml:"elements>multiText"`
		} `xml:"policies>policy"`
	}
	if err := xml.Unmarshal(files["offhook.admx"], &admx); err != nil {
		t.Fatal(err)
	}
	var adml struct {
		Strings []struct {
			ID   string `xml:"id,attr"`
			Text string `xml:",chardata"`
		} `xml:"resources>stringTable>string"`
		Shapes []struct {
			ID    string `xml:"id,attr"`
			Inner string `xml:",innerxml"`
		} `xml:"resources>presentationTable>presentation"`
	}
	if err := xml.Unmarshal(files["en-US/offhook.adml"], &adml); err != nil {
		t.Fatal(err)
	}
	there := map[string]bool{}
	for _, s := range adml.Strings {
		if there["$(string."+s.ID+")"] || s.Text == "" {
			t.Errorf("the text %s is there twice, or empty", s.ID)
		}
		there["$(string."+s.ID+")"] = true
	}
	for _, s := range adml.Shapes {
		if !strings.Contains(s.Inner, `refId="value"`) {
			t.Errorf("the presentation %s shows nothing", s.ID)
		}
		there["$(presentation."+s.ID+")"] = true
	}
	for _, c := range admx.Categories {
		there[c.Name] = true
	}
	named := 0
	for rest := string(files["offhook.admx"]); ; named++ {
		_, after, ok := strings.Cut(rest, "$(string.")
		if !ok {
			break
		}
		id, _, _ := strings.Cut(after, ")")
		if !there["$(string."+id+")"] {
			t.Errorf("the text %s is missing", id)
		}
		rest = after
	}
	if named != len(adml.Strings) {
		t.Errorf("%d texts are named and %d are there", named, len(adml.Strings))
	}

	var paths []string
	for _, p := range admx.Policies {
		if !there[p.Parent.Ref] || p.Presentation != "" && !there[p.Presentation] || p.Class != "Machine" || (p.Presentation == "") != (p.ValueName != "") {
			t.Errorf("%s: %+v", p.Name, p)
		}
		path, ok := strings.CutPrefix(p.Name, "setting_")
		if !ok {
			continue
		}
		var written []any
		switch {
		case p.ValueName != "":
			path, written = p.ValueName, []any{uint64(1), uint64(0)}
		case p.Decimal != nil:
			path, written = p.Decimal.ValueName, []any{p.Decimal.Max}
		case p.Enum != nil:
			path = p.Enum.ValueName
			for _, i := range p.Enum.Items {
				written = append(written, i.Value)
			}
		case p.Text != nil:
			path = p.Text.ValueName
			text := "a"
			if known := textOfSetting[path]; known != "" {
				text = known
			}
			written = []any{text}
		case p.List != nil:
			path = strings.TrimPrefix(p.List.Key, managedSub+`\`)
			written = []any{[]string{"https://a.example", "https://b.example"}}
		case p.MultiText != nil:
			path, written = p.MultiText.ValueName, []any{[]string{"", "null", ""}}
		}
		paths = append(paths, path)
		for _, value := range written {
			data, err := merge(nil, map[string]any{path: value})
			if err != nil {
				t.Errorf("%s: %v", path, err)
				continue
			}
			policy, err := Parse(data)
			if err != nil {
				t.Errorf("%s, as %v: %v", path, value, err)
				continue
			}
			s := settings.Default()
			policy.Apply(&s)
			e, _ := settings.Of(path)
			want := value
			if n, ok := value.(uint64); ok && reflect.TypeOf(e.Get(s)).Kind() == reflect.Bool {
				want = n == 1
			}
			if got := e.Get(s); p.MultiText == nil && fmt.Sprint(got) != fmt.Sprint(want) || !s.IsLocked(path) {
				t.Errorf("%s is %v and not %v, locked %t", path, got, want, s.IsLocked(path))
			}
		}
	}
	slices.Sort(paths)
	if !slices.Equal(paths, managedPaths()) {
		t.Errorf("the template has\n%v\nand the table\n%v", paths, managedPaths())
	}
}

// dict reads a property list.
func dict(t *testing.T, d *xml.Decoder) any {
	t.Helper()
	for {
		token, err := d.Token()
		if err != nil {
			t.Fatal(err)
		}
		switch x := token.(type) {
		case xml.EndElement:
			return nil
		case xml.StartElement:
			switch x.Name.Local {
			case "plist":
				return dict(t, d)
			case "dict":
				out := map[string]any{}
				for {
					key := dict(t, d)
					if key == nil {
						return out
					}
					if _, twice := out[key.(string)]; twice {
						t.Errorf("%s is there twice", key)
					}
					out[key.(string)] = dict(t, d)
				}
			case "array":
				out := []any{}
				for {
					item := dict(t, d)
					if item == nil {
						return out
					}
					out = append(out, item)
				}
			case "true", "false":
				if err := d.Skip(); err != nil {
					t.Fatal(err)
				}
				return x.Name.Local == "true"
			}
			var text string
			if err := d.DecodeElement(&text, &x); err != nil {
				t.Fatal(err)
			}
			if x.Name.Local == "integer" {
				var n float64 // as JSON has it
				if _, err := fmt.Sscan(text, &n); err != nil {
					t.Fatal(err)
				}
				return n
			}
			return text
		}
	}
}

// The profile for macOS has each setting, and as it is it locks each at its value of a
// new installation.
func TestTheProfileSetsEachSetting(t *testing.T) {
	t.Parallel()
	file := templatesOf(t)["offhook.mobileconfig"]
	profile := dict(t, xml.NewDecoder(bytes.NewReader(file))).(map[string]any)
	payload := profile["PayloadContent"].([]any)[0].(map[string]any)
	forced := payload["PayloadContent"].(map[string]any)["io.offhook.Offhook"].(map[string]any)["Forced"].([]any)
	managed := forced[0].(map[string]any)["mcx_preference_settings"].(map[string]any)
	data, err := merge(nil, managed)
	if err != nil {
		t.Fatal(err)
	}
	policy, err := Parse(data)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(policy.Locked, managedPaths()) {
		t.Errorf("it locks\n%v\nand the table has\n%v", policy.Locked, managedPaths())
	}
	s := settings.Default()
	policy.Apply(&s)
	s.Locked = nil
	got, _ := json.Marshal(s)
	want, _ := json.Marshal(settings.Default())
	if !bytes.Equal(got, want) {
		t.Errorf("it sets\n%s\nand a new installation has\n%s", got, want)
	}
	if lint, err := exec.LookPath("plutil"); err == nil { // on a Mac
		cmd := exec.Command(lint, "-lint", "-")
		cmd.Stdin = bytes.NewReader(file)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%v: %s", err, out)
		}
	}
}

// What the system manages beside a policy's text is added to it and locked; what is
// wrong with either stops the start.
func TestManagedSettings(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		text    string
		managed map[string]any
		locked  string // "" where it is refused
		theme   string
		volume  int
	}{
		{`{"version":1,"settings":{"appearance.theme":"dark","audio.ring_volume":20},"locked":["calls"]}`, map[string]any{"audio.ring_volume": uint64(55)}, "audio.ring_volume calls", "dark", 55},
		{"", map[string]any{"appearance.theme": "light", "audio.ring_volume": 7.0, "url": "https://p.example"}, "appearance.theme audio.ring_volume", "light", 7},
		{`{"version":1,"locked":["appearance.theme"]}`, map[string]any{"appearance.theme": "light"}, "appearance.theme", "light", 80},
		{"", map[string]any{"integrations.pops": []string{`[{"when":"ring",`, `"url":"https://crm.example/{number}"}]`}}, "integrations.pops", "system", 80},
		{"", map[string]any{"integrations.pops": []any{map[string]any{"when": "ring", "url": "https://crm.example/{number}"}}}, "integrations.pops", "system", 80},
		{"", map[string]any{"sip_accounts": `[{"id":`}, "", "", 0},
		{"", map[string]any{"appearance.theme": "purple"}, "", "", 0},
		{"", map[string]any{"audio.echo_cancellation": uint64(2)}, "", "", 0},
		{"", map[string]any{"device_id": "x"}, "", "", 0},
		{"", map[string]any{"no.such": uint64(1)}, "", "", 0},
		{`{"version":1`, map[string]any{"appearance.theme": "light"}, "", "", 0},
		{`{"version":1,"settings":[]}`, map[string]any{"appearance.theme": "light"}, "", "", 0},
	} {
		data, err := merge([]byte(row.text), row.managed)
		var p *Policy
		if err == nil {
			p, err = Parse(data)
		}
		if (err != nil) != (row.locked == "") {
			t.Errorf("%s and %v: %v", row.text, row.managed, err)
		}
		if err != nil {
			continue
		}
		s := settings.Default()
		p.Apply(&s)
		if strings.Join(s.Locked, " ") != row.locked || s.Appearance.Theme != row.theme || s.Audio.RingVolume != row.volume {
			t.Errorf("%s and %v: locked %v, %s, %d", row.text, row.managed, s.Locked, s.Appearance.Theme, s.Audio.RingVolume)
		}
	}
	if data, err := merge([]byte("as it is"), nil); err != nil || string(data) != "as it is" {
		t.Errorf("%s, %v", data, err)
	}
}
