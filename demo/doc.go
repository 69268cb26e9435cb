// Package demo is the whole platform in one value: subscriber management,
// exchange, media relay, application backend and push inbox behind one port, for
// demo deployments, for `offhook --demo`, and for the tests.
//
// The platform and the application backend are two hats of one process. They
// speak with each other only over HTTP, by the documented interfaces, so that
// either can be replaced: Config.DialWhomURL and Config.PushURL point the
// platform at another backend.
package demo
