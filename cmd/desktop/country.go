package main

import (
	"strings"

	"github.com/jeandeaual/go-locale"

	"offhook/internal/plainlocale"
)

// systemCountry is the ISO 3166 code of the region that the system is set to,
// "" if it is set to none: the tones are then those of no country.
func systemCountry() string {
	if plainlocale.Invented {
		return ""
	}
	region, err := locale.GetRegion()
	if err != nil || len(region) != 2 {
		return ""
	}
	return strings.ToUpper(region)
}
