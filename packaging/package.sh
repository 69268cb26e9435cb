#!/usr/bin/env bash
# Makes every installer that this machine can, in dist/, and prints a table of them with their sizes and times.
#   package.sh [all|linux|windows|macos|deb|platform] [DIST]
# Linux: .deb and .rpm of the phone and of the one without a window, tar.xz of both, .deb of the platform; "deb" is the
# phone's .deb alone, "platform" the platform's.
# APPIMAGE_RUNTIME names the runtime of an AppImage (packaging/linux/appimage.sh), which is then made, too.
# Windows: offhook.exe, NSIS installer and MSI, all signed, with the certificate that SIGN_CERT and SIGN_KEY name and
# with a test certificate otherwise. macOS (there only): .app in a .dmg.
# For all: policies.zip, the templates of a policy for the group policy of Windows and the profiles of macOS.
# OFFHOOK_VERSION overrides the version that git tells.
set -euo pipefail
umask 022 # the packages' files have the modes that they have here
cd "$(dirname "$0")/.."

default=all
[ "$(uname -s)" != Darwin ] || default=macos
want=${1:-$default}
mkdir -p "${2:-dist}"
dist=$(cd "${2:-dist}" && pwd)
version=$(packaging/version.sh)
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || echo 0)}
export SOURCE_DATE_EPOCH
if [ "$want" = macos ]; then
  exec packaging/macos/package.sh "$version" "$dist"
fi
stage=$(mktemp -d)
syso=
trap 'rm -rf "$stage" $syso' EXIT
# The papers that go into a package, as they lie here; their links lead to one another alone.
phone_papers=(README.md CHANGELOG.md docs/admin.md docs/phone.md docs/privacy.md docs/security.md docs/sip.md docs/crm/README.md docs/crm/index.html docs/crm/page.js docs/crm/offhook.js docs/crm/openapi.json)
platform_papers=(CHANGELOG.md docs/deploy.md docs/privacy.md docs/security.md docs/pictures/console.png)
nfpm=github.com/goreleaser/nfpm/v2/cmd/nfpm@v2.44.2
export GOFLAGS=${GOFLAGS:--tags=nolibopusfile,migrated_fynedo}
# These make two builds of one tree the same file, whatever its folder is called.
build=(go build -trimpath -buildvcs=false)
# Linux: position-independent, with a relocation table that nobody can write to.
hardened=(-buildmode=pie)
harden="-extldflags '-Wl,-z,relro,-z,now,-z,noexecstack'"
bom=github.com/CycloneDX/cyclonedx-gomod/cmd/cyclonedx-gomod@v1.10.0
ldflags="-s -w -buildid= -X offhook/internal/version.linked=$version"

timing=$stage/timing
began=$EPOCHREALTIME
# took FILE: notes how long it took since the last one.
took() {
  local now=$EPOCHREALTIME
  awk -v f="$(basename "$1")" -v s="$(stat -c %s "$1")" -v t="$(bc <<<"$now - $began")" 'BEGIN {printf "| %s | %.1f | %.1f |\n", f, s / 1e6, t}' >>"$timing"
  began=$EPOCHREALTIME
}

# bill PROGRAM FILE: what the program is made of, as CycloneDX has it (an SBOM), the same for the same program.
bill() {
  GOFLAGS='' go run "$bom" bin -json -std -noserial -notimestamp -version "v$version" -output "$2" "$1" 2>"$stage/bill.log" || { cat "$stage/bill.log" >&2; exit 1; }
}

icons() { # icons FOLDER: the mark in every size, as PNG
  local size
  for size in 16 22 24 32 48 64 96 128 256 512; do
    mkdir -p "$1/${size}x${size}/apps"
    rsvg-convert -w "$size" -h "$size" assets/icon.svg -o "$1/${size}x${size}/apps/offhook.png"
  done
}

# squeeze DEB: its contents by xz, in place; nfpm's own xz is an eighth larger.
squeeze() {
  (cd "$stage" && ar x "$1" && xz -T1 data.tar && rm "$1" && ar qcDS "$1" debian-binary control.tar.* data.tar.xz && rm debian-binary control.tar.* data.tar.xz)
}

