#!/usr/bin/env bash
# Makes a bare Debian root that finds the archive the way this machine does.
#   bare.sh ROOT
# OFFHOOK_TEST_ROOT may name a fresh debootstrap (minbase) to copy instead of making one; it is left as it is.
set -euo pipefail
if [ -n "${OFFHOOK_TEST_ROOT:-}" ]; then
  cp -a "$OFFHOOK_TEST_ROOT" "$1"
else
  debootstrap --variant=minbase bookworm "$1" >"$1.log" 2>&1 || { tail -20 "$1.log" >&2; exit 1; }
fi
cp /etc/resolv.conf /etc/hosts "$1/etc/"
cp -a /etc/apt/apt.conf.d/. "$1/etc/apt/apt.conf.d/"
