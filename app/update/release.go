package update

import (
	"encoding/json"
	"errors"
	"net/url"
	"strings"
	"unicode"

	"golang.org/x/mod/semver"
)

// The bounds of an answer. Longer notes are cut.
const (
	maxAnswer  = 64 << 10
	maxVersion = 64
	maxNotes   = 1000
)

// Release is a version of the phone that can be had.
type Release struct {
	Version string `json:"version"`
	// URL is an https address for a browser, or "".
	URL string `json:"url,omitempty"`
	// Notes is plain text on one or more lines.
	Notes string `json:"notes,omitempty"`
}

// Parse reads an answer. A version that is none is an error; an address that is
// not https, and control characters, are left out.
func Parse(data []byte) (Release, error) {
	if len(data) > maxAnswer {
		return Release{}, errors.New("the answer about a newer version is too long")
	}
	var r Release
	if err := json.Unmarshal(data, &r); err != nil {
		return Release{}, errors.New("the answer about a newer version is no JSON of this form")
	}
	r.Version = strings.TrimPrefix(r.Version, "v")
	if len(r.Version) > maxVersion || !semver.IsValid("v"+r.Version) {
		return Release{}, errors.New("the answer about a newer version names none")
	}
	if u, err := url.Parse(r.URL); err != nil || u.Scheme != "https" || u.Host == "" || u.User != nil {
		r.URL = ""
	}
	r.Notes = strings.TrimSpace(strings.Map(func(c rune) rune {
		if c != '\n' && !unicode.IsPrint(c) {
			return -1
		}
		return c
	}, r.Notes))
	if runes := []rune(r.Notes); len(runes) > maxNotes {
		r.Notes = string(runes[:maxNotes-1]) + "…"
	}
	return r, nil
}

// NewerThan reports whether r is newer than a version, by the rules of semver:
// 1.2.4-dev.7 comes before 1.2.4. Nothing is newer than what is no version.
func (r Release) NewerThan(version string) bool {
	v := "v" + strings.TrimPrefix(version, "v")
	return semver.IsValid(v) && semver.Compare("v"+r.Version, v) > 0
}
