#!/usr/bin/env bash
# Makes Offhook.app and its .dmg on a Mac with Xcode's tools, Go, and Homebrew's opus and speexdsp (pkg-config).
#   macos/package.sh VERSION DIST      (`make package` on a Mac calls it)
# MACOS_IDENTITY is the "Developer ID Application: …" to sign with; without it the signature is ad hoc, which runs on
# this Mac and is refused elsewhere. MACOS_NOTARY_PROFILE is a keychain profile of `notarytool store-credentials`: with
# both, the .dmg is notarised and stapled. MACOS_ARCHS is "arm64 amd64" for a universal program, if the libraries are.
set -euo pipefail
cd "$(dirname "$0")/../.."
version=$1 dist=$2
identity=${MACOS_IDENTITY:--}
archs=${MACOS_ARCHS:-$(go env GOARCH)}
stage=$(mktemp -d)
trap 'rm -rf "$stage"' EXIT
start=$SECONDS
export GOFLAGS=${GOFLAGS:--tags=nolibopusfile,migrated_fynedo} CGO_ENABLED=1 MACOSX_DEPLOYMENT_TARGET=12.0

# The two libraries go in statically, so that the bundle needs no Homebrew: the linker takes lib*.a when there is
# nothing else in the folder that it is shown.
static=$stage/static
mkdir -p "$static/lib" "$static/pkgconfig"
for library in opus speexdsp; do
  cp "$(pkg-config --variable=libdir "$library")/lib$library.a" "$static/lib/"
  printf 'Name: %s\nDescription: %s\nVersion: %s\nCflags: %s\nLibs: -L%s/lib -l%s\n' "$library" "$library" \
    "$(pkg-config --modversion "$library")" "$(pkg-config --cflags "$library")" "$static" "$library" >"$static/pkgconfig/$library.pc"
done

app=$stage/dmg/Offhook.app
mkdir -p "$app/Contents/MacOS" "$app/Contents/Resources"
programs=()
for arch in $archs; do
  PKG_CONFIG_PATH=$static/pkgconfig GOOS=darwin GOARCH=$arch go build -trimpath -buildvcs=false \
    -ldflags "-s -w -X offhook/internal/version.linked=$version" -o "$stage/offhook-$arch" ./cmd/desktop
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
