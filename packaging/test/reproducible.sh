#!/usr/bin/env bash
# Builds the Linux packages twice, from two copies of this commit in folders of different names and depths, with
# another time zone and umask, and compares every byte. The second compiles everything anew, C included, in a cache of
# its own: what the first leaves behind would prove nothing.
set -euo pipefail
cd "$(dirname "$0")/../.."
work=$(mktemp -d /tmp/offhook-reproducible.XXXXXX)
trap 'rm -rf "$work"' EXIT
first=$work/a second=$work/b/deeper/copy
version=$(packaging/version.sh)
epoch=$(git log -1 --format=%ct)
mkdir -p "$first" "$second"
git archive HEAD | tar -x -C "$first"
git archive HEAD | tar -x -C "$second"
OFFHOOK_VERSION=$version SOURCE_DATE_EPOCH=$epoch "$first/packaging/package.sh" linux "$work/one" >/dev/null
umask 027
GOCACHE=$work/cache OFFHOOK_VERSION=$version SOURCE_DATE_EPOCH=$epoch TZ=Asia/Kolkata "$second/packaging/package.sh" linux "$work/two" >/dev/null
status=0
for file in "$work"/one/offhook-*; do
  name=$(basename "$file")
  if cmp -s "$file" "$work/two/$name"; then
    echo "the same: $(sha256sum <"$file" | cut -c1-16)  $name"
  else
    echo "differs: $name" >&2
    status=1
  fi
done
if [ $status != 0 ]; then
  mkdir "$work/x" "$work/y"
  tar -C "$work/x" -xf "$work"/one/*.tar.xz
  tar -C "$work/y" -xf "$work"/two/*.tar.xz
  diff -rq "$work/x" "$work/y" >&2 || true
  diff <(tar -tvf "$work"/one/*.tar.xz) <(tar -tvf "$work"/two/*.tar.xz) >&2 || true
fi
exit $status
