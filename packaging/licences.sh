#!/usr/bin/env bash
# Writes the licences of everything that is linked into a program of the phone, to standard output: Go's own, those of
# each module in the program and of what others wrote inside its packages, of the C libraries, of the fonts.
#   licences.sh PROGRAM [PACKAGE]   PACKAGE is the Go package of the program, ./cmd/desktop if it is left out
set -euo pipefail
cd "$(dirname "$0")/.."
program=$1 package=${2:-./cmd/desktop}

rule() { printf '\n================================================================\n%s\n\n' "$1"; }
texts() { find "$1" -maxdepth "$2" -type f \( -iname 'licen[sc]e*' -o -iname 'copying*' -o -iname 'unlicense*' -o -iname 'notice*' \) | sort; }

echo "Offhook contains software by others, under the licences below."
rule "The Go standard library and runtime, $(go version "$program" | sed 's/.*: //')"
cat "$(go env GOROOT)/LICENSE"

# What is linked stands in the program; which of a module's folders are, only its build knows.
build=$(go version -m "$program")
setting() { awk -v key="$1=" '$1 == "build" && index($2, key) == 1 {print substr($2, length(key) + 1)}' <<<"$build"; }
folders=$(GOOS=$(setting GOOS) GOARCH=$(setting GOARCH) CGO_ENABLED=1 GOFLAGS=-tags=$(setting -tags) go list -deps -f '{{.Dir}}' "$package")
awk '$1 == "dep" {print $2, $3}' <<<"$build" | while read -r path version; do
  dir=$(go list -m -f '{{.Dir}}' "$path")
  rule "$path $version"
  own=$(texts "$dir" 1)
  [ -n "$own" ] || { echo "No licence file in the module $path." >&2; exit 1; }
  {
    echo "$own"
    # Fonts and sources in C lie in folders of their own below the package's.
    awk -v dir="$dir" '$0 == dir || index($0, dir "/") == 1' <<<"$folders" | while read -r folder; do
      texts "$folder" "$([ "$folder" = "$dir" ] && echo 1 || echo 2)"
    done
  } | sort -u | while read -r file; do
    [ "$(dirname "$file")" = "$dir" ] || printf '%s:\n\n' "${file#"$dir/"}"
    cat "$file"
    echo
  done
done

for library in opus speexdsp; do
  rule "$library"
  if [ "$(setting GOOS)" = darwin ]; then
    cat "$(pkg-config --variable=prefix "$library")/COPYING" # Homebrew's
  else
    cat /usr/share/doc/lib${library}[01]/copyright
  fi
done
if [ "$(setting GOOS)" = windows ]; then
  for part in mingw-w64-x86-64-dev gcc-mingw-w64-x86-64-win32-runtime; do
    rule "$part"
    cat "/usr/share/doc/$part/copyright"
  done
fi
rule "Noto Sans"
cat assets/fonts/OFL.txt
rule "Material Symbols"
cat assets/icons/LICENSE.txt
