package packaging

import (
	"crypto/sha256"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

func read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// node is an XML element; a property list is a tree of them.
type node struct {
	XMLName  xml.Name
	Text     string `xml:",chardata"`
	Children []node `xml:",any"`
}

// value turns an element of a property list into a string, bool, list or dict.
func (n node) value() (any, error) {
	switch n.XMLName.Local {
	case "string":
		return n.Text, nil
	case "true", "false":
		return n.XMLName.Local == "true", nil
	case "array":
		list := []any{}
		for _, c := range n.Children {
			v, err := c.value()
			if err != nil {
				return nil, err
			}
			list = append(list, v)
		}
		return list, nil
	case "dict":
		dict := map[string]any{}
		if len(n.Children)%2 != 0 {
			return nil, errors.New("a dict with a key too many")
		}
		for i := 0; i < len(n.Children); i += 2 {
			key := n.Children[i]
			if key.XMLName.Local != "key" || dict[key.Text] != nil {
				return nil, fmt.Errorf("%q is no key, or there twice", key.Text)
			}
			v, err := n.Children[i+1].value()
			if err != nil {
				return nil, err
			}
			dict[key.Text] = v
		}
		return dict, nil
	}
	return nil, fmt.Errorf("an element %q in a property list", n.XMLName.Local)
}

func plist(t *testing.T, name string) map[string]any {
	t.Helper()
	var root node
	if err := xml.Unmarshal([]byte(read(t, name)), &root); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	if root.XMLName.Local != "plist" || len(root.Children) != 1 {
		t.Fatalf("%s is no property list", name)
	}
	v, err := root.Children[0].value()
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return v.(map[string]any)
}

func TestInfoPlist(t *testing.T) {
	t.Parallel()
	info := plist(t, "macos/Info.plist.in")
	for key, want := range map[string]string{
		"CFBundleExecutable": "offhook", "CFBundleIconFile": "offhook.icns", "CFBundleIdentifier": "io.offhook.Offhook", "CFBundlePackageType": "APPL",
		"CFBundleName": "Offhook", "LSMinimumSystemVersion": "12.0", "NSPrincipalClass": "NSApplication", "CFBundleShortVersionString": "@SHORT@", "CFBundleVersion": "@QUAD@", "LSApplicationCategoryType": "public.app-category.business",
	} {
		if info[key] != want {
			t.Errorf("%s is %v, want %q", key, info[key], want)
		}
	}
	// Without its text macOS ends a program that opens the microphone.
	if text, _ := info["NSMicrophoneUsageDescription"].(string); len(text) < 40 {
		t.Errorf("the microphone's text is %q", text)
	}
	if info["LSUIElement"] != nil {
		t.Error("the phone would have no icon in the Dock")
	}
	if info["NSHighResolutionCapable"] != true {
		t.Error("the window would be blurred")
	}
	var schemes []any
	for _, kind := range info["CFBundleURLTypes"].([]any) {
		schemes = append(schemes, kind.(map[string]any)["CFBundleURLSchemes"].([]any)...)
	}
	if !slices.Equal(schemes, []any{"tel", "sip", "sips"}) {
		t.Errorf("the schemes are %v", schemes)
	}
}

func TestEntitlements(t *testing.T) {
	t.Parallel()
	got := plist(t, "macos/entitlements.plist")
	if got["com.apple.security.device.audio-input"] != true {
		t.Error("the hardened runtime would give no microphone")
	}
	for key, on := range got {
		if on != true || strings.HasPrefix(key, "com.apple.security.cs.") {
			t.Errorf("%s = %v weakens the hardened runtime, or is off", key, on)
		}
	}
}

// onMacOS are the scripts that a Mac's make runs to their end.
var onMacOS = map[string]bool{"deps.sh": true, "version.sh": true, "vetothers.sh": true, "vulncheck.sh": true, "lintscripts.sh": true, "licences.sh": true,
	"macos/package.sh": true, "macos/notarise.sh": true}

// A shell that is wrong is found here and not on a Mac, or at a release.
func TestScripts(t *testing.T) {
	t.Parallel()
	scripts, err := filepath.Glob("*.sh")
	if err != nil {
		t.Fatal(err)
	}
	below, err := filepath.Glob("*/*.sh")
	if err != nil {
		t.Fatal(err)
	}
	scripts = append(scripts, below...)
	if len(scripts) < 18 {
		t.Errorf("only these were found: %v", scripts)
	}
	for _, script := range scripts {
		if out, err := exec.Command("bash", "-n", script).CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s", script, err, out)
		}
		text := read(t, script)
		if !strings.HasPrefix(text, "#!/usr/bin/env bash\n") || !regexp.MustCompile(`(?m)^set -e?uo pipefail$`).MatchString(text) {
			t.Errorf("%s goes on after an error, or is of another shell", script)
		}
		// macOS has bash 3.2 of 2007.
		if word := regexp.MustCompile(`\b(mapfile|readarray|declare -A|EPOCHREALTIME)\b|\$\{[a-z_]+(,,|\^\^)`).FindString(text); word != "" && onMacOS[script] {
			t.Errorf("%s runs on macOS, whose bash knows no %s", script, word)
		}
	}
}

