package provision

import (
	"encoding/json"
	"reflect"

	"offhook/app/settings"
)

// rule is a JSON schema, as far as a policy needs one.
type rule struct {
	Schema      string   `json:"$schema,omitempty"`
	Title       string   `json:"title,omitempty"`
	Type        string   `json:"type,omitempty"`
	Const       any      `json:"const,omitempty"`
	Format      string   `json:"format,omitempty"`
	Description string   `json:"description,omitempty"`
	Minimum     *int     `json:"minimum,omitempty"`
	Maximum     *int     `json:"maximum,omitempty"`
	Enum        []string `json:"enum,omitempty"`
	Pattern     string   `json:"pattern,omitempty"`
	Items       *rule    `json:"items,omitempty"`
	Required    []string `json:"required,omitempty"`
	// Additional is false where nothing else is allowed, or the rule for it.
	Additional any             `json:"additionalProperties,omitempty"`
	Properties map[string]rule `json:"properties,omitempty"`
}

// Schema returns the JSON schema of a policy, with every setting of the table that
// a policy has a say in.
func Schema() ([]byte, error) {
	paths := map[string]rule{}
	d := settings.Default()
	for _, e := range settings.Table {
		if e.Own {
			continue
		}
		r := rule{Description: e.About, Enum: e.Choices}
		switch kind := reflect.TypeOf(e.Get(d)); kind.Kind() {
		case reflect.Bool:
			r.Type = "boolean"
		case reflect.Int:
			r.Type, r.Minimum, r.Maximum = "integer", &e.Min, &e.Max
		case reflect.Slice:
			r.Type, r.Items = "array", &rule{Type: "object"}
			if kind.Elem().Kind() == reflect.String {
				r.Items.Type = "string"
			}
		case reflect.Map:
			r.Type = "object"
			of := rule{Type: "string"}
			if kind.Elem().Kind() == reflect.Int {
				of.Type = "integer"
			}
			r.Additional = of
		default:
			r.Type = "string"
		}
		if e.Pattern != nil {
			r.Pattern = e.Pattern.String()
		}
		paths[e.Path] = r
	}
	return json.MarshalIndent(rule{
		Schema: "https://json-schema.org/draft/2020-12/schema", Title: "Offhook policy", Type: "object", Required: []string{"version"}, Additional: false,
		Properties: map[string]rule{
			"$schema":        {Type: "string"},
			"version":        {Const: Version},
			"url":            {Type: "string", Format: "uri", Description: fields["url"]},
			"server":         {Type: "string", Format: "uri", Description: "The application backend."},
			"account":        {Type: "string", Description: "The account SID."},
			"webhook_secret": {Type: "string", Description: fields["webhook_secret"]},
			"settings": {Type: "object", Properties: paths,
				Description: `Settings by their JSON path, such as "calls.link_mode": "dial". A setting that is not locked is only the value that the phone begins with.`},
			"locked": {Type: "array", Items: &rule{Type: "string"},
				Description: `The paths that the user can't change, of single settings or of whole parts such as "calls".`},
		},
	}, "", "  ")
}
