# Commands of every clone; README.md names the first two.
SHELL := /bin/bash
TAGS  := nolibopusfile,migrated_fynedo
export GOFLAGS := -tags=$(TAGS)

.PHONY: build
build:
	go build -o bin/ ./cmd/...
