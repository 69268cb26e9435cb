package words

import (
	"regexp"
	"sort"
	"strconv"
	"strings"
)

// sentences is a book of whole sentences. A sentence with {1}, {2} … in it stands
// for all that have something in those places; what stood there is put into the
// translation's.
type sentences struct {
	exact map[string]string
	forms []form
}

// form is a sentence with places.
type form struct {
	re  *regexp.Regexp
	out string
}

var numbered = regexp.MustCompile(`\{([1-9])\}`)

func newSentences(texts map[string]string) *sentences {
	b := &sentences{exact: map[string]string{}}
	var keys []string
	for k := range texts {
		keys = append(keys, k)
	}
	// The form with the most fixed letters says most.
	sort.Slice(keys, func(i, j int) bool {
		if len(keys[i]) != len(keys[j]) {
			return len(keys[i]) > len(keys[j])
		}
		return keys[i] < keys[j]
	})
	for _, k := range keys {
		if !numbered.MatchString(k) {
			b.exact[k] = texts[k]
			continue
		}
		pattern := regexp.QuoteMeta(numbered.ReplaceAllString(k, "\x00"))
		pattern = strings.ReplaceAll(pattern, "\x00", "(.+?)")
		b.forms = append(b.forms, form{regexp.MustCompile("^" + pattern + "$"), texts[k]})
	}
	return b
}

// translate takes text apart into the sentences that it knows. What follows them
// stays as it is.
func (b *sentences) translate(text string) string {
	if b == nil || text == "" {
		return text
	}
	if out, ok := b.full(text); ok {
		return out
	}
	for _, i := range ends(text) {
		if out, ok := b.whole(text[:i]); ok {
			return out + " " + b.translate(text[i+1:])
		}
	}
	return text
}

// full translates text if all of it is known. Several sentences are tried before
// one with a place in it, which could swallow them.
func (b *sentences) full(text string) (string, bool) {
	if out, ok := b.exact[text]; ok {
		return out, true
	}
	for _, i := range ends(text) {
		if rest, ok := b.full(text[i+1:]); ok {
			if out, ok := b.whole(text[:i]); ok {
				return out + " " + rest, true
			}
		}
	}
	return b.whole(text)
}

// ends are the places of the spaces between what may be sentences.
func ends(text string) (list []int) {
	for i := 1; i < len(text) && len(list) < 8; i++ {
		if text[i] == ' ' && strings.ContainsRune(".!?:", rune(text[i-1])) {
			list = append(list, i)
		}
	}
	return list
}

// whole translates text if it is one sentence of the book.
func (b *sentences) whole(text string) (string, bool) {
	if out, ok := b.exact[text]; ok {
		return out, true
	}
	for _, f := range b.forms {
		found := f.re.FindStringSubmatch(text)
		if found == nil {
			continue
		}
		return numbered.ReplaceAllStringFunc(f.out, func(place string) string {
			n, _ := strconv.Atoi(place[1 : len(place)-1])
			if n >= len(found) {
				return ""
			}
			if out, ok := b.exact[found[n]]; ok {
				return out
			}
			return found[n]
		}), true
	}
	return "", false
}
