package screen

import (
	"offhook/app"
	"offhook/app/settings"
	"offhook/ui/widget"
)

// toneCountry is a country whose ringback, busy and waiting tones the phone knows.
type toneCountry struct{ code, name string }

// toneCountries are the choices of the tones: the system's region, those that
// belong to no country, and the countries by name.
func (e *Env) toneCountries() []toneCountry {
	return []toneCountry{
		{"", e.T("Like the system")}, {settings.StandardTones, e.T("International")},
		{"AU", e.T("Australia")}, {"AT", e.T("Austria")}, {"BR", e.T("Brazil")}, {"CA", e.T("Canada")}, {"CN", e.T("China")},
		{"FR", e.T("France")}, {"DE", e.T("Germany")}, {"HK", e.T("Hong Kong")}, {"IN", e.T("India")}, {"IE", e.T("Ireland")}, {"IT", e.T("Italy")},
		{"JP", e.T("Japan")}, {"NZ", e.T("New Zealand")}, {"SG", e.T("Singapore")}, {"ZA", e.T("South Africa")},
		{"ES", e.T("Spain")}, {"CH", e.T("Switzerland")}, {"AE", e.T("United Arab Emirates")}, {"GB", e.T("United Kingdom")},
		{"US", e.T("United States")},
	}
}

// tones is the choice of the country whose tones are played.
type tones struct {
	env      *Env
	Selector *widget.Selector
	chosen   string
}

func newTones(env *Env) *tones {
	t := &tones{env: env}
	t.Selector = widget.NewSelector(env.T("Tones as in"), "", t.open)
	return t
}

func (t *tones) show(code string) {
	t.chosen = code
	word := code // a country that the list doesn't name
	for _, c := range t.env.toneCountries() {
		if c.code == code {
			word = c.name
		}
	}
	t.Selector.Set(word)
}

func (t *tones) open() {
	all := t.env.toneCountries()
	names, at := make([]string, len(all)), 0
	for i, c := range all {
		names[i] = c.name
		if c.code == t.chosen {
			at = i
		}
	}
	t.env.choose(t.Selector, names, at, func(i int) {
		t.env.Update(func(s *app.Settings) { s.Audio.Country = all[i].code })
	})
}
