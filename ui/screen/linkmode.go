package screen

import "offhook/app/settings"

func linkMode(name string) settings.LinkMode { return settings.LinkMode(name) }