func TestVersions(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ version, form, want string }{
		{"1.2.3", "", "1.2.3"},
		{"1.2.3", "deb", "1.2.3"},
		{"1.2.3", "quad", "1.2.3.65535"},
		{"1.2.3", "msi", "1.2.8191"},
		{"1.2.4-dev.5+g0abcdef0", "", "1.2.4-dev.5+g0abcdef0"},
		{"1.2.4-dev.5+g0abcdef0", "deb", "1.2.4~dev5.g0abcdef0"},
		{"1.2.4-dev.5+g0abcdef0", "quad", "1.2.4.5"},
		{"1.2.4-dev.5+g0abcdef0", "msi", "1.2.8197"},
		{"2.0.0-rc1", "deb", "2.0.0~rc1"},
		{"2.0.0-rc1", "quad", "2.0.0.60042"},
		{"2.0.0-rc1", "msi", "2.0.2025"},
	} {
		cmd := exec.Command("./version.sh", test.form)
		cmd.Env = append(os.Environ(), "OFFHOOK_VERSION="+test.version)
		out, err := cmd.Output()
		if got := strings.TrimSpace(string(out)); err != nil || got != test.want {
			t.Errorf("version.sh %s of %s: %q, %v; want %q", test.form, test.version, got, err, test.want)
		}
	}
}

// Each package of Windows upgrades those of earlier versions: what Windows compares of
// two versions rises as they do, also between two commits and from a pre-release to the
// release. A patch that has no place there stops the packaging.
func TestVersionsRise(t *testing.T) {
	t.Parallel()
	form := func(version, form string) (string, error) {
		cmd := exec.Command("./version.sh", form)
		cmd.Env = append(os.Environ(), "OFFHOOK_VERSION="+version)
		out, err := cmd.Output()
		return strings.TrimSpace(string(out)), err
	}
	for _, fields := range []struct {
		form string
		most []int
	}{{"msi", []int{255, 255, 65535}}, {"quad", []int{65535, 65535, 65535, 65535}}} {
		var before []int
		for _, version := range []string{"0.0.1", "0.1.0-dev.1+g1", "0.1.0-dev.871+g1", "0.1.0-dev.1900+g1", "0.1.0-alpha1", "0.1.0-beta.2", "0.1.0-rc1", "0.1.0-rc2", "0.1.0",
			"0.1.1-dev.1+g1", "0.1.1", "0.1.31", "0.2.0-dev.3+g1", "0.2.0", "1.0.0-rc1", "1.0.0", "1.10.2", "2.0.0"} {
			text, err := form(version, fields.form)
			if err != nil {
				t.Fatal(err)
			}
			var now []int
			for i, f := range strings.Split(text, ".") {
				n, err := strconv.Atoi(f)
				if err != nil || i >= len(fields.most) || n > fields.most[i] {
					t.Fatalf("%s of %s is %s", fields.form, version, text)
				}
				now = append(now, n)
			}
			if slices.Compare(before, now) >= 0 {
				t.Errorf("%s of %s is %v, and %v stood before it", fields.form, version, now, before)
			}
			before = now
		}
	}
	if text, err := form("1.2.32", "msi"); err == nil {
		t.Errorf("a patch without a place becomes %s", text)
	}
}

// What a Mac does cannot be tried elsewhere; that the steps are there, in their order, can.
func TestTheMacsSteps(t *testing.T) {
	t.Parallel()
	script := read(t, "macos/package.sh")
	for _, step := range []string{
		"MACOSX_DEPLOYMENT_TARGET=12.0", "go build -trimpath", "lipo -create", "otool -L", "plutil -lint", "go run ./packaging/macos/icns", "packaging/licences.sh",
		"codesign --force --options runtime", "--entitlements packaging/macos/entitlements.plist", "codesign --verify --strict", "hdiutil create", "packaging/macos/notarise.sh",
	} {
		_, rest, found := strings.Cut(script, step)
		if !found {
			t.Fatalf("macos/package.sh has no %q, or has it too early", step)
		}
		script = rest
	}
	script = read(t, "macos/notarise.sh")
	for _, step := range []string{"notarytool submit", "--wait", "stapler staple", "spctl --assess"} {
		_, rest, found := strings.Cut(script, step)
		if !found {
			t.Fatalf("macos/notarise.sh has no %q, or has it too early", step)
		}
		script = rest
	}
}

