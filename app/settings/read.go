package settings

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"reflect"
	"regexp"
	"strings"
	"unicode/utf16"
)

// everything is what was lost of a file of which nothing can be read.
const everything = "everything"

var byteOrderMark = []byte("\ufeff")

// read reads a file of this or any other version as far as it can be understood:
// fields are only ever added within the life of a format. lost names the fields, by
// their JSON path, that had a value of a wrong kind and are as at first.
func read(data []byte) (s Settings, lost []string) {
	s = Default()
	text := asUTF8(data)
	fields, whole := members(text)
	if len(fields) == 0 {
		lost = append(lost, everything)
	} else if !whole {
		lost = append(lost, "what follows a mistake in the file")
	}
	into(reflect.ValueOf(&s).Elem(), fields, "", &lost)
	if s.DeviceID == "" {
		// The platform knows this installation by it.
		if found := deviceID.FindSubmatch(text); found != nil {
			s.DeviceID = string(found[1])
		}
	}
	if s.Version < 1 && len(fields) > 0 {
		lost = append(lost, "version")
	}
	s.Version = Version
	s.normalise()
	return s, lost
}

var deviceID = regexp.MustCompile(`"device_id"\s*:\s*"([0-9A-Fa-f-]{36})"`)

// asUTF8 takes the byte-order mark away and turns UTF-16, as some editors write
// it, into UTF-8.
func asUTF8(data []byte) []byte {
	var order binary.ByteOrder
	switch {
	case bytes.HasPrefix(data, []byte{0xff, 0xfe}):
		order, data = binary.LittleEndian, data[2:]
	case bytes.HasPrefix(data, []byte{0xfe, 0xff}):
		order, data = binary.BigEndian, data[2:]
	case len(data) > 1 && data[0] == '{' && data[1] == 0:
		order = binary.LittleEndian
	case len(data) > 1 && data[0] == 0 && data[1] == '{':
		order = binary.BigEndian
	default:
		return bytes.TrimPrefix(data, byteOrderMark)
	}
	units := make([]uint16, len(data)/2)
	for i := range units {
		units[i] = order.Uint16(data[2*i:])
	}
	return []byte(string(utf16.Decode(units)))
}

// members reads the members of a JSON object up to the first mistake; whole says
// that there was none.
func members(text []byte) (fields map[string]json.RawMessage, whole bool) {
	fields = map[string]json.RawMessage{}
	dec := json.NewDecoder(bytes.NewReader(text))
	if t, err := dec.Token(); err != nil || t != json.Delim('{') {
		return fields, false
	}
	for dec.More() {
		t, err := dec.Token()
		name, ok := t.(string)
		var value json.RawMessage
		if err != nil || !ok || dec.Decode(&value) != nil {
			return fields, false
		}
		fields[name] = value
	}
	_, err := dec.Token()
	return fields, err == nil
}

// into sets the fields of a structure, each for itself.
func into(v reflect.Value, fields map[string]json.RawMessage, path string, lost *[]string) {
	for i := range v.NumField() {
		name, _, _ := strings.Cut(v.Type().Field(i).Tag.Get("json"), ",")
		raw, ok := fields[name]
		if !ok || bytes.Equal(raw, []byte("null")) {
			continue
		}
		at := strings.TrimPrefix(path+"."+name, ".")
		switch f := v.Field(i); {
		case f.Kind() == reflect.Struct:
			inner, whole := members(raw)
			if !whole {
				*lost = append(*lost, at)
			}
			into(f, inner, at, lost)
		case f.Kind() == reflect.Slice && f.Type().Elem().Kind() == reflect.Struct:
			var list []json.RawMessage
			if json.Unmarshal(raw, &list) != nil {
				*lost = append(*lost, at)
			}
			f.Set(reflect.MakeSlice(f.Type(), len(list), len(list)))
			for j := range list {
				inner, whole := members(list[j])
				if !whole {
					*lost = append(*lost, at)
				}
				into(f.Index(j), inner, at, lost)
			}
		default:
			fresh := reflect.New(f.Type())
			if json.Unmarshal(raw, fresh.Interface()) != nil {
				*lost = append(*lost, at)
				continue
			}
			f.Set(fresh.Elem())
		}
	}
}
