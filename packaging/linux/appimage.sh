#!/usr/bin/env bash
# Makes an AppImage of the phone out of its tar.xz, with libopus and libspeexdsp inside; OpenGL and the rest of a
# desktop come from the system.
#   appimage.sh TAR.XZ OUT.AppImage RUNTIME
# RUNTIME is the program that each AppImage begins with: runtime-x86_64 of https://github.com/AppImage/type2-runtime.
# Without it, with "-", OUT is the AppDir alone, as a folder.
set -euo pipefail
[ $# = 3 ] || { echo "appimage.sh TAR.XZ OUT RUNTIME|-" >&2; exit 2; }
tarball=$1 out=$2 runtime=$3
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
dir=$work/Offhook.AppDir
mkdir -p "$dir/usr/lib"
tar -xJf "$tarball" -C "$dir/usr" --strip-components=1

for library in libopus.so.0 libspeexdsp.so.1; do
  path=$(ldconfig -p | awk -v l="$library" '$1 == l && /x86-64|AArch64/ {print $NF; exit}')
  [ -n "$path" ] || { echo "This system has no $library." >&2; exit 1; }
  install -m 644 "$(readlink -f "$path")" "$dir/usr/lib/$library"
done
cp "$dir/usr/share/applications/offhook.desktop" "$dir/offhook.desktop"
cp "$dir/usr/share/icons/hicolor/256x256/apps/offhook.png" "$dir/offhook.png"
ln -s offhook.png "$dir/.DirIcon"
cat >"$dir/AppRun" <<'RUN'
#!/bin/sh
here=$(dirname "$(readlink -f "$0")")
LD_LIBRARY_PATH=$here/usr/lib${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
export LD_LIBRARY_PATH
exec "$here/usr/bin/offhook" "$@"
RUN
chmod 755 "$dir/AppRun"
"$dir/AppRun" --version >/dev/null

if [ "$runtime" = - ]; then
  rm -rf "$out"
  cp -a "$dir" "$out"
  exit 0
fi
[ "$(head -c 11 "$runtime" | tail -c 3 | od -An -tx1 | tr -d ' ')" = 414902 ] || { echo "$runtime is no runtime of an AppImage (type 2)." >&2; exit 1; }
export SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-0}
find "$dir" -exec touch -h -d "@$SOURCE_DATE_EPOCH" {} +
mksquashfs "$dir" "$work/squashfs" -root-owned -noappend -no-progress -quiet -comp zstd
cat "$runtime" "$work/squashfs" >"$out"
chmod 755 "$out"
