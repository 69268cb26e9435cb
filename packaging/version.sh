#!/usr/bin/env bash
# Prints the one version of this tree, as semver: 1.2.3 on a tag v1.2.3, else 1.2.3-dev.N+gSHA after it.
# "version.sh deb" prints the form that dpkg and rpm sort rightly (before 1.2.3's successor, without '-').
set -euo pipefail
cd "$(dirname "$0")/.."

first=0.1.0 # until there is a first tag
if tag=$(git describe --tags --match 'v[0-9]*' --abbrev=0 2>/dev/null); then
  base=${tag#v}
  count=$(git rev-list --count "$tag"..HEAD)
elif count=$(git rev-list --count HEAD 2>/dev/null); then
  base=$first
else
  base=$first count=0
fi
version=$base
if [ "$count" != 0 ]; then
  version="$base-dev.$count+g$(git rev-parse --short=8 HEAD)"
fi
if [ "${1:-}" = deb ]; then
  version=${version/-dev./\~dev}
  version=${version/+g/.g}
fi
echo "$version"