# installers NAME: the .deb and the .rpm of $stage/NAME, whose one program is usr/bin/NAME. Lines of the recipe that
# end in `# NAME` are that package's alone.
installers() {
  local name=$1 root=$stage/$1 formats='deb rpm' other format out
  [ "$want" != deb ] || formats=deb
  other=offhook-headless
  [ "$name" != "$other" ] || other=offhook
  find "$root" -type d -exec chmod 755 {} +
  find "$root" -exec touch -h -d "@$SOURCE_DATE_EPOCH" {} +
  for format in $formats; do
    packaging/linux/depends.sh "$format" "$root/usr/bin/$name" | sed 's/.*/      - "&"/' >"$stage/$format-depends"
  done
  sed -e "/# $other\$/d" -e "s/ *# $name\$//" \
    -e "s/@NAME@/$name/" -e "s/@ARCH@/$arch/" -e "s/@VERSION@/$package_version/" -e "s|@STAGE@|$root|" \
    -e "s/@MTIME@/$(date -u -d "@$SOURCE_DATE_EPOCH" +%FT%TZ)/" \
    -e "/@DEB_DEPENDS@/{r $stage/deb-depends" -e 'd}' -e "/@RPM_DEPENDS@/{r $stage/rpm-depends" -e 'd}' \
    packaging/linux/nfpm.yaml.in >"$stage/nfpm.yaml"
  for format in $formats; do
    out=$dist/$name-$version-linux-$arch.$format
    go run "$nfpm" package -f "$stage/nfpm.yaml" -p "$format" -t "$out" >/dev/null
    [ "$format" != deb ] || squeeze "$out"
    took "$out"
  done
}

# platform: the .deb of the demo platform, with its unit, user and configuration.
platform() {
  local root=$stage/offhook-demo arch out
  arch=$(go env GOARCH)
  mkdir -p "$root"/usr/{bin,lib/{systemd/system,sysusers.d},share/{man/man1,doc/offhook-demo,bash-completion/completions,zsh/vendor-completions,fish/vendor_completions.d}}
  "${build[@]}" "${hardened[@]}" -tags=nolibopusfile -ldflags "$ldflags $harden" -o "$root/usr/bin/offhook-demo" ./cmd/demo
  took "$root/usr/bin/offhook-demo"
  install -m 644 packaging/platform/offhook-demo.service "$root/usr/lib/systemd/system/"
  install -m 644 packaging/platform/offhook-demo.sysusers "$root/usr/lib/sysusers.d/offhook-demo.conf"
  gzip -9n <packaging/platform/offhook-demo.1 >"$root/usr/share/man/man1/offhook-demo.1.gz"
  "$root/usr/bin/offhook-demo" --completion bash >"$root/usr/share/bash-completion/completions/offhook-demo"
  "$root/usr/bin/offhook-demo" --completion zsh >"$root/usr/share/zsh/vendor-completions/_offhook-demo"
  "$root/usr/bin/offhook-demo" --completion fish >"$root/usr/share/fish/vendor_completions.d/offhook-demo.fish"
  go run ./packaging/papers "$root/usr/share/doc/offhook-demo" "${platform_papers[@]}"
  packaging/licences.sh "$root/usr/bin/offhook-demo" ./cmd/demo >"$root/usr/share/doc/offhook-demo/copyright"
  find "$root" -type d -exec chmod 755 {} +
  find "$root" -exec touch -h -d "@$SOURCE_DATE_EPOCH" {} +
  packaging/linux/depends.sh deb "$root/usr/bin/offhook-demo" | sed 's/.*/  - "&"/' >"$stage/demo-depends"
  sed -e "s/@ARCH@/$arch/" -e "s/@VERSION@/$(packaging/version.sh deb)/" -e "s|@STAGE@|$root|" \
    -e "s/@MTIME@/$(date -u -d "@$SOURCE_DATE_EPOCH" +%FT%TZ)/" -e "/@DEB_DEPENDS@/{r $stage/demo-depends" -e 'd}' \
    packaging/platform/nfpm.yaml.in >"$stage/demo.yaml"
  out=$dist/offhook-demo-$version-linux-$arch.deb
  go run "$nfpm" package -f "$stage/demo.yaml" -p deb -t "$out" >/dev/null
  squeeze "$out"
  took "$out"
}

