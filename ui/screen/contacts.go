package screen

import (
	"context"
	"strconv"
	"strings"
	"unicode"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	"offhook/app"
	"offhook/app/directory"
	"offhook/ui/theme"
	"offhook/ui/widget"
)

// maxShown bounds how many people of one group are drawn; a search finds the
// others.
const maxShown = 100

// Fits reports whether a word of name, or name as a whole, begins with text.
func Fits(name, text string) bool {
	name, text = directory.Fold(name), directory.Fold(strings.TrimSpace(text))
	if text == "" || strings.HasPrefix(name, text) {
		return true
	}
	for i, r := range name {
		if unicode.IsSpace(r) && strings.HasPrefix(name[i+1:], text) {
			return true
		}
	}
	return false
}

// Contacts is the tab with the directory.
type Contacts struct {
	env    *Env
	Search *widget.Field
	erase  *widget.IconButton
	list   *fyne.Container
	scroll *container.Scroll
	object fyne.CanvasObject

	revision, colleagues int
	drawn                string
	closed               map[string]bool
	headings             map[string]fyne.CanvasObject
	rows                 []*contactRow
}

// NewContacts returns the tab.
func NewContacts(env *Env) *Contacts {
	c := &Contacts{env: env, closed: map[string]bool{}, headings: map[string]fyne.CanvasObject{}, revision: -1, colleagues: -1, list: container.NewStack()}
	in := widget.NewInput(env.T("Search names and numbers"), env.T("Search names and numbers"))
	c.erase = widget.NewIconButton(env.T("Clear the search"), theme.Close, theme.Text2, env.Tips, func() { in.SetText(""); env.focus(in) })
	c.erase.Hide()
	c.Search = widget.NewField(in, 44, c.erase, nil)
	c.Search.SetLead(theme.Search)
	in.OnChanged = func(string) { c.fill() }
	c.scroll = container.NewVScroll(widget.Narrow(widget.Inset(0, 16, 16, 16, c.list)))
	c.object = widget.Centre(720, container.NewBorder(widget.Inset(16, 16, 0, 16, c.Search), nil, nil, nil, c.scroll))
	return c
}

// Object is what the window shows.
func (c *Contacts) Object() fyne.CanvasObject { return c.object }

// Focus puts the keyboard into the search field.
func (c *Contacts) Focus() { c.env.focus(c.Search.Input) }

// Render draws the tab; the list is only made anew when the directory changed, and a row
// when somebody stands otherwise.
func (c *Contacts) Render(v View) {
	switch {
	case v.ContactsRevision != c.revision:
		c.revision, c.colleagues = v.ContactsRevision, v.ColleaguesRevision
		c.fill()
	case v.ColleaguesRevision != c.colleagues:
		c.colleagues = v.ColleaguesRevision
		c.stand()
	}
}

// stand shows how everybody in the list stands now.
func (c *Contacts) stand() {
	by := map[string]app.Colleague{}
	for _, who := range c.env.Phone.Directory("") {
		by[who.Number] = who
	}
	for _, r := range c.rows {
		r.render(c.env, by[r.number])
	}
}

func (c *Contacts) fill() {
	c.rows = nil
	text := strings.TrimSpace(c.Search.Input.Text)
	setVisible(c.erase, text != "")
	groups := c.env.Phone.Contacts()
	if text != "" {
		groups = c.env.Phone.SearchContacts(text)
	}
	var parts, rows []fyne.CanvasObject
	count := 0
	for _, g := range groups {
		if len(g.Contacts) == 0 {
			continue
		}
		count += len(g.Contacts)
		open := text != "" || c.isOpen(g, len(groups))
		heading := c.heading(g, open)
		parts, rows = append(parts, heading), append(rows, heading)
		if open {
			people := c.people(g)
			parts, rows = append(parts, widget.CardOf(people...)), append(rows, people...)
		}
	}
	if count == 0 {
		parts = []fyne.CanvasObject{c.nobody(text)}
	}
	c.stand()
	widget.GroupRows(rows...)
	c.list.Objects = []fyne.CanvasObject{widget.Column(parts...)}
	c.list.Refresh()
	c.scroll.Refresh()
	if text != c.drawn {
		c.drawn = text
		c.scroll.ScrollToTop()
	}
}

// manyPeople is how large a group must be to begin closed.
const manyPeople = 10

// isOpen reports whether a group is open: as the user left it, else closed when
// it is large and not the only one.
func (c *Contacts) isOpen(g app.ContactGroup, groups int) bool {
	if closed, ok := c.closed[g.Name]; ok {
		return !closed
	}
	return groups == 1 || len(g.Contacts) < manyPeople
}

func (c *Contacts) heading(g app.ContactGroup, open bool) fyne.CanvasObject {
	glyph, name := theme.ChevronUp, c.env.T("{group}, open", "group", g.Name)
	if !open {
		glyph, name = theme.ChevronDown, c.env.T("{group}, closed", "group", g.Name)
	}
	row := widget.NewTapRow(name, 40, widget.Inset(0, 10, 0, 4, widget.Row(
		widget.NewText(g.Name, widget.Style{Bold: true}), widget.Gap(4),
		widget.NewText(strconv.Itoa(len(g.Contacts)), widget.Style{Role: theme.Text2}),
		widget.Flex(8), widget.NewIcon(glyph, theme.Text2, 20))),
		func() {
			c.closed[g.Name] = open
			c.fill()
			c.env.focus(c.headings[g.Name])
		})
	c.headings[g.Name] = row
	return row
}

