#!/usr/bin/env bash
# Writes the licences of everything that is linked into the phone, to standard output: each Go module's own
# licence file, and those of the two C libraries.
set -euo pipefail
cd "$(dirname "$0")/.."

echo "Offhook contains software by others, under the licences below."
go list -deps -f '{{with .Module}}{{if not .Main}}{{.Path}} {{.Version}} {{.Dir}}{{end}}{{end}}' ./cmd/desktop ./cmd/demo | sort -u |
  while read -r path version dir; do
    printf '\n================================================================\n%s %s\n\n' "$path" "$version"
    found=0
    for file in "$dir"/LICEN[SC]E* "$dir"/COPYING* "$dir"/UNLICENSE*; do
      [ -f "$file" ] || continue
      found=1
      cat "$file"
    done
    if [ $found = 0 ]; then
      echo "No licence file in the module $path." >&2
      exit 1
    fi
  done
for library in opus speexdsp; do
  printf '\n================================================================\n%s\n\n' "$library"
  for file in /usr/share/doc/lib${library}0/copyright /usr/share/doc/lib${library}1/copyright; do
    [ ! -f "$file" ] || cat "$file"
  done
done
printf '\n================================================================\nNoto Sans\n\n'
cat assets/fonts/OFL.txt
