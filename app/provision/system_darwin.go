package provision

import (
	"encoding/json"
	"os/exec"
)

// domain is the phone's name in macOS's preferences.
const domain = "io.offhook.Offhook"

// fromSystem reads managed preferences, then the machine's own: the key Policy holds a
// policy, and keys that are settings' paths hold single ones, as the profile of
// templates.go has them. Without a key Policy the machine's file is read.
func fromSystem() ([]byte, error) {
	for _, plist := range []string{"/Library/Managed Preferences/" + domain, "/Library/Preferences/" + domain} {
		out, err := exec.Command("/usr/bin/plutil", "-convert", "json", "-o", "-", plist+".plist").Output()
		if err != nil {
			continue // there is none, or nothing that a policy can be
		}
		var managed map[string]any
		if json.Unmarshal(out, &managed) != nil || len(managed) == 0 {
			continue
		}
		text, _ := managed["Policy"].(string)
		delete(managed, "Policy")
		data := []byte(text)
		if text == "" {
			if data, err = firstFile(policyFile); err != nil {
				return nil, err
			}
		}
		return merge(data, managed)
	}
	return firstFile(policyFile)
}

const policyFile = "/Library/Application Support/Offhook/policy.json"
