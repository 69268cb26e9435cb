#!/usr/bin/env bash
# Builds libopus and libspeexdsp for Windows (x86-64, static) from Debian's source packages, into the folder
# given as $1, with pkg-config files. It does nothing when they are there already.
set -euo pipefail

prefix=$(mkdir -p "$1" && cd "$1" && pwd)
[ -f "$prefix/complete" ] && exit 0

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# The system's own sources, asked for source packages, beside the system's lists and not in them.
mkdir -p "$work/apt/sources.list.d" "$work/apt/lists/partial" "$work/src"
for file in /etc/apt/sources.list.d/debian*.sources; do
  [ -f "$file" ] && sed 's/^Types:.*/Types: deb-src/' "$file" >"$work/apt/sources.list.d/$(basename "$file")"
done
[ ! -f /etc/apt/sources.list ] || sed -n 's/^deb /deb-src /p' /etc/apt/sources.list >"$work/apt/sources.list.d/system.list"
source_apt=(apt-get -qq -o "Dir::Etc::sourcelist=/dev/null" -o "Dir::Etc::sourceparts=$work/apt/sources.list.d" -o "Dir::State::lists=$work/apt/lists" -o "APT::Sandbox::User=root")
"${source_apt[@]}" update
(cd "$work/src" && "${source_apt[@]}" source opus speexdsp >/dev/null)

build() { # build NAME-GLOB CONFIGURE-FLAGS…
  local dir
  dir=$(find "$work/src" -maxdepth 1 -type d -name "$1" | head -n 1)
  shift
  (
    cd "$dir"
    [ -x configure ] || autoreconf -fi
    ./configure --quiet --host=x86_64-w64-mingw32 --prefix="$prefix" --enable-static --disable-shared "$@" CFLAGS="-O2 -fstack-protector-strong"
    make -s -j"$(nproc)" V=0
    make -s install
  ) >"$work/log" 2>&1 || { tail -n 30 "$work/log" >&2; exit 1; }
}

build 'opus-*' --disable-doc --disable-extra-programs
build 'speexdsp-*' --disable-examples

touch "$prefix/complete"
