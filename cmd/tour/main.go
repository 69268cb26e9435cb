// Command tour shows the phone at work where there is no display: on a virtual
// one it signs in, calls the echo, is called back, and leaves a picture of each
// step and a report with times and figures of sound. Mouse and keys are real
// events of the display; nothing reaches into the phone.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"time"
)

func main() {
	phone := flag.String("phone", "bin/offhook", "path of the phone's `binary`")
	platform := flag.String("platform", "bin/offhook-demo", "path of the demo platform's `binary`")
	out := flag.String("out", "out", "`folder` for the pictures and the report")
	flag.Parse()

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	ctx, cancel := context.WithTimeout(ctx, 3*time.Minute)
	defer cancel()

	report, err := run(ctx, *phone, *platform, *out)
	if report != nil {
		if err := report.write(*out); err != nil {
			fmt.Fprintln(os.Stderr, "tour:", err)
		}
		fmt.Print(report.markdown())
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "tour:", err)
		os.Exit(1)
	}
	fmt.Println("Pictures and report are in", *out)
}
