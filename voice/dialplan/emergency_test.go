package dialplan

import (
	"bytes"
	"fmt"
	"go/format"
	"os"
	"strconv"
	"testing"

	"github.com/nyaruka/phonenumbers"
)

// TestTheEmergencyNumbersAreThoseOfTheLibrary makes the table from the metadata of
// libphonenumber and compares it with the one in the program.
// OFFHOOK_UPDATE_COUNTRIES=1 writes it.
func TestTheEmergencyNumbersAreThoseOfTheLibrary(t *testing.T) {
	t.Parallel()
	all, err := phonenumbers.ShortNumberMetadataCollection()
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	b.WriteString("package dialplan\n\n// Made by OFFHOOK_UPDATE_COUNTRIES=1 go test ./voice/dialplan; do not edit.\n\n// emergencies are the patterns of the countries' emergency numbers.\nvar emergencies = map[string]string{\n")
	regions := 0
	for _, m := range all.GetMetadata() {
		if form := m.GetEmergency().GetNationalNumberPattern(); form != "" && form != "NA" && m.GetId() != "001" {
			fmt.Fprintf(&b, "%q: %q,\n", m.GetId(), form)
			regions++
		}
	}
	b.WriteString("}\n")
	want, err := format.Source(b.Bytes())
	if err != nil || regions < 200 {
		t.Fatal(regions, err)
	}
	const file = "emergencies.go"
	if os.Getenv("OFFHOOK_UPDATE_COUNTRIES") != "" {
		if err := os.WriteFile(file, want, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := os.ReadFile(file); err != nil || !bytes.Equal(got, want) {
		t.Errorf("%s is not of this library's release; OFFHOOK_UPDATE_COUNTRIES=1 writes it anew (%v)", file, err)
	}
	for region := range emergencies {
		line := Line{Country: region}
		for n := range 1000 {
			number := strconv.Itoa(n)
			want := phonenumbers.IsEmergencyNumber(number, region) || number == "112" || number == "911"
			if got := line.Emergency(number); got != want {
				t.Errorf("%s in %s: %v, want %v", number, region, got, want)
			}
		}
	}
}

func TestEmergency(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		line Line
		text string
		want bool
	}{
		{subscriber, "112", true}, {subscriber, "911", true}, {subscriber, "110", false}, {account, "110", true}, {account, " 1 1 0 ", true}, {account, "tel:110", true},
		{account, "sip:110@pbx.example.com", true}, {account, "110@elsewhere.example", false}, {account, "+49110", false}, {account, "1100", false}, {account, "0110", false},
		{Line{SIP: true, Country: "IN"}, "108", true}, {Line{SIP: true, Country: "IN"}, "१०८", true}, {Line{SIP: true, Country: "US"}, "110", false}, {Line{SIP: true, Country: "GB"}, "999", true},
		{account, "", false}, {account, "bob", false}, {Line{Country: "XX"}, "112", true},
	} {
		if got := row.line.Emergency(row.text); got != row.want {
			t.Errorf("%q in %q: %v", row.text, row.line.Country, got)
		}
	}
}
