package control

import (
	"encoding/json"
	"reflect"
	"strconv"
	"strings"
	"time"

	"offhook/app"
	"offhook/app/settings"
	"offhook/internal/known"
)

// object is a JSON object of the OpenAPI description.
type object = map[string]any

// OpenAPI describes the Desk API, from the table of commands and the snapshot's type.
func OpenAPI() ([]byte, error) {
	ref := func(name string) object { return object{"$ref": "#/components/schemas/" + name} }
	content := func(schema object) object { return object{"application/json": object{"schema": schema}} }
	answer := func(about string, schema object) object {
		return object{"description": about, "content": content(schema)}
	}
	failed := func(about string) object { return answer(about, ref("Failure")) }
	guarded := func(responses object) object {
		responses["401"] = failed("The page is not paired, or is of another origin than its token.")
		responses["403"] = failed("The origin is not one of desk_api.origins.")
		responses["429"] = failed("Too many requests; Retry-After says when.")
		responses["503"] = failed("The keyring is locked: which pages are paired is not known yet.")
		return responses
	}
	token := []object{{"token": []string{}}}
	paths := object{
		"/v1/openapi.json": object{"get": object{"summary": "this description", "responses": object{"200": answer("OpenAPI 3.1", object{"type": "object"})}}},
		"/v1/pairings": object{"post": object{"summary": "ask to be paired: the phone shows a code of six digits for two minutes",
			"requestBody": object{"required": true, "content": content(object{"type": "object", "required": []string{"name"}, "properties": object{"name": object{"type": "string", "maxLength": maxPairName}}})},
			"responses": object{"202": answer("The code is shown.", object{"type": "object", "properties": object{"pairing": object{"type": "string"}, "expires_in_s": object{"type": "integer"}}}),
				"403": failed("The origin is not one of desk_api.origins."), "429": failed("Another page is being paired, or this one asks too often.")}}},
		"/v1/pairings/{id}": object{"post": object{"summary": "show the code that the user has read; three wrong ones end the pairing",
			"parameters":  []object{{"name": "id", "in": "path", "required": true, "schema": object{"type": "string"}}},
			"requestBody": object{"required": true, "content": content(object{"type": "object", "required": []string{"code"}, "properties": object{"code": object{"type": "string"}}})},
			"responses": object{"200": answer("Paired: keep the token.", object{"type": "object", "properties": object{"token": object{"type": "string"}, "name": object{"type": "string"}, "id": object{"type": "string"}}}),
				"403": failed("The code is wrong, or the pairing is over.")}}},
		"/v1/pairings/current": object{"delete": object{"summary": "end this pairing", "security": token, "responses": guarded(object{"204": object{"description": "Done."}})}},
		"/v1/status":           object{"get": object{"summary": "the phone's state", "security": token, "responses": guarded(object{"200": answer("The present snapshot.", ref("Snapshot"))})}},
		"/v1/events": object{"get": object{
			"summary": "a WebSocket of snapshots, the present one first, and of commands",
			"description": "Subprotocols: " + webProtocol + " and, as a second one, " + webTokenPrefix + "TOKEN. The phone sends {\"type\":\"snapshot\",\"snapshot\":…} for each change. " +
				"The page may send {\"id\":\"1\",\"command\":\"dial\",\"body\":{\"args\":[\"bob\"]}} and gets {\"type\":\"answer\",\"id\":\"1\",\"result\":…} or the same with an error.",
			"responses": guarded(object{"101": object{"description": "The WebSocket is open."}})}},
	}
	flags := reflect.TypeFor[options]()
	for _, name := range names() {
		c := commands[name]
		if c.local {
			continue
		}
		fields := object{
			"args":    object{"type": "array", "items": object{"type": "string"}, "minItems": c.min, "maxItems": c.max, "description": c.args},
			"wait":    object{"type": "string", "description": "answer when the call is in this state, or the phone READY or IDLE"},
			"timeout": object{"type": "string", "description": "give up after this time, in Go's form", "default": DefaultTimeout.String()},
		}
		for _, f := range strings.Fields(c.flags) {
			for i := range flags.NumField() {
				field := flags.Field(i)
				if tag, _, _ := strings.Cut(field.Tag.Get("json"), ","); tag == optionField(f) {
					schema := schemaOf(field.Type, nil)
					schema["description"] = field.Tag.Get("help")
					fields[tag] = schema
				}
			}
		}
		body := object{"required": c.min > 0, "content": content(object{"type": "object", "additionalProperties": false, "properties": fields})}
		result := object{"type": "object"}
		if c.did != "" {
			result = ref("Snapshot")
		}
		paths["/v1/commands/"+name] = object{"post": object{"summary": c.help, "operationId": name, "security": token, "requestBody": body,
			"responses": guarded(object{"200": answer("Done.", result), "400": failed("The command is wrong."), "409": failed("The phone refuses."), "504": failed("It was not in time.")})}}
	}
	schemas := object{"Failure": object{"type": "object", "properties": object{"error": object{"type": "object", "required": []string{"code", "message"},
		"properties": object{"code": object{"type": "string"}, "message": object{"type": "string"}, "next": object{"type": "string"}}}}}}
	schemaOf(reflect.TypeFor[app.Snapshot](), schemas)
	data, err := json.MarshalIndent(object{
		"openapi": "3.1.0",
		"info": object{"title": "Offhook Desk API", "version": "1",
			"description": "What web pages on the agent's computer may ask of the phone: the commands and snapshots of offhook ctl."},
		"servers":    []object{{"url": "http://127.0.0.1:{port}", "variables": object{"port": object{"default": strconv.Itoa(settings.DeskPort)}}}},
		"paths":      paths,
		"components": object{"schemas": schemas, "securitySchemes": object{"token": object{"type": "http", "scheme": "bearer"}}},
	}, "", " ")
	return append(data, '\n'), err
}

