#!/usr/bin/env bash
# Lets Apple notarise a signed .dmg, waits for the verdict, and staples it on, so that a Mac without a network believes it.
#   MACOS_NOTARY_PROFILE=name notarise.sh FILE.dmg
# The profile is made once: xcrun notarytool store-credentials name --apple-id … --team-id … --password …
set -euo pipefail
dmg=$1
verdict=$(xcrun notarytool submit "$dmg" --keychain-profile "$MACOS_NOTARY_PROFILE" --wait --output-format json)
echo "$verdict"
if ! grep -q '"status" *: *"Accepted"' <<<"$verdict"; then
  id=$(sed -nE 's/.*"id" *: *"([^"]+)".*/\1/p' <<<"$verdict")
  xcrun notarytool log "$id" --keychain-profile "$MACOS_NOTARY_PROFILE" >&2
  exit 1
fi
xcrun stapler staple "$dmg"
spctl --assess --type open --context context:primary-signature --verbose "$dmg"