linux() {
  local root=$stage/offhook small=$stage/offhook-headless arch package_version out
  arch=$(go env GOARCH)
  package_version=$(packaging/version.sh deb)
  mkdir -p "$root"/usr/{bin,share/{applications,metainfo,man/man1,doc/offhook,icons/hicolor/scalable/apps}} \
    "$small"/usr/{bin,share/{man/man1,doc/offhook-headless}}
  "${build[@]}" "${hardened[@]}" -ldflags "$ldflags $harden" -o "$root/usr/bin/offhook" ./cmd/desktop
  bill "$root/usr/bin/offhook" "$dist/offhook-$version-linux-$arch.cdx.json"
  took "$root/usr/bin/offhook"
  # A package of its own: it needs nothing of a desktop. Where both are, offhook --headless turns into this one.
  "${build[@]}" "${hardened[@]}" -tags=nolibopusfile,migrated_fynedo,headless -ldflags "$ldflags $harden" -o "$small/usr/bin/offhook-headless" ./cmd/desktop
  took "$small/usr/bin/offhook-headless"
  install -m 644 packaging/linux/offhook.desktop "$root/usr/share/applications/"
  sed -e "s/@VERSION@/$package_version/" -e "s/@DATE@/$(date -u -d "@$SOURCE_DATE_EPOCH" +%F)/" packaging/linux/io.offhook.Offhook.metainfo.xml \
    >"$root/usr/share/metainfo/io.offhook.Offhook.metainfo.xml"
  gzip -9n <packaging/linux/offhook.1 >"$root/usr/share/man/man1/offhook.1.gz"
  install -D -m 644 packaging/linux/70-offhook-headset.rules "$root/usr/lib/udev/rules.d/70-offhook-headset.rules"
  install -D -m 644 packaging/linux/70-offhook-headset.rules "$small/usr/lib/udev/rules.d/70-offhook-headless-headset.rules"
  mkdir -p "$root"/usr/share/{bash-completion/completions,zsh/vendor-completions,fish/vendor_completions.d}
  "$root/usr/bin/offhook" --completion bash >"$root/usr/share/bash-completion/completions/offhook"
  "$root/usr/bin/offhook" --completion zsh >"$root/usr/share/zsh/vendor-completions/_offhook"
  "$root/usr/bin/offhook" --completion fish >"$root/usr/share/fish/vendor_completions.d/offhook.fish"
  cp "$root/usr/share/man/man1/offhook.1.gz" "$small/usr/share/man/man1/offhook-headless.1.gz"
  install -m 644 assets/icon.svg "$root/usr/share/icons/hicolor/scalable/apps/offhook.svg"
  icons "$root/usr/share/icons/hicolor"
  go run ./packaging/papers "$root/usr/share/doc/offhook" "${phone_papers[@]}"
  cp -r "$root"/usr/share/doc/offhook/. "$small/usr/share/doc/offhook-headless/"
  install -D -m 644 packaging/linux/offhook-headless.service "$small/usr/lib/systemd/user/offhook-headless.service"
  packaging/licences.sh "$root/usr/bin/offhook" >"$root/usr/share/doc/offhook/copyright"
  packaging/licences.sh "$small/usr/bin/offhook-headless" >"$small/usr/share/doc/offhook-headless/copyright"
  desktop-file-validate "$root/usr/share/applications/offhook.desktop"
  appstreamcli validate --no-net "$root/usr/share/metainfo/io.offhook.Offhook.metainfo.xml" >"$stage/appstream" || {
    cat "$stage/appstream" >&2
    exit 1
  }
  installers offhook
  [ "$want" != deb ] || return 0
  installers offhook-headless
  cp "$small/usr/bin/offhook-headless" "$root/usr/bin/"
  out=$dist/offhook-$version-linux-$arch.tar.xz
  tar --sort=name --owner=0 --group=0 --numeric-owner --mtime="@$SOURCE_DATE_EPOCH" --transform "s,^usr,offhook-$version," \
    -C "$root" -cf - usr | xz -T1 >"$out"
  took "$out"
  if [ -n "${APPIMAGE_RUNTIME:-}" ]; then
    packaging/linux/appimage.sh "$out" "$dist/offhook-$version-linux-$arch.AppImage" "$APPIMAGE_RUNTIME"
    took "$dist/offhook-$version-linux-$arch.AppImage"
  fi
}

