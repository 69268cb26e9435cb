#!/usr/bin/env bash
# Vets, for macOS and Windows, all that needs no C compiler of theirs: the rooms that neither are cgo nor import
# something that is. The rest is compiled where it is packaged.
set -euo pipefail
cd "$(dirname "$0")/.."
export GOFLAGS=${GOFLAGS:--tags=nolibopusfile,migrated_fynedo}
for system in darwin windows; do
  [ "$system" != "$(go env GOHOSTOS)" ] || continue
  export GOOS=$system
  with_c=$(CGO_ENABLED=1 go list -e -deps -test -f '{{if and .CgoFiles (not .Standard)}}{{.ImportPath}}{{end}}' ./... | sed 's/ .*//' | sort -u | tr '\n' ' ')
  pure=()
  while IFS= read -r package; do pure+=("$package"); done < <(CGO_ENABLED=1 go list -e -test -f '{{if .ForTest}}{{.ForTest}}{{else}}{{.ImportPath}}{{end}} {{join .Deps " "}}' ./... |
    awk -v c="$with_c" 'BEGIN {n = split(c, list, " "); for (i = 1; i <= n; i++) bad[list[i]] = 1}
      {sub(/\.test$/, "", $1); seen[$1] = 1; if ($1 in bad) not[$1] = 1; for (i = 2; i <= NF; i++) if ($i in bad) not[$1] = 1}
      END {for (p in seen) if (!(p in not)) print p}' | sort)
  [ ${#pure[@]} -gt 10 ] || { echo "Only ${#pure[@]} packages were found for $system." >&2; exit 1; }
  CGO_ENABLED=0 go vet "${pure[@]}" || { echo "vet for $system failed" >&2; exit 1; }
done
