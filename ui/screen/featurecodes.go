package screen

import (
	"offhook/app/settings"
	"offhook/ui/widget"
)

// CodeField is the field of one feature code of a SIP account.
type CodeField struct {
	*widget.Field
	name string
	of   func(*settings.FeatureCodes) *string
}

// codeFields are the fields of all feature codes, in the order in which they are
// dialled.
func codeFields(env *Env, field func(name, sample string) *widget.Field) []CodeField {
	fields := []CodeField{
		{name: env.T("Code to enter the queue"), of: func(c *settings.FeatureCodes) *string { return &c.QueueLogin }},
		{name: env.T("Code to leave the queue"), of: func(c *settings.FeatureCodes) *string { return &c.QueueLogout }},
		{name: env.T("Code for a break"), of: func(c *settings.FeatureCodes) *string { return &c.Pause }},
		{name: env.T("Code after a break"), of: func(c *settings.FeatureCodes) *string { return &c.Unpause }},
		{name: env.T("Code for do not disturb"), of: func(c *settings.FeatureCodes) *string { return &c.DNDOn }},
		{name: env.T("Code after do not disturb"), of: func(c *settings.FeatureCodes) *string { return &c.DNDOff }},
		{name: env.T("Code to forward calls"), of: func(c *settings.FeatureCodes) *string { return &c.ForwardOn }},
		{name: env.T("Code to stop forwarding"), of: func(c *settings.FeatureCodes) *string { return &c.ForwardOff }},
	}
	for i := range fields {
		fields[i].Field = field(fields[i].name, "")
	}
	return fields
}