# certificate: sets cert and key, to a certificate for tests if none is given.
certificate() {
  cert=${SIGN_CERT:-} key=${SIGN_KEY:-}
  if [ -z "$cert" ]; then
    cert=$stage/test-cert.pem key=$stage/test-key.pem
    [ -f "$cert" ] || openssl req -x509 -newkey rsa:2048 -nodes -days 30 -subj "/CN=Offhook test certificate" \
      -addext extendedKeyUsage=codeSigning -addext keyUsage=digitalSignature -keyout "$key" -out "$cert" 2>/dev/null
  fi
}

# checksums: SHA256SUMS with its signature, and checks both.
checksums() {
  local cert key
  certificate
  (cd "$dist" && shopt -s nullglob && sha256sum offhook{,-headless,-demo}-"$version"-* >SHA256SUMS)
  openssl dgst -sha256 -sign "$key" ${SIGN_PASS_FILE:+-passin "file:$SIGN_PASS_FILE"} -out "$dist/SHA256SUMS.sig" "$dist/SHA256SUMS"
  openssl x509 -in "$cert" -pubkey -noout >"$stage/public.pem"
  openssl dgst -sha256 -verify "$stage/public.pem" -signature "$dist/SHA256SUMS.sig" "$dist/SHA256SUMS" >/dev/null
}

# sign FILE: in place, by osslsigncode, and checks the signature.
sign() {
  local cert key
  certificate
  osslsigncode sign -certs "$cert" -key "$key" ${SIGN_PASS_FILE:+-readpass "$SIGN_PASS_FILE"} -h sha256 -n Offhook \
    ${SIGN_TIMESTAMP_URL:+-ts "$SIGN_TIMESTAMP_URL"} -in "$1" -out "$1.signed" >"$stage/sign.log" 2>&1 || { cat "$stage/sign.log" >&2; exit 1; }
  mv "$1.signed" "$1"
  osslsigncode verify -CAfile "${SIGN_CA:-$cert}" -in "$1" >"$stage/sign.log" 2>&1 || { cat "$stage/sign.log" >&2; exit 1; }
}

