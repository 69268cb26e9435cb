package voice_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"time"

	"offhook/demo"
	"offhook/voice"
	"offhook/voice/audio"
)

// A program that calls the echo service and hangs up once it is connected. The
// account comes from the application's backend, which signs its user in.
func ExampleClient_Dial() {
	ctx := context.Background()
	platform, account := signIn("alice", "echo")
	defer platform.Close(ctx)

	phone, err := voice.New(voice.WithSound(voice.Sound{
		Capture: audio.Spec{Kind: audio.SpecSine, Hz: 440},
		Playout: audio.Spec{Kind: audio.SpecNull},
	}))
	if err != nil {
		log.Fatal(err)
	}
	defer phone.Close(ctx)
	events := phone.Subscribe()
	defer events.Close()
	if err := phone.Initialize(ctx, account(phone.DeviceID())); err != nil {
		log.Fatal(err)
	}
	call, err := phone.Dial(ctx, demo.DemoExophone, "", voice.ShownAs("echo"))
	if err != nil {
		log.Fatal(err)
	}
	for ev := range events.Events() {
		switch ev := ev.(type) {
		case voice.CallEstablished:
			fmt.Println("talking to", ev.Call.RemoteID)
			call.Hangup()
		case voice.CallEnded:
			fmt.Println("ended:", ev.Call.EndReason)
			return
		}
	}
	// Output:
	// talking to echo
	// ended: LOCAL_HANGUP
}

// A program that answers the first call that a push announces.
func ExampleClient_RelaySessionData() {
	ctx := context.Background()
	platform, account := signIn("bob", "")
	defer platform.Close(ctx)

	phone, err := voice.New(voice.WithSound(voice.Sound{
		Capture: audio.Spec{Kind: audio.SpecNull}, Playout: audio.Spec{Kind: audio.SpecNull},
	}))
	if err != nil {
		log.Fatal(err)
	}
	defer phone.Close(ctx)
	events := phone.Subscribe()
	defer events.Close()
	if err := phone.Initialize(ctx, account(phone.DeviceID())); err != nil {
		log.Fatal(err)
	}
	stop := receivePushes(platform, phone, "bob") // your push receiver calls phone.RelaySessionData
	defer stop()
	defer callFrom(platform, "alice", "bob")()

	for ev := range events.Events() {
		switch ev := ev.(type) {
		case voice.IncomingCall:
			fmt.Println(ev.Call.RemoteID, "calls")
			if call, ok := phone.CallFromID(ev.Call.CallID); ok {
				call.Answer()
			}
		case voice.CallEstablished:
			fmt.Println("answered")
		case voice.CallEnded:
			fmt.Println("ended:", ev.Call.EndReason)
			return
		}
	}
	// Output:
	// alice calls
	// answered
	// ended: REMOTE_HANGUP
}

// A second call may ring while the user talks: answering it puts the first on hold,
// and Resume goes back.
func ExampleClient_UploadLogs() {
	phone, err := voice.New(voice.WithLogPacker(func(start, end time.Time) (path string, err error) {
		return "", errors.New("this program keeps no logs")
	}))
	if err != nil {
		panic(err)
	}
	defer phone.Close(context.Background())
	_, err = phone.UploadLogs(context.Background(), time.Now().Add(-24*time.Hour), time.Now(), "no sound at noon")
	fmt.Println(err != nil)
	// Output: true
}

func ExampleWithMaxCalls() {
	phone, err := voice.New(voice.WithMaxCalls(1, 2))
	if err != nil {
		return
	}
	defer phone.Close(context.Background())
	sub := phone.Subscribe()
	defer sub.Close()
	for ev := range sub.Events() {
		ring, ok := ev.(voice.IncomingCall)
		if !ok {
			continue
		}
		first := phone.Calls()[0]
		if second, ok := phone.CallFromID(ring.Call.CallID); ok && second != first {
			_ = second.Answer()
			_ = first.Resume(context.Background())
		}
	}
}

// A program that asks somebody about the call it is in, goes back to the first party,
// and hangs up. CompleteTransfer in place of Swap would hand the call over, and
// Client.Merge would make a conference of the three.
func ExampleCall_Consult() {
	ctx := context.Background()
	platform, account := signIn("alice", "echo")
	defer platform.Close(ctx)
	phone, err := voice.New(voice.WithSound(voice.Sound{
		Capture: audio.Spec{Kind: audio.SpecNull}, Playout: audio.Spec{Kind: audio.SpecNull},
	}))
	if err != nil {
		log.Fatal(err)
	}
	defer phone.Close(ctx)
	events := phone.Subscribe()
	defer events.Close()
	if err := phone.Initialize(ctx, account(phone.DeviceID())); err != nil {
		log.Fatal(err)
	}
	call, err := phone.Dial(ctx, demo.DemoExophone, "", voice.ShownAs("echo"))
	if err != nil {
		log.Fatal(err)
	}
	for ev := range events.Events() {
		switch ev := ev.(type) {
		case voice.CallEstablished:
			if ev.Call.ConsultsFor == "" {
				fmt.Println("talking to", ev.Call.RemoteID)
				err = call.Consult(ctx, "announcer")
				break
			}
			fmt.Println("asking", ev.Call.RemoteID)
			err = call.Swap(ctx)
			fmt.Println("back with", call.Details().RemoteID)
			call.EndConsultation()
			call.Hangup()
		case voice.CallEnded:
			if ev.Call.ConsultsFor == "" {
				fmt.Println("ended:", ev.Call.EndReason)
				return
			}
		}
		if err != nil {
			log.Fatal(err)
		}
	}
	// Output:
	// talking to echo
	// asking announcer
	// back with echo
	// ended: LOCAL_HANGUP
}
