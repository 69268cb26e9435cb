// Command simulate plays speech through the jitter buffer over networks of every
// kind, without any real time passing, and prints what came of it: the delay, the
// share of sound that had to be made up, and the intelligibility that is left
// (STOI). Every change of the buffer is judged by its table.
//
//	go run ./voice/jitter/simulate                      # all networks, Opus 20 ms
//	go run ./voice/jitter/simulate -net 'jitter.*' -codec PCMU
//	go run ./voice/jitter/simulate -net 'bursts.*' -bitrate 24000 -copies 4,2 -seeds 8
//	go run ./voice/jitter/simulate -trace wifi.txt      # a recorded network: a line for each packet, its delay in ms or "lost"
//	go run ./voice/jitter/simulate -speech talk.wav -out heard   # keep what was heard
package main
