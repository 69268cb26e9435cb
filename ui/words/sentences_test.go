package words

import (
	"fmt"
	"go/ast"
	"go/token"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"sort"
	"strconv"
	"strings"
	"testing"

	"offhook/assets"
)

// said finds the sentences that the rooms below the window say to a person: those
// of errors, of conditions, of checks and of remarks.
func said(t *testing.T) []string {
	t.Helper()
	seen := map[string]bool{}
	for _, room := range []string{"app", "voice", "push", "cmd/desktop", "ui"} {
		eachNode(t, filepath.Join("..", "..", room), func(_ string, n ast.Node) {
			for _, e := range sentencesIn(n) {
				places := 0
				if text, ok := formOf(e, &places); ok && strings.ContainsAny(text, ".?") && strings.Trim(placed.ReplaceAllString(text, ""), " .:") != "" {
					seen[text] = true
				}
			}
		})
	}
	return slices.Sorted(maps.Keys(seen))
}

var placed = regexp.MustCompile(`\{[0-9]\}`)

// sentencesIn are the expressions of one piece of source that a person reads.
func sentencesIn(n ast.Node) []ast.Expr {
	switch n := n.(type) {
	case *ast.CallExpr:
		name := ""
		switch f := n.Fun.(type) {
		case *ast.SelectorExpr:
			name = f.Sel.Name
			if x, ok := f.X.(*ast.Ident); ok && x.Name == "fault" {
				name = "fault." + name
			}
		case *ast.Ident:
			name = f.Name
		}
		switch {
		case name == "bad" && len(n.Args) == 2:
			return n.Args[:1]
		case name == "say" && len(n.Args) == 2:
			return n.Args[1:]
		}
	case *ast.KeyValueExpr:
		if k, ok := n.Key.(*ast.Ident); ok && (k.Name == "Text" || k.Name == "Remedy") {
			return []ast.Expr{n.Value}
		}
	case *ast.AssignStmt:
		for i, l := range n.Lhs {
			if s, ok := l.(*ast.SelectorExpr); ok && (s.Sel.Name == "Text" || s.Sel.Name == "Remedy") && i < len(n.Rhs) {
				return []ast.Expr{n.Rhs[i]}
			}
		}
	}
	return nil
}

var verb = regexp.MustCompile(`%[a-z]`)

// formOf reads a sentence that is a literal, a sum of literals and values, or a
// Sprintf, as a form with numbered places.
func formOf(e ast.Expr, n *int) (string, bool) {
	place := func() string { *n++; return fmt.Sprintf("{%d}", *n) }
	switch e := e.(type) {
	case *ast.BasicLit:
		s, err := strconv.Unquote(e.Value)
		return s, err == nil && e.Kind == token.STRING
	case *ast.BinaryExpr:
		if e.Op != token.ADD {
			return "", false
		}
		a, fixed := formOf(e.X, n)
		if !fixed {
			a = place()
		}
		b, also := formOf(e.Y, n)
		if !also {
			b = place()
		}
		return a + b, fixed || also
	case *ast.CallExpr:
		if f, ok := e.Fun.(*ast.SelectorExpr); ok && f.Sel.Name == "Sprintf" && len(e.Args) > 0 {
			s, ok := formOf(e.Args[0], n)
			return verb.ReplaceAllStringFunc(s, func(string) string { return place() }), ok
		}
	}
	return "", false
}

// asIs are the sentences that are the same in another language: all but a word of
// them are keys and codes.
var asIs = map[string]string{"Use 0-9, *, #, A-D.": "es", "Use offhook.": "es"}

func TestWhatThePhoneSaysIsTranslated(t *testing.T) {
	t.Parallel()
	all := said(t)
	if len(all) < 30 {
		t.Fatalf("only %d sentences were found", len(all))
	}
	for _, language := range Languages()[1:] {
		texts, err := load(assets.Sentences(), language)
		if err != nil {
			t.Fatal(err)
		}
		for from, to := range texts {
			want, got := placed.FindAllString(from, -1), placed.FindAllString(to, -1)
			sort.Strings(want)
			sort.Strings(got)
			if strings.Join(want, "") != strings.Join(got, "") || strings.TrimSpace(to) == "" {
				t.Errorf("%s: %q becomes %q", language, from, to)
			}
		}
		c := New(language)
		var lacking []string
		for _, s := range all {
			filled := placed.ReplaceAllString(s, "Priya")
			if out := c.Sentence(filled); out == typeset(filled) && asIs[s] != language {
				lacking = append(lacking, s)
			}
		}
		if len(lacking) > 0 {
			t.Errorf("%s: %d of %d sentences have no translation: %q", language, len(lacking), len(all), lacking)
		}
	}
}

func TestSentencesAreFoundInWhatIsSaid(t *testing.T) {
	t.Parallel()
	es := New("es")
	for in, want := range map[string]string{
		"": "", "That is you.": "Es usted.",
		"You are in a call with Dr. Who.":                    "Está en una llamada con Dr. Who.",
		"You are in a call with Bob. Quitting hangs up.":     "Está en una llamada con Bob. Al salir se cuelga.",
		"There is no loudspeaker. Connect a headset.":        "No hay altavoz. Conecte unos auriculares.",
		"That is you. A sentence of tomorrow.":               "Es usted. A sentence of tomorrow.",
		"A sentence of tomorrow. That is you.":               "A sentence of tomorrow. That is you.",
		"The server has a problem (503). Try again. Nothing": "El servidor tiene un problema (503). Inténtelo de nuevo. Nothing",
	} {
		if got := es.Sentence(in); got != want {
			t.Errorf("%q becomes %q, not %q", in, got, want)
		}
	}
	if got := New("en").Sentence("That is you."); got != "That is you." {
		t.Errorf("in English it is %q", got)
	}
}
