package dialplan

import (
	"regexp"
	"strings"
	"sync"
)

// country is what is known of the numbers of one country. The rows of countries
// are made from libphonenumber's metadata by the package's test; the library
// itself would cost every phone 6 MB of memory from its start.
type country struct {
	region string
	// code is the country's calling code.
	code string
	// exit matches the digits dialled before a calling code, such as 00.
	exit string
	// trunk is the prefix within the country, such as 0; prefix matches all that
	// may stand there, and what it captures is put into transform.
	trunk, prefix, transform string
	// pattern matches a national number, without trunk.
	pattern string
	// lengths has bit n set where a national number may have n digits.
	lengths uint32
	// main says that the country stands for its calling code, if it shares it.
	main bool
}

// byRegion and byCode find a country by its ISO 3166 code and by its calling code.
var byRegion, byCode = func() (map[string]*country, map[string]*country) {
	regions, codes := map[string]*country{}, map[string]*country{}
	for i := range countries {
		c := &countries[i]
		regions[c.region] = c
		if old := codes[c.code]; old == nil || c.main && !old.main {
			codes[c.code] = c
		}
	}
	return regions, codes
}()

// ofCode returns the country that a calling code stands for, nil for none.
func ofCode(code string) *country { return byCode[code] }

// patterns are the compiled patterns, by their text.
var patterns sync.Map

// pattern compiles an anchored pattern once.
func pattern(text string) *regexp.Regexp {
	if re, ok := patterns.Load(text); ok {
		return re.(*regexp.Regexp)
	}
	re := regexp.MustCompile(text)
	patterns.Store(text, re)
	return re
}

// e164 returns the E.164 form of a dialled number, or "" where it can't be told:
// for extensions, feature codes, and numbers without a country's code where the
// country is not known.
func e164(number, region string) string {
	home := byRegion[strings.ToUpper(region)]
	if digits, ok := strings.CutPrefix(number, "+"); ok {
		return international(digits)
	}
	if home == nil || !isNumber(number) {
		return ""
	}
	if at := pattern(`^(?:` + home.exit + `)`).FindString(number); home.exit != "" && at != "" && len(number) > len(at) && number[len(at)] != '0' {
		return international(number[len(at):])
	}
	// 4930123456 in Germany is the same as +4930123456.
	if rest, ok := strings.CutPrefix(number, home.code); ok {
		rest = home.national(rest)
		if !home.fits(number) && home.fits(rest) || home.tooLong(number) {
			return home.full(rest)
		}
	}
	return home.full(home.national(number))
}

// international returns the E.164 form of the digits behind a plus, the digits as
// they are where no country has them.
func international(digits string) string {
	for n := 1; n <= 3 && n < len(digits); n++ {
		if c := ofCode(digits[:n]); c != nil {
			if full := c.full(c.national(digits[n:])); full != "" {
				return full
			}
			break
		}
	}
	return "+" + digits
}

// full puts the calling code before a national number of a possible length, be it
// one of another country with the same code.
func (c *country) full(national string) string {
	if !ofCode(c.code).possible(national) {
		return ""
	}
	return "+" + c.code + national
}

// possible reports whether a national number may have as many digits.
func (c *country) possible(national string) bool {
	return len(national) < 32 && c.lengths&(1<<len(national)) != 0
}

// fits reports whether a number is one of the country, by its form.
func (c *country) fits(national string) bool {
	return pattern(`^(?:` + c.pattern + `)$`).MatchString(national)
}

// tooLong reports whether a number has more digits than any of the country.
func (c *country) tooLong(national string) bool {
	return len(national) >= 32 || c.lengths>>len(national) == 0
}

// national takes off what is dialled before a national number only within the
// country, unless that would spoil a good number.
func (c *country) national(digits string) string {
	if c.prefix == "" {
		return digits
	}
	re := pattern(`^(?:` + c.prefix + `)`)
	at := re.FindStringSubmatchIndex(digits)
	if at == nil {
		return digits
	}
	rest := digits[at[1]:]
	if last := len(at) - 2; c.transform != "" && last > 0 && at[last] >= 0 {
		rest = string(re.ExpandString(nil, c.transform, digits, at)) + rest
	}
	if c.fits(digits) && !c.fits(rest) || !c.possible(rest) && !c.tooLong(rest) {
		return digits
	}
	return rest
}

// keyOf returns the key of what is dialled.
func (l Line) keyOf(user string) string {
	if key := e164(user, l.Country); key != "" {
		return key
	}
	return strings.ToLower(user)
}
