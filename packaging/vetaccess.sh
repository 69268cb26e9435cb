#!/usr/bin/env bash
# Compiles the window's widgets and Fyne with `-tags accessibility`, which gives their names to screen readers. Fyne
# 2.8 speaks to those of Windows and macOS only: on Linux the tag changes nothing, so it is Windows' that is compiled,
# where its C compiler is (packaging/deps.sh package).
set -euo pipefail
cd "$(dirname "$0")/.."
if ! command -v x86_64-w64-mingw32-gcc >/dev/null; then
  echo "accessibility: not compiled, there is no C compiler for Windows here"
  exit 0
fi
CGO_ENABLED=1 GOOS=windows CC=x86_64-w64-mingw32-gcc GOFLAGS=-tags=migrated_fynedo,accessibility \
  go build ./ui/widget ./ui/theme fyne.io/fyne/v2/app