func (c *Contacts) people(g app.ContactGroup) (rows []fyne.CanvasObject) {
	for i, p := range g.Contacts {
		if i == maxShown {
			rows = append(rows, widget.Fixed(0, widget.Row44, widget.Inset(12, 12, 12, 12,
				caption(c.env.T("{n} more. Search to find them.", "n", len(g.Contacts)-maxShown)))))
			break
		}
		rows = append(rows, c.person(g, p))
	}
	return rows
}

func (c *Contacts) person(g app.ContactGroup, p app.Contact) fyne.CanvasObject {
	name := nameOf(p.Name, p.Number)
	r := &contactRow{name: name, number: p.Number, about: Number(p.Number), face: widget.NewPresence(name, 36)}
	avatar := fyne.CanvasObject(r.face)
	if g.Special {
		glyph := theme.Agent
		if strings.EqualFold(p.Number, "echo") {
			glyph = theme.Wave
		}
		avatar = widget.NewDisc(glyph, 36, theme.AccentSoft, theme.AccentInk)
		about := c.env.T("direct number")
		if glyph == theme.Wave {
			about = c.env.T("hear yourself back")
		}
		r.about += " · " + about
	}
	r.under = caption(r.about)
	r.call = widget.NewRoundButton(c.env.T("Call {name}", "name", name), theme.Phone, theme.SuccessInk, theme.SuccessSoft, 40, c.env.Tips, func() {
		if r.ringing {
			c.env.Do(func(ctx context.Context) error { return c.env.Phone.PickUp(ctx, p.Number) })
			return
		}
		c.env.Dial(p.Number, nil)
	})
	c.rows = append(c.rows, r)
	return widget.Fixed(0, widget.Row56, widget.Inset(0, 8, 0, 12, widget.Row(avatar, widget.Gap(12),
		widget.Grow(widget.Column(widget.NewText(name, widget.Style{}), r.under)), widget.Gap(4), c.star(p), r.call)))
}

// contactRow is the row of a contact, as far as it changes.
type contactRow struct {
	name, number, about string
	face                *widget.Presence
	under               *widget.Text
	call                *widget.IconButton
	// ringing says that a call rings there, which the button takes.
	ringing bool
}

// render shows how the contact stands now.
func (r *contactRow) render(e *Env, who app.Colleague) {
	g, ink, word := e.presence(who)
	r.face.Set(g, ink)
	text := r.about
	if word != "" {
		text = word + " · " + r.about
	}
	r.under.SetText(text)
	if r.ringing = who.Presence == directory.PresenceRinging; r.ringing {
		r.call.Set(e.T("Take the call that rings at {name}", "name", r.name), theme.Phone)
		r.call.SetFill(theme.OnAccent, theme.Accent)
	} else {
		r.call.Set(e.T("Call {name}", "name", r.name), theme.Phone)
		r.call.SetFill(theme.SuccessInk, theme.SuccessSoft)
	}
}

// star keeps a person among the user's own contacts, or lets go of them.
func (c *Contacts) star(p app.Contact) fyne.CanvasObject {
	name := nameOf(p.Name, p.Number)
	on := c.env.Phone.IsFavourite(p.Number)
	label, glyph, ink := c.env.T("Add {name} to your favourites", "name", name), theme.Star, theme.Border
	if on {
		label, glyph, ink = c.env.T("Remove {name} from your favourites", "name", name), theme.StarFilled, theme.AccentInk
	}
	return widget.NewIconButton(label, glyph, ink, c.env.Tips, func() { c.env.setFavourite(p, !on) })
}

func (c *Contacts) nobody(text string) fyne.CanvasObject {
	if text == "" {
		return emptyPage(theme.Contacts, c.env.T("No contacts yet. Ask your supervisor to add some."), nil)
	}
	var call fyne.CanvasObject
	if c.env.Phone.CheckNumber(text) == nil {
		call = widget.NewPill(c.env.T("Call {name}", "name", text), theme.Phone, widget.Success, widget.HeightButton, func() { c.env.Dial(text, nil) })
	}
	return emptyPage(theme.Search, c.env.T("No contact named “{text}”.", "text", text), call)
}

// emptyPage says that a list has nothing in it.
func emptyPage(g theme.Glyph, text string, button fyne.CanvasObject) fyne.CanvasObject {
	parts := []fyne.CanvasObject{
		widget.Gap(72), widget.CentredRow(widget.NewDisc(g, 72, theme.Sunken, theme.Text2)), widget.Gap(16),
		widget.NewText(text, centred(widget.Style{Role: theme.Text2, Wrap: true, Leading: 1.43})),
	}
	if button != nil {
		parts = append(parts, widget.Gap(16), widget.CentredRow(button))
	}
	return widget.Inset(0, 24, 24, 24, widget.Column(parts...))
}
