package known

import (
	"encoding/json"
	"testing"
)

func TestJSON(t *testing.T) {
	t.Parallel()
	type row struct {
		MOS    Figure
		Rating Count
	}
	for want, r := range map[string]row{`{"MOS":null,"Rating":null}`: {}, `{"MOS":4.25,"Rating":5}`: {4.25, 5}} {
		data, err := json.Marshal(r)
		var back row
		if err != nil || string(data) != want || json.Unmarshal(data, &back) != nil || back != r {
			t.Errorf("%+v is %s and back %+v, %v", r, data, back, err)
		}
	}
	if Figure(0).Text() != "" || Figure(4.256).Text() != "4.26" || Count(0).Text() != "" || Count(3).Text() != "3" {
		t.Error("texts are not as they should be")
	}
}
