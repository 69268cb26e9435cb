#!/usr/bin/env bash
# Runs govulncheck (module path with version as $1) and fails on what it finds. A machine that can't
# reach the vulnerability database is told so, and lint goes on: its result would say nothing.
set -uo pipefail

out=$(go run "$1" ./... 2>&1)
status=$?
if [ $status -ne 0 ] && grep -qE 'fetching vulnerabilities' <<<"$out"; then
  echo "govulncheck: its database can't be reached from here; not checked."
  exit 0
fi
echo "$out"
exit $status
