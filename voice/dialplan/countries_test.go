package dialplan

import (
	"bytes"
	"fmt"
	"go/format"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/nyaruka/phonenumbers"
)

// TestTheTableIsThatOfTheLibrary makes the table of countries from the metadata of
// libphonenumber and compares it with the one in the program.
// OFFHOOK_UPDATE_COUNTRIES=1 writes it.
func TestTheTableIsThatOfTheLibrary(t *testing.T) {
	all, err := phonenumbers.MetadataCollection()
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	b.WriteString("package dialplan\n\n// Made by OFFHOOK_UPDATE_COUNTRIES=1 go test ./voice/dialplan; do not edit.\n\nvar countries = []country{\n")
	for _, m := range all.GetMetadata() {
		lengths := uint32(0)
		for _, n := range m.GetGeneralDesc().GetPossibleLength() {
			if n > 0 && n < 32 {
				lengths |= 1 << n
			}
		}
		fmt.Fprintf(&b, "{%q, \"%d\", %q, %q, %q, %q, %q, %#x, %t},\n", m.GetId(), m.GetCountryCode(), m.GetInternationalPrefix(), m.GetNationalPrefix(),
			m.GetNationalPrefixForParsing(), braced(m.GetNationalPrefixTransformRule()), m.GetGeneralDesc().GetNationalNumberPattern(), lengths, m.GetMainCountryForCode())
	}
	b.WriteString("}\n")
	want, err := format.Source(b.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	const file = "countries.go"
	if os.Getenv("OFFHOOK_UPDATE_COUNTRIES") != "" {
		if err := os.WriteFile(file, want, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := os.ReadFile(file); err != nil || !bytes.Equal(got, want) {
		t.Errorf("%s is not of this library's release; OFFHOOK_UPDATE_COUNTRIES=1 writes it anew (%v)", file, err)
	}
}

// braced writes $1 as ${1}, so that digits may follow it.
func braced(rule string) string {
	for n := 1; n < 10; n++ {
		rule = strings.ReplaceAll(rule, fmt.Sprint("$", n), fmt.Sprintf("${%d}", n))
	}
	return rule
}

// TestKeysAreThoseOfTheLibrary compares examples of every country, written with
// and without the country's code and its prefix, and random digits.
func TestKeysAreThoseOfTheLibrary(t *testing.T) {
	t.Parallel()
	compared := 0
	compare := func(number, region string) {
		t.Helper()
		n, err := phonenumbers.Parse(number, region)
		if err != nil || !phonenumbers.IsPossibleNumber(n) || phonenumbers.IsPossibleNumberWithReason(n) != phonenumbers.IS_POSSIBLE {
			return
		}
		compared++
		if want, got := phonenumbers.Format(n, phonenumbers.E164), e164(number, region); got != want {
			t.Errorf("%s in %q has the key %q, not %q", number, region, got, want)
		}
	}
	types := []phonenumbers.PhoneNumberType{phonenumbers.FIXED_LINE, phonenumbers.MOBILE, phonenumbers.TOLL_FREE, phonenumbers.VOIP}
	random := rand.New(rand.NewPCG(1, 2))
	for _, region := range slices.Sorted(maps.Keys(phonenumbers.GetSupportedRegions())) {
		trunk := phonenumbers.GetNddPrefixForRegion(region, true)
		for _, kind := range types {
			n := phonenumbers.GetExampleNumberForType(region, kind)
			if n == nil {
				continue
			}
			national := phonenumbers.GetNationalSignificantNumber(n)
			compare("+"+fmt.Sprint(n.GetCountryCode())+national, "")
			compare("+"+fmt.Sprint(n.GetCountryCode())+trunk+national, region)
			compare("00"+fmt.Sprint(n.GetCountryCode())+national, "DE")
			compare(trunk+national, region)
			compare(national, region)
			compare(fmt.Sprint(n.GetCountryCode())+national, region)
		}
		for range 20 {
			compare(fmt.Sprint(random.Int64N(1_000_000_000_000)), region)
		}
	}
	if compared < 3000 {
		t.Errorf("only %d numbers were compared", compared)
	}
}
