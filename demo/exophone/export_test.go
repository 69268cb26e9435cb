package exophone

// AwaitByes returns when every goodbye that is being said has been said or given
// up.
func (x *Exchange) AwaitByes() { x.byes.Wait() }