windows() {
  local mingw=$PWD/.cache/mingw win=$stage/windows quad msi_version
  packaging/windows/libs.sh "$mingw"
  began=$EPOCHREALTIME
  mkdir -p "$win/icons"
  quad=$(packaging/version.sh quad)
  msi_version=$(packaging/version.sh msi)
  icons "$win/icons"
  icotool -c -o "$win/offhook.ico" "$win"/icons/{16x16,24x24,32x32,48x48,64x64,128x128}/apps/offhook.png --raw="$win/icons/256x256/apps/offhook.png"
  sed -e "s/@QUAD@/$quad/" packaging/windows/offhook.manifest >"$win/offhook.manifest"
  sed -e "s/@QUAD@/${quad//./,}/" -e "s/@VERSION@/$version/" packaging/windows/offhook.rc.in >"$win/offhook.rc"
  (cd "$win" && x86_64-w64-mingw32-windres offhook.rc -O coff -o offhook.syso)
  # Go takes the resources from beside the sources, and knows no other way.
  syso=$PWD/cmd/desktop/resource_windows_amd64.syso
  cp "$win/offhook.syso" "$syso"
  # With `accessibility`, Fyne tells screen readers the names of what is shown; for Linux it has no way to.
  # Go's cache remembers where the two libraries lay when a package was compiled; -L says where they lie now. libssp has
  # the stack protector's own functions.
  env PKG_CONFIG_LIBDIR="$mingw/lib/pkgconfig" PKG_CONFIG_PATH= CGO_LDFLAGS=-static GOOS=windows GOARCH=amd64 CGO_ENABLED=1 \
    CC=x86_64-w64-mingw32-gcc CXX=x86_64-w64-mingw32-g++ \
    "${build[@]}" -tags=nolibopusfile,migrated_fynedo,accessibility -ldflags "$ldflags -H=windowsgui -extldflags '-L$mingw/lib -lssp'" -o "$win/offhook.exe" ./cmd/desktop
  bill "$win/offhook.exe" "$dist/offhook-$version-windows-amd64.cdx.json"
  rm -f "$syso"
  sign "$win/offhook.exe"
  took "$win/offhook.exe"
  # The same without a window, for consoles: its program is called offhook.com, and Windows runs it as any other.
  cp "$win/offhook.syso" "$syso"
  env PKG_CONFIG_LIBDIR="$mingw/lib/pkgconfig" PKG_CONFIG_PATH= CGO_LDFLAGS=-static GOOS=windows GOARCH=amd64 CGO_ENABLED=1 \
    CC=x86_64-w64-mingw32-gcc CXX=x86_64-w64-mingw32-g++ \
    "${build[@]}" -tags=nolibopusfile,migrated_fynedo,headless -ldflags "$ldflags -extldflags '-L$mingw/lib -lssp'" -o "$win/offhook-console.exe" ./cmd/desktop
  rm -f "$syso"
  sign "$win/offhook-console.exe"
  mv "$win/offhook-console.exe" "$win/offhook.com"
  took "$win/offhook.com"
  packaging/licences.sh "$win/offhook.exe" >"$win/third-party-licences.txt"

  local setup=$dist/offhook-$version-windows-setup.exe msi=$dist/offhook-$version-windows.msi
  makensis -V2 -DVERSION="$version" -DQUAD="$quad" -DEXE="$win/offhook.exe" -DCONSOLE="$win/offhook.com" -DICON="$win/offhook.ico" \
    -DLICENCES="$win/third-party-licences.txt" -DOUT="$setup" packaging/windows/offhook.nsi
  sign "$setup"
  took "$setup"
  rm -f "$msi"
  # wixl takes relative names only.
  cp packaging/windows/offhook.wxs "$win/"
  (cd "$win" && wixl -a x64 -D Version="$msi_version" -D Exe=offhook.exe -D Console=offhook.com -D Icon=offhook.ico -D Licences=third-party-licences.txt -o "$msi" offhook.wxs)
  # Builds that Windows Installer takes for one version replace each other, too: else both would be installed.
  local upgrade
  upgrade=$(sed -nE 's/.*UpgradeCode="([^"]+)".*/\1/p' packaging/windows/offhook.wxs)
  msibuild "$msi" -q "DELETE FROM Upgrade WHERE ActionProperty = 'WIX_UPGRADE_DETECTED'"
  msibuild "$msi" -q "INSERT INTO Upgrade (UpgradeCode, VersionMax, Attributes, ActionProperty) VALUES ('{$upgrade}', '$msi_version', 513, 'WIX_UPGRADE_DETECTED')"
  msiinfo export "$msi" Upgrade | grep -q "$msi_version.*513.*WIX_UPGRADE_DETECTED" || { echo "The MSI does not upgrade its own version." >&2; exit 1; }
  local secure
  secure=$(msiinfo export "$msi" Property | tr -d '\r' | awk -F '\t' '$1 == "SecureCustomProperties" {print $2}')
  [ -n "$secure" ] || { echo "The MSI has no SecureCustomProperties." >&2; exit 1; }
  msibuild "$msi" -q "UPDATE Property SET Value = '$secure;POLICY;POLICYURL;SERVER;ACCOUNT;KEPTPOLICY;AUTOSTART' WHERE Property = 'SecureCustomProperties'"
  local component condition
  while IFS='|' read -r component condition; do
    msibuild "$msi" -q "UPDATE Component SET Condition = '$condition' WHERE Component = '$component'"
  done <<'CONDITIONS'
PolicyText|POLICY
PolicyUrl|POLICYURL AND NOT POLICY
PolicyServer|SERVER AND NOT POLICYURL AND NOT POLICY
PolicyKept|KEPTPOLICY AND NOT SERVER AND NOT POLICYURL AND NOT POLICY
AutoStart|AUTOSTART=1
CONDITIONS
  [ "$(msiinfo export "$msi" Component | awk -F '\t' '$5 != "" && NR > 3' | wc -l)" = 5 ] || { echo "The MSI's conditions are not in it." >&2; exit 1; }
  sign "$msi"
  took "$msi"
}

# policies: the templates of a policy for Windows and macOS.
policies() {
  local out=$dist/offhook-$version-policies.zip
  go run ./packaging/policies "$out"
  took "$out"
}

start=$SECONDS
[[ $want = windows || $want = platform ]] || linux
[[ $want = windows || $want = deb ]] || platform
[[ $want = linux || $want = deb || $want = platform ]] || windows
[ "$want" = deb ] || policies
checksums
packaging/manifests.sh "$dist"
printf '\n| file | MB | seconds |\n|---|---|---|\n'
cat "$timing"
echo
echo "Made in $((SECONDS - start)) s; checksums in $dist/SHA256SUMS."