// schemaOf describes a type as JSON shows it. Structures go into named, if it is
// given, and are referred to.
func schemaOf(t reflect.Type, named object) object {
	switch t {
	case reflect.TypeFor[time.Time]():
		return object{"type": "string", "format": "date-time"}
	case reflect.TypeFor[known.Figure]():
		return object{"type": []string{"number", "null"}}
	case reflect.TypeFor[known.Count]():
		return object{"type": []string{"integer", "null"}}
	}
	if t.Kind() != reflect.Pointer && (t.Implements(reflect.TypeFor[json.Marshaler]()) || reflect.PointerTo(t).Implements(reflect.TypeFor[json.Marshaler]())) {
		return object{"type": "string"} // a text
	}
	switch t.Kind() {
	case reflect.Pointer:
		return object{"anyOf": []object{schemaOf(t.Elem(), named), {"type": "null"}}}
	case reflect.Bool:
		return object{"type": "boolean"}
	case reflect.Int, reflect.Int64:
		return object{"type": "integer"}
	case reflect.Float64:
		return object{"type": "number"}
	case reflect.Slice:
		return object{"type": []string{"array", "null"}, "items": schemaOf(t.Elem(), named)}
	case reflect.Map:
		return object{"type": []string{"object", "null"}, "additionalProperties": schemaOf(t.Elem(), named)}
	case reflect.Struct:
		if named == nil {
			return object{"type": "object"}
		}
		if named[t.Name()] == nil {
			fields := object{}
			named[t.Name()] = object{"type": "object", "properties": fields}
			for _, f := range reflect.VisibleFields(t) {
				if tag, _, _ := strings.Cut(f.Tag.Get("json"), ","); f.IsExported() && tag != "-" && tag != "" {
					fields[tag] = schemaOf(f.Type, named)
				}
			}
		}
		return object{"$ref": "#/components/schemas/" + t.Name()}
	}
	return object{"type": "string"}
}
