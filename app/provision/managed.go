package provision

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"

	"offhook/app/settings"
)

// fields are the parts of a policy beside its settings that a system's own management
// sets by their names, as it sets settings by their paths.
var fields = map[string]string{
	"url":            "Where a newer policy is fetched at each start, over https.",
	"webhook_secret": "The key with which the webhooks of integrations.webhooks are signed (HMAC-SHA-256).",
}

// merge adds what a system's own management says of single settings to the policy that
// is there as text, nil for none. A setting that comes so is locked. The values are as the
// system has them: bool, number, text, a list of texts, or what JSON has; 0 and 1 stand
// for false and true, and text for the JSON of what is neither text nor a list of texts.
func merge(text []byte, managed map[string]any) ([]byte, error) {
	if len(managed) == 0 {
		return text, nil
	}
	policy := map[string]json.RawMessage{"version": json.RawMessage("1")}
	if len(text) > 0 {
		if err := json.Unmarshal(text, &policy); err != nil {
			return text, nil // Parse says what is wrong with it
		}
	}
	values, locked := map[string]json.RawMessage{}, []string{}
	if err := json.Unmarshal(orNull(policy["settings"]), &values); err != nil {
		return text, nil
	}
	if err := json.Unmarshal(orNull(policy["locked"]), &locked); err != nil {
		return text, nil
	}
	if values == nil {
		values = map[string]json.RawMessage{}
	}
	d := settings.Default()
	for path, value := range managed {
		var kind reflect.Type
		if e, ok := settings.Of(path); ok {
			kind = reflect.TypeOf(e.Get(d))
		}
		data, err := asJSON(value, kind)
		if err != nil {
			return nil, err
		}
		if _, ok := fields[path]; ok {
			policy[path] = data
			continue
		}
		values[path] = data // Parse refuses a path that it does not know
		locked = append(locked, path)
	}
	slices.Sort(locked)
	var err error
	if policy["settings"], err = json.Marshal(values); err != nil {
		return nil, err
	}
	if policy["locked"], err = json.Marshal(slices.Compact(locked)); err != nil {
		return nil, err
	}
	return json.Marshal(policy)
}

func orNull(data json.RawMessage) json.RawMessage {
	if data == nil {
		return json.RawMessage("null")
	}
	return data
}

// asJSON is the JSON of a managed value for a setting of a type, nil for one that is not
// known.
func asJSON(value any, kind reflect.Type) (json.RawMessage, error) {
	if kind == nil {
		return json.Marshal(value)
	}
	lines, isList := value.([]string)
	text, isText := value.(string)
	texts := kind.Kind() == reflect.Slice && kind.Elem().Kind() == reflect.String
	switch {
	case kind.Kind() == reflect.Bool:
		switch n := reflect.ValueOf(value); {
		case n.CanUint() && n.Uint() <= 1:
			return json.Marshal(n.Uint() == 1)
		case n.CanInt() && n.Int() == n.Int()&1:
			return json.Marshal(n.Int() == 1)
		}
	case kind.Kind() == reflect.String, texts && isList:
	case isList:
		return valid(strings.Join(lines, "\n"))
	case isText:
		return valid(text)
	}
	return json.Marshal(value)
}

// valid is text as JSON, or as a JSON string where it is none: Parse then refuses it by
// name.
func valid(text string) (json.RawMessage, error) {
	if json.Valid([]byte(text)) {
		return json.RawMessage(text), nil
	}
	return json.Marshal(text)
}