// What the three systems are told of links and names agrees.
func TestRecipesAgree(t *testing.T) {
	t.Parallel()
	desktop := read(t, "linux/offhook.desktop")
	meta := read(t, "linux/io.offhook.Offhook.metainfo.xml")
	nsi, wxs := read(t, "windows/offhook.nsi"), read(t, "windows/offhook.wxs")
	for _, scheme := range []string{"tel", "sip", "sips"} {
		for name, found := range map[string]bool{
			"offhook.desktop":  strings.Contains(desktop, "x-scheme-handler/"+scheme+";"),
			"metainfo":         strings.Contains(meta, "x-scheme-handler/"+scheme+"<"),
			"offhook.nsi":      strings.Contains(nsi, `!insertmacro Scheme "`+scheme+`"`) && strings.Contains(nsi, `DeleteRegKey SHCTX "Software\Classes\offhook.`+scheme+`"`),
			"offhook.wxs":      strings.Contains(wxs, `URLAssociations" Name="`+scheme+`"`),
			"the link's value": strings.Contains(wxs, `Software\Classes\offhook.`+scheme+`\shell\open\command`),
		} {
			if !found {
				t.Errorf("%s does not take %s: links", name, scheme)
			}
		}
	}
	if !strings.Contains(desktop, "Exec=offhook %u\n") || !strings.Contains(meta, "<id>io.offhook.Offhook</id>") || !strings.Contains(meta, "LicenseRef-proprietary") {
		t.Error("the desktop's files have lost their names")
	}
	if !strings.Contains(read(t, "linux/nfpm.yaml.in"), "license: LicenseRef-proprietary") {
		t.Error("the packages name no licence")
	}
	for _, name := range []string{"linux/io.offhook.Offhook.metainfo.xml", "windows/offhook.wxs", "windows/offhook.manifest"} {
		d := xml.NewDecoder(strings.NewReader(read(t, name)))
		for {
			if _, err := d.Token(); err != nil {
				if !errors.Is(err, io.EOF) {
					t.Errorf("%s: %v", name, err)
				}
				break
			}
		}
	}
	manifest := read(t, "windows/offhook.manifest")
	for _, must := range []string{"PerMonitorV2", "<longPathAware", "asInvoker"} {
		if !strings.Contains(manifest, must) {
			t.Errorf("the manifest has no %s", must)
		}
	}
}

// The units are of a form that systemd takes.
func TestUnits(t *testing.T) {
	t.Parallel()
	analyze, err := exec.LookPath("systemd-analyze")
	if err != nil {
		t.Skip(err)
	}
	for unit, of := range map[string]string{"linux/offhook-headless.service": "--user", "platform/offhook-demo.service": "--system"} {
		// The program and its manual are not installed here.
		text := regexp.MustCompile(`(?m)/usr/bin/\S+`).ReplaceAllString(read(t, unit), "/bin/true")
		text = regexp.MustCompile(`(?m)^Documentation=.*$`).ReplaceAllString(text, "")
		file := filepath.Join(t.TempDir(), filepath.Base(unit))
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		cmd := exec.Command(analyze, of, "verify", file)
		cmd.Env = append(os.Environ(), "XDG_RUNTIME_DIR="+t.TempDir())
		if out, err := cmd.CombinedOutput(); err != nil || strings.Contains(string(out), filepath.Base(unit)+":") {
			t.Errorf("%s: %v: %s", unit, err, out)
		}
	}
}

// What catalogues are told agrees with what the packages are.
func TestManifests(t *testing.T) {
	t.Parallel()
	dist := t.TempDir()
	for _, name := range []string{"linux-amd64.tar.xz", "macos.dmg"} {
		if err := os.WriteFile(filepath.Join(dist, "offhook-1.2.3-"+name), []byte("the same"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command("./manifests.sh", dist, "https://get.example/1.2.3")
	cmd.Env = append(os.Environ(), "OFFHOOK_VERSION=1.2.3")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	sum := fmt.Sprintf("%x", sha256.Sum256([]byte("the same")))
	for name, must := range map[string][]string{
		"flatpak/io.offhook.Offhook.yaml": {"url: https://get.example/1.2.3/offhook-1.2.3-linux-amd64.tar.xz\n", "sha256: " + sum, "app-id: io.offhook.Offhook\n"},
		"homebrew/offhook.rb":             {`version "1.2.3"`, `sha256 "` + sum + `"`, `url "https://get.example/1.2.3/offhook-#{version}-macos.dmg"`},
	} {
		text, err := os.ReadFile(filepath.Join(dist, "manifests", name))
		if err != nil {
			t.Error(err)
		}
		for _, m := range must {
			if !strings.Contains(string(text), m) {
				t.Errorf("%s lacks %q:\n%s", name, m, text)
			}
		}
	}
	for _, name := range []string{"winget.yaml.in", "winget.installer.yaml.in", "winget.locale.en-US.yaml.in"} {
		text := read(t, "manifests/"+name)
		if !strings.Contains(text, "PackageIdentifier: Offhook.Offhook\nPackageVersion: @VERSION@\n") || !strings.Contains(text, "ManifestVersion: 1.6.0\n") {
			t.Errorf("%s has another form", name)
		}
	}
}
