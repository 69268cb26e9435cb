#!/usr/bin/env bash
# Makes every installer that this machine can, in dist/, and prints a table of them. Linux: .deb, .rpm, tar.xz.
# Windows: offhook.exe, NSIS and MSI installers, signed when a certificate is given (SIGN_CERT, SIGN_KEY) and with
# a test certificate otherwise. "package.sh linux" or "package.sh windows" makes only those.
set -euo pipefail
cd "$(dirname "$0")/.."

want=${1:-all}
version=$(packaging/version.sh)
package_version=$(packaging/version.sh deb)
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || echo 0)}
export SOURCE_DATE_EPOCH
dist=$PWD/dist
stage=$(mktemp -d)
trap 'rm -rf "$stage"' EXIT
mkdir -p "$dist"
nfpm=github.com/goreleaser/nfpm/v2/cmd/nfpm@v2.44.2
# -buildid= and -trimpath make two builds of one tree the same file.
ldflags="-s -w -buildid= -X main.version=$version"

icons() { # icons FOLDER: the mark in every size, as PNG
  local size
  for size in 16 24 32 48 64 128 256 512; do
    mkdir -p "$1/${size}x${size}/apps"
    rsvg-convert -w "$size" -h "$size" assets/icon.svg -o "$1/${size}x${size}/apps/offhook.png"
  done
}

linux() {
  local root=$stage/linux arch
  arch=$(go env GOARCH)
  mkdir -p "$root/usr/bin" "$root/usr/share/applications" "$root/usr/share/metainfo" "$root/usr/share/man/man1" \
    "$root/usr/share/doc/offhook" "$root/usr/share/icons/hicolor/scalable/apps"
  go build -trimpath -ldflags "$ldflags" -o "$root/usr/bin/offhook" ./cmd/desktop
  install -m 644 packaging/linux/offhook.desktop "$root/usr/share/applications/"
  install -m 644 packaging/linux/offhook.metainfo.xml "$root/usr/share/metainfo/"
  gzip -9n <packaging/linux/offhook.1 >"$root/usr/share/man/man1/offhook.1.gz"
  install -m 644 assets/icon.svg "$root/usr/share/icons/hicolor/scalable/apps/offhook.svg"
  icons "$root/usr/share/icons/hicolor"
  packaging/licences.sh >"$root/usr/share/doc/offhook/copyright"
  desktop-file-validate "$root/usr/share/applications/offhook.desktop"
  appstreamcli validate --no-net "$root/usr/share/metainfo/offhook.metainfo.xml" >"$stage/appstream" || {
    cat "$stage/appstream" >&2
    exit 1
  }
  find "$root" -exec touch -h -d "@$SOURCE_DATE_EPOCH" {} +
  for format in deb rpm; do
    VERSION=$package_version ARCH=$arch STAGE=$root go run "$nfpm" package -f packaging/linux/nfpm.yaml -p "$format" -t "$dist/" >/dev/null
  done
  tar --sort=name --owner=0 --group=0 --numeric-owner --mtime="@$SOURCE_DATE_EPOCH" -C "$root" -cJf "$dist/offhook-$version-linux-$arch.tar.xz" usr
}

# sign FILE: in place, by osslsigncode.
sign() {
  local cert=${SIGN_CERT:-} key=${SIGN_KEY:-}
  if [ -z "$cert" ]; then
    cert=$stage/test-cert.pem key=$stage/test-key.pem
    [ -f "$cert" ] || openssl req -x509 -newkey rsa:2048 -nodes -days 30 -subj "/CN=Offhook test certificate" \
      -addext extendedKeyUsage=codeSigning -keyout "$key" -out "$cert" 2>/dev/null
  fi
  osslsigncode sign -certs "$cert" -key "$key" -n Offhook ${SIGN_TIMESTAMP_URL:+-ts "$SIGN_TIMESTAMP_URL"} -in "$1" -out "$1.signed" >/dev/null
  mv "$1.signed" "$1"
}

windows() {
  local mingw=$PWD/.cache/mingw win=$stage/windows quad
  packaging/windows/libs.sh "$mingw"
  mkdir -p "$win/icons"
  quad=$(sed -E 's/^([0-9]+)\.([0-9]+)\.([0-9]+).*/\1,\2,\3,0/' <<<"$version")
  icons "$win/icons"
  icotool -c -o "$win/offhook.ico" "$win"/icons/{16x16,24x24,32x32,48x48,64x64,128x128}/apps/offhook.png --raw="$win/icons/256x256/apps/offhook.png"
  cp packaging/windows/offhook.manifest "$win/"
  sed -e "s/@QUAD@/$quad/" -e "s/@VERSION@/$version/" packaging/windows/offhook.rc.in >"$win/offhook.rc"
  (cd "$win" && x86_64-w64-mingw32-windres offhook.rc -O coff -o offhook.syso)
  cp "$win/offhook.syso" cmd/desktop/resource_windows_amd64.syso
  env PKG_CONFIG_LIBDIR="$mingw/lib/pkgconfig" PKG_CONFIG_PATH= CGO_LDFLAGS=-static GOOS=windows GOARCH=amd64 CGO_ENABLED=1 \
    CC=x86_64-w64-mingw32-gcc CXX=x86_64-w64-mingw32-g++ \
    go build -trimpath -ldflags "$ldflags -H=windowsgui" -o "$win/offhook.exe" ./cmd/desktop
  rm -f cmd/desktop/resource_windows_amd64.syso
  sign "$win/offhook.exe"
  packaging/licences.sh >"$win/third-party-licences.txt"

  local setup=$dist/offhook-$version-windows-setup.exe msi=$dist/offhook-$version-windows.msi
  makensis -V2 -DVERSION="$version" -DQUAD="${quad//,/.}" -DEXE="$win/offhook.exe" -DICON="$win/offhook.ico" \
    -DLICENCES="$win/third-party-licences.txt" -DOUT="$setup" packaging/windows/offhook.nsi
  sign "$setup"
  wixl -a x64 -D Version="${quad//,/.}" -D Exe="$win/offhook.exe" -D Icon="$win/offhook.ico" \
    -D Licences="$win/third-party-licences.txt" -o "$msi" packaging/windows/offhook.wxs
  sign "$msi"
}

start=$SECONDS
[ "$want" = windows ] || linux
[ "$want" = linux ] || windows
(cd "$dist" && sha256sum offhook* >SHA256SUMS)
printf '\n| file | MB |\n|---|---|\n'
find "$dist" -maxdepth 1 -type f -name 'offhook*' -printf '%f %s\n' | sort | awk '{printf "| %s | %.1f |\n", $1, $2 / 1e6}'
echo
echo "Made in $((SECONDS - start)) s; checksums in dist/SHA256SUMS."
