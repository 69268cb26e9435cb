package provision

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"reflect"
	"strings"

	"offhook/app/settings"
)

// Templates returns the files by which Windows's group policy and macOS's profiles set
// every setting that a policy has a say in, by their names: offhook.admx,
// en-US/offhook.adml, offhook.mobileconfig, and the policy's JSON schema.
func Templates() (map[string][]byte, error) {
	schema, err := Schema()
	if err != nil {
		return nil, err
	}
	var list []template
	d := settings.Default()
	for _, e := range settings.Table {
		if !e.Own {
			list = append(list, template{Entry: e, value: e.Get(d)})
		}
	}
	admx, adml := groupPolicy(list)
	profile, err := macProfile(list)
	if err != nil {
		return nil, err
	}
	return map[string][]byte{
		"policy-schema.json": append(schema, '\n'), "offhook.admx": admx, "en-US/offhook.adml": adml, "offhook.mobileconfig": profile,
	}, nil
}

// template is a setting and its value of a new installation.
type template struct {
	settings.Entry
	value any
}

// id is the setting's path as an identifier.
func (t template) id() string { return strings.ReplaceAll(t.Path, ".", "_") }

// part is the part of the settings that it belongs to.
func (t template) part() string {
	part, _, ok := strings.Cut(t.Path, ".")
	if !ok {
		return "general"
	}
	return part
}

func (t template) kind() reflect.Kind { return reflect.TypeOf(t.value).Kind() }

// texts reports whether it is a list of texts.
func (t template) texts() bool {
	return t.kind() == reflect.Slice && reflect.TypeOf(t.value).Elem().Kind() == reflect.String
}

// explained is what the administrator reads of it.
func (t template) explained() string {
	text := t.About
	switch {
	case t.kind() == reflect.Slice && !t.texts(), t.kind() == reflect.Map:
		text += "\n\nThe value is JSON, over as many lines as you like."
	case t.Default != nil:
		text += fmt.Sprintf("\n\nA new installation has: %v.", t.Default)
	}
	return text + "\n\nThe user can't change what is set here."
}

// escaped is text within XML.
func escaped(text string) string {
	var b bytes.Buffer
	_ = xml.EscapeText(&b, []byte(text)) // a buffer takes everything
	return b.String()
}

const (
	policyKey  = `SOFTWARE\Policies\Offhook`
	managedSub = policyKey + `\Settings` // what fromSystem reads on Windows
)

// groupPolicy writes the administrative template and its English texts.
func groupPolicy(list []template) (admx, adml []byte) {
	var policies, texts, shapes strings.Builder
	say := func(id, text string) {
		fmt.Fprintf(&texts, "      <string id=\"%s\">%s</string>\n", id, escaped(text))
	}
	say("supported", "Offhook 0.1 and later")
	say("offhook", "Offhook")
	policy := func(id, path, explained, part, key, value, elements, shape string) {
		say(id, path)
		say(id+"_explained", explained)
		attributes := fmt.Sprintf(`name="%s" class="Machine" displayName="$(string.%s)" explainText="$(string.%s_explained)" key="%s"`, id, id, id, key)
		if value != "" {
			attributes += fmt.Sprintf(` valueName="%s"`, value)
		}
		if shape != "" {
			attributes += fmt.Sprintf(` presentation="$(presentation.%s)"`, id)
			fmt.Fprintf(&shapes, "      <presentation id=\"%s\">%s</presentation>\n", id, shape)
		}
		fmt.Fprintf(&policies, "    <policy %s>\n      <parentCategory ref=\"%s\"/>\n      <supportedOn ref=\"supported\"/>\n%s    </policy>\n", attributes, part, elements)
	}
	element := func(format string, args ...any) string {
		return "      <elements>\n        " + fmt.Sprintf(format, args...) + "\n      </elements>\n"
	}

	elements := element(`<text id="value" valueName="Policy" maxLength="65536"/>`)
	policy("policy", "The whole policy", "A policy as one JSON object, as docs/admin.md has it: what is set here may be locked or only what users begin with. "+
		"Settings that are set one by one go before it.", "offhook", policyKey, "", elements, `<textBox refId="value"><label>JSON</label></textBox>`)
	for _, path := range []string{"url", "webhook_secret"} {
		policy(path, path, fields[path], "offhook", managedSub, "", element(`<text id="value" valueName="%s"/>`, path), fmt.Sprintf(`<textBox refId="value"><label>%s</label></textBox>`, path))
	}
	var parts []string
	for _, t := range list {
		part := t.part()
		if len(parts) == 0 || !strings.Contains(" "+strings.Join(parts, " ")+" ", " "+part+" ") {
			parts = append(parts, part)
			say("part_"+part, part)
		}
		value, elements, shape := "", "", ""
		switch {
		case t.kind() == reflect.Bool:
			value = t.Path
			elements = "      <enabledValue><decimal value=\"1\"/></enabledValue>\n      <disabledValue><decimal value=\"0\"/></disabledValue>\n"
		case t.kind() == reflect.Int:
			elements = element(`<decimal id="value" valueName="%s" minValue="%d" maxValue="%d"/>`, t.Path, t.Min, t.Max)
			shape = fmt.Sprintf(`<decimalTextBox refId="value" defaultValue="%d">%s</decimalTextBox>`, t.value, t.Path)
		case len(t.Choices) > 0:
			items := ""
			for _, c := range t.Choices {
				say(t.id()+"_"+c, c)
				items += fmt.Sprintf(`<item displayName="$(string.%s_%s)"><value><string>%s</string></value></item>`, t.id(), c, c)
			}
			elements = element(`<enum id="value" valueName="%s" required="true">%s</enum>`, t.Path, items)
			shape = fmt.Sprintf(`<dropdownList refId="value">%s</dropdownList>`, t.Path)
		case t.kind() == reflect.String:
			elements = element(`<text id="value" valueName="%s"/>`, t.Path)
			shape = fmt.Sprintf(`<textBox refId="value"><label>%s</label></textBox>`, t.Path)
		case t.texts():
			elements = element(`<list id="value" key="%s\%s" valuePrefix=""/>`, managedSub, t.Path)
			shape = fmt.Sprintf(`<listBox refId="value">%s</listBox>`, t.Path)
		default:
			elements = element(`<multiText id="value" valueName="%s" maxLength="65536"/>`, t.Path)
			shape = fmt.Sprintf(`<multiTextBox refId="value">%s</multiTextBox>`, t.Path)
		}
		policy("setting_"+t.id(), t.Path, t.explained(), "part_"+part, managedSub, value, elements, shape)
	}
	var categories strings.Builder
	for _, part := range parts {
		fmt.Fprintf(&categories, "    <category name=\"part_%s\" displayName=\"$(string.part_%s)\"><parentCategory ref=\"offhook\"/></category>\n", part, part)
	}
	admx = fmt.Appendf(nil, `<?xml version="1.0" encoding="utf-8"?>
<policyDefinitions xmlns="http://schemas.microsoft.com/GroupPolicy/2006/07/PolicyDefinitions" revision="1.0" schemaVersion="1.0">
  <policyNamespaces>
    <target prefix="offhook" namespace="Offhook.Policies"/>
  </policyNamespaces>
  <resources minRequiredRevision="1.0"/>
  <supportedOn>
    <definitions>
      <definition name="supported" displayName="$(string.supported)"/>
    </definitions>
  </supportedOn>
  <categories>
    <category name="offhook" displayName="$(string.offhook)"/>
%s  </categories>
  <policies>
%s  </policies>
</policyDefinitions>
`, categories.String(), policies.String())
	adml = fmt.Appendf(nil, `<?xml version="1.0" encoding="utf-8"?>
<policyDefinitionResources xmlns="http://schemas.microsoft.com/GroupPolicy/2006/07/PolicyDefinitions" revision="1.0" schemaVersion="1.0">
  <displayName>Offhook</displayName>
  <description>What an administrator decides for the softphone Offhook</description>
  <resources>
    <stringTable>
%s    </stringTable>
    <presentationTable>
%s    </presentationTable>
  </resources>
</policyDefinitionResources>
`, texts.String(), shapes.String())
	return admx, adml
}

