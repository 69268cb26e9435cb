package audio

import "strings"

// cadences are the tones of one country's telephone network.
type cadences struct{ ringback, busy, reorder, waiting []note }

// on and off are the notes that cadences are made of.
func on(ms int, hz ...float64) note {
	n := note{ms: ms}
	copy(n.hz[:], hz)
	return n
}

func warble(ms int, hz, by float64) note { return note{ms: ms, hz: [3]float64{hz}, warble: by} }

func off(ms int) note { return note{ms: ms} }

// byCountry follows ITU-T E.180, supplement 2 ("Various tones used in national
// networks"). A call-waiting tone is one burst of its national form: it is
// played once, quietly.
var byCountry = map[string]cadences{
	"": { // E.180's recommendation
		ringback: []note{on(1000, 425), off(4000)},
		busy:     []note{on(500, 425), off(500)},
		reorder:  []note{on(250, 425), off(250)},
		waiting:  []note{on(200, 425), off(200), on(200, 425)},
	},
	"IN": {
		ringback: []note{warble(400, 400, 25), off(200), warble(400, 400, 25), off(2000)},
		busy:     []note{on(750, 400), off(750)},
		reorder:  []note{on(250, 400), off(250)},
		waiting:  []note{on(200, 400), off(100), on(200, 400)},
	},
	"US": {
		ringback: []note{on(2000, 440, 480), off(4000)},
		busy:     []note{on(500, 480, 620), off(500)},
		reorder:  []note{on(250, 480, 620), off(250)},
		waiting:  []note{on(300, 440)},
	},
	"GB": {
		ringback: []note{on(400, 400, 450), off(200), on(400, 400, 450), off(2000)},
		busy:     []note{on(375, 400), off(375)},
		reorder:  []note{on(400, 400), off(350), on(225, 400), off(525)},
		waiting:  []note{on(100, 400)},
	},
	"DE": {
		ringback: []note{on(1000, 425), off(4000)},
		busy:     []note{on(480, 425), off(480)},
		reorder:  []note{on(240, 425), off(240)},
		waiting:  []note{on(200, 425), off(200), on(200, 425)},
	},
	"FR": {
		ringback: []note{on(1500, 440), off(3500)},
		busy:     []note{on(500, 440), off(500)},
		reorder:  []note{on(250, 440), off(250)},
		waiting:  []note{on(300, 440)},
	},
	"IT": {
		ringback: []note{on(1000, 425), off(4000)},
		busy:     []note{on(500, 425), off(500)},
		reorder:  []note{on(200, 425), off(200)},
		waiting:  []note{on(400, 425), off(100), on(250, 425), off(100), on(150, 425)},
	},
	"ES": {
		ringback: []note{on(1500, 425), off(3000)},
		busy:     []note{on(200, 425), off(200)},
		reorder:  []note{on(200, 425), off(200), on(200, 425), off(200), on(200, 425), off(600)},
		waiting:  []note{on(175, 425), off(175), on(175, 425)},
	},
	"AU": {
		ringback: []note{on(400, 400, 450), off(200), on(400, 400, 450), off(2000)},
		busy:     []note{on(375, 425), off(375)},
		reorder:  []note{on(375, 425), off(375)},
		waiting:  []note{on(200, 425), off(200), on(200, 425)},
	},
	"JP": {
		ringback: []note{warble(1000, 400, 16), off(2000)},
		busy:     []note{on(500, 400), off(500)},
		reorder:  []note{on(500, 400), off(500)},
		waiting:  []note{warble(500, 400, 16)},
	},
	"CN": {
		ringback: []note{on(1000, 450), off(4000)},
		busy:     []note{on(350, 450), off(350)},
		reorder:  []note{on(700, 450), off(700)},
		waiting:  []note{on(400, 450)},
	},
	"BR": {
		ringback: []note{on(1000, 425), off(4000)},
		busy:     []note{on(250, 425), off(250)},
		reorder:  []note{on(250, 425), off(250), on(750, 425), off(250)},
		waiting:  []note{on(50, 425)},
	},
	"ZA": {
		ringback: []note{on(400, 400, 433), off(200), on(400, 400, 433), off(2000)},
		busy:     []note{on(500, 400), off(500)},
		reorder:  []note{on(250, 400), off(250)},
		waiting:  []note{warble(400, 400, 33)},
	},
	"SG": {
		ringback: []note{warble(400, 425, 24), off(200), warble(400, 425, 24), off(2000)},
		busy:     []note{on(750, 425), off(750)},
		reorder:  []note{on(250, 425), off(250)},
		waiting:  []note{on(300, 425), off(200), on(300, 425)},
	},
	"AE": {
		ringback: []note{on(400, 425), off(200), on(400, 425), off(2000)},
		busy:     []note{on(375, 400), off(375)},
		reorder:  []note{on(400, 400), off(350), on(225, 400), off(525)},
		waiting:  []note{on(200, 425), off(200), on(200, 425)},
	},
}

// sameAs are countries that share another's plan.
var sameAs = map[string]string{"CA": "US", "IE": "GB", "AT": "DE", "CH": "DE", "NZ": "AU", "HK": "GB"}

func cadencesOf(country string) cadences {
	country = strings.ToUpper(country)
	if c, ok := sameAs[country]; ok {
		country = c
	}
	if c, ok := byCountry[country]; ok {
		return c
	}
	return byCountry[""]
}
