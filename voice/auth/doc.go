// Package auth is the subscriber token: its form, its life, its renewal
// (reference, section 3).
//
//	pair, err := auth.ParsePair(subscriberToken)        // the JSON text of a refresh and an access token
//	keeper := auth.NewKeeper(auth.Config{Pair: pair, Renewer: platform, …})
//	token, err := keeper.AccessToken(ctx)               // renewed when it must be
//	keeper.Rejected(token)                              // after a 401
//	keeper.Close()
//
// The phone has no key to verify a signature with: it reads the claims to know
// when to renew and what to say, and leaves every judgement to the platform.
package auth