// macProfile writes a profile with every setting at its value of a new installation.
// An administrator takes out those that users may choose.
func macProfile(list []template) ([]byte, error) {
	var keys strings.Builder
	for _, t := range list {
		// By way of JSON, so that the names within are those of settings.json.
		data, err := json.Marshal(t.value)
		if err != nil {
			return nil, err
		}
		fmt.Fprintf(&keys, "\t\t\t\t\t\t\t\t<!-- %s -->\n\t\t\t\t\t\t\t\t<key>%s</key>\n", strings.ReplaceAll(t.About, "--", "- -"), escaped(t.Path))
		keys.WriteString("\t\t\t\t\t\t\t\t")
		switch {
		case t.kind() == reflect.Bool:
			fmt.Fprintf(&keys, "<%s/>", data)
		case t.kind() == reflect.Int:
			fmt.Fprintf(&keys, "<integer>%s</integer>", data)
		case t.kind() == reflect.Slice:
			keys.WriteString("<array/>")
		case t.kind() == reflect.Map:
			keys.WriteString("<dict/>")
		default:
			fmt.Fprintf(&keys, "<string>%s</string>", escaped(fmt.Sprint(t.value)))
		}
		keys.WriteString("\n")
	}
	return fmt.Appendf(nil, `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<!-- Take out the settings that users may choose: what stays can't be changed by them. -->
<plist version="1.0">
<dict>
	<key>PayloadType</key>
	<string>Configuration</string>
	<key>PayloadVersion</key>
	<integer>1</integer>
	<key>PayloadIdentifier</key>
	<string>io.offhook.Offhook.policy</string>
	<key>PayloadUUID</key>
	<string>6A1F4C0B-6E0E-4B57-9B0C-3C1C7B8D2E51</string>
	<key>PayloadDisplayName</key>
	<string>Offhook</string>
	<key>PayloadScope</key>
	<string>System</string>
	<key>PayloadContent</key>
	<array>
		<dict>
			<key>PayloadType</key>
			<string>com.apple.ManagedClient.preferences</string>
			<key>PayloadVersion</key>
			<integer>1</integer>
			<key>PayloadIdentifier</key>
			<string>io.offhook.Offhook.policy.settings</string>
			<key>PayloadUUID</key>
			<string>B7C1D2E3-0F4A-4D5B-8C6E-9A1B2C3D4E52</string>
			<key>PayloadContent</key>
			<dict>
				<key>io.offhook.Offhook</key>
				<dict>
					<key>Forced</key>
					<array>
						<dict>
							<key>mcx_preference_settings</key>
							<dict>
%s							</dict>
						</dict>
					</array>
				</dict>
			</dict>
		</dict>
	</array>
</dict>
</plist>
`, keys.String()), nil
}
