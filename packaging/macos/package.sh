#!/usr/bin/env bash
# Makes Offhook.app and its .dmg on a Mac with Xcode's tools, Go, and Homebrew's opus and speexdsp (pkg-config).
#   macos/package.sh VERSION DIST      (`make package` on a Mac calls it)
# The program is for each processor whose two libraries are here: with Homebrew in /opt/homebrew and in /usr/local it is
# universal; MACOS_ARCHS="arm64 amd64" says which it must be for.
# MACOS_IDENTITY is the "Developer ID Application: …" to sign with; without it the signature is ad hoc, which runs on
# this Mac and is refused elsewhere. MACOS_NOTARY_PROFILE is a keychain profile of `notarytool store-credentials`: with
# both, the .dmg is notarised and stapled.
set -euo pipefail
cd "$(dirname "$0")/../.."
version=$1 dist=$2
identity=${MACOS_IDENTITY:--}
stage=$(mktemp -d)
trap 'rm -rf "$stage"' EXIT
start=$SECONDS
export GOFLAGS=-tags=nolibopusfile,migrated_fynedo,accessibility CGO_ENABLED=1 MACOSX_DEPLOYMENT_TARGET=12.0

# library NAME ARCH: the static library for a processor.
library() {
  local slice=$2 dir
  [ "$slice" != amd64 ] || slice=x86_64
  for dir in "$(pkg-config --variable=libdir "$1")" /opt/homebrew/lib /usr/local/lib; do
    if lipo -archs "$dir/lib$1.a" 2>/dev/null | grep -qw "$slice"; then
      echo "$dir/lib$1.a"
      return
    fi
  done
  return 1
}
archs=${MACOS_ARCHS:-}
if [ -z "$archs" ]; then
  for arch in arm64 amd64; do
    if library opus "$arch" >/dev/null && library speexdsp "$arch" >/dev/null; then archs="$archs $arch"; fi
  done
fi
[ -n "$archs" ] || { echo "There is no static libopus and libspeexdsp: brew install pkg-config opus speexdsp" >&2; exit 1; }

app=$stage/dmg/Offhook.app
mkdir -p "$app/Contents/MacOS" "$app/Contents/Resources"
programs=()
for arch in $archs; do
  # The two libraries go in statically, so that the bundle needs no Homebrew: the linker takes lib*.a when there is
  # nothing else in the folder that it is shown.
  static=$stage/$arch
  mkdir -p "$static"
  for name in opus speexdsp; do
    file=$(library $name "$arch") || { echo "There is no static lib$name for $arch." >&2; exit 1; }
    cp "$file" "$static/"
    printf 'Name: %s\nDescription: %s\nVersion: %s\nCflags: %s\nLibs: -L%s -l%s\n' $name $name \
      "$(pkg-config --modversion $name)" "$(pkg-config --cflags $name)" "$static" $name >"$static/$name.pc"
  done
  # Go remembers where the libraries lay when it compiled; -L says where they lie now.
  PKG_CONFIG_PATH=$static GOOS=darwin GOARCH=$arch go build -trimpath -buildvcs=false \
    -ldflags "-s -w -X offhook/internal/version.linked=$version -extldflags -L$static" -o "$stage/offhook-$arch" ./cmd/desktop
  programs+=("$stage/offhook-$arch")
done
lipo -create -output "$app/Contents/MacOS/offhook" "${programs[@]}"
if otool -L "$app/Contents/MacOS/offhook" | grep -E '/(opt|usr)/(homebrew|local)/'; then
  echo "The program needs the libraries above, which other Macs don't have." >&2
  exit 1
fi
short=$(packaging/version.sh quad)
sed -e "s/@SHORT@/${short%.*}/" -e "s/@QUAD@/$short/" packaging/macos/Info.plist.in >"$app/Contents/Info.plist"
plutil -lint "$app/Contents/Info.plist" packaging/macos/entitlements.plist
printf 'APPL????' >"$app/Contents/PkgInfo"
go run ./packaging/macos/icns assets/icon.svg "$app/Contents/Resources/offhook.icns"
packaging/licences.sh "${programs[0]}" >"$app/Contents/Resources/third-party-licences.txt"

timestamp=--timestamp
[ "$identity" != - ] || timestamp=--timestamp=none
codesign --force --options runtime "$timestamp" --entitlements packaging/macos/entitlements.plist --sign "$identity" "$app"
codesign --verify --strict --deep --verbose=1 "$app"

ln -s /Applications "$stage/dmg/Applications"
dmg=$dist/offhook-$version-macos.dmg
rm -f "$dmg"
hdiutil create -quiet -volname Offhook -srcfolder "$stage/dmg" -fs HFS+ -format UDZO "$dmg"
codesign --force "$timestamp" --sign "$identity" "$dmg"
if [ -n "${MACOS_NOTARY_PROFILE:-}" ]; then
  packaging/macos/notarise.sh "$dmg"
fi
(cd "$dist" && shasum -a 256 offhook-* >SHA256SUMS)
printf '\n| file | MB | seconds |\n|---|---|---|\n| %s | %s | %s |\n' "$(basename "$dmg")" "$(du -m "$dmg" | cut -f1)" "$((SECONDS - start))"
