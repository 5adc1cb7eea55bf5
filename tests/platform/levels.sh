#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Real Go programs of every level that the installed compiler knows, against captured machines:
# tests/platform/levels.sh [DIRECTORY OF OUR PROGRAMS]. A tree of roots/ is named ARCH-VARIANT and
# holds what such a machine's /proc says; where its variant is unknown, nobody can tell.
set -euo pipefail
cd -- "$(dirname -- "$0")"
bin=${1:-../../build/bin}
bin=$(cd -- "$bin" && pwd)
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
[[ -n ${GOCACHE:-}${HOME:-} ]] || export GOCACHE=$tmp/cache
failed=0
checks=0

# PROGRAM'S ARCH | SETTING | LEVEL | TREES THAT RUN IT | TREES THAT DO NOT
programs='
amd64   | GOAMD64=v1     | v1     | amd64-v2 amd64-v3 amd64-v4           |
amd64   | GOAMD64=v2     | v2     | amd64-v2 amd64-v3 amd64-v4           |
amd64   | GOAMD64=v3     | v3     | amd64-v3 amd64-v4                    | amd64-v2
amd64   | GOAMD64=v4     | v4     | amd64-v4                             | amd64-v2 amd64-v3
386     | GO386=sse2     | null   | amd64-v2                             |
arm     | GOARM=5        | v5     | arm-v6 arm-v7 arm64-v8               |
arm     | GOARM=6        | v6     | arm-v6 arm-v7 arm64-v8.2             |
arm     | GOARM=7        | v7     | arm-v7 arm64-v8 arm64-v9.1           | arm-v6
ppc64le | GOPPC64=power8 | power8 | ppc64le-power8 ppc64le-power9        |
ppc64le | GOPPC64=power9 | power9 | ppc64le-power9                       | ppc64le-power8
arm64   | GOARM64=       | any    | arm64-v8 arm64-v8.2 arm64-v9.1       |
riscv64 | GORISCV64=     | any    | riscv64-rva22u64 riscv64-unknown     |
'

check() { # WHAT EXPECTED ACTUAL
    checks=$((checks + 1))
    if [[ $2 != "$3" ]]; then
        failed=$((failed + 1))
        printf 'FAILED %s: %s instead of %s\n' "$1" "$3" "$2"
    fi
}

explain() { # TREE
    "$bin/ocinorm" explain --bundle "$tmp/bundle" --config "$tmp/policy.json" \
        --root "$PWD/roots/$1" --format json >"$tmp/report.json" || [[ $? -eq 1 ]]
}

judge() { # PROGRAM TREE LEVEL VERDICT
    local variant=${2#*-} found
    explain "$2"
    [[ $variant != unknown ]] || variant=null
    check "$1 on $2, host" "${2%%-*} $variant" \
        "$(jq -r '.facts.host | "\(.arch) \(.variant)"' "$tmp/report.json")"
    [[ $3 == any ]] ||
        check "$1 on $2, program" "$3" "$(jq -r .facts.entry.variant "$tmp/report.json")"
    found=$(jq -r '[.findings[] | select(.level == "deny")] | map(.rule) | join(" ")' "$tmp/report.json")
    check "$1 on $2" "$4" "$found"
    if [[ -n $4 ]]; then
        check "$1 on $2, sentence" true "$(jq --arg program "${1%% *}/$3" --arg host "${2/-//}" \
            '.findings[0].message | contains($program) and contains($host)' "$tmp/report.json")"
    fi
}

mkdir -p "$tmp/bundle/rootfs"
echo '{}' >"$tmp/policy.json"
printf 'module example.com/hello\n\ngo 1.19\n' >"$tmp/go.mod"
printf 'package main\n\nfunc main() { println("hello") }\n' >"$tmp/main.go"
echo '{"ociVersion": "1.0.2", "root": {"path": "rootfs"},
       "process": {"user": {"uid": 1000, "gid": 1000}, "args": ["/app"], "cwd": "/",
                   "env": ["PATH=/bin"]},
       "linux": {"namespaces": [{"type": "pid"}, {"type": "network"}, {"type": "ipc"},
                                {"type": "mount"}]}}' >"$tmp/bundle/config.json"

while IFS='|' read -r arch setting level good bad; do
    [[ -n ${arch// /} ]] || continue
    arch=${arch// /} setting=${setting// /} level=${level// /}
    (cd "$tmp" && env GOOS=linux GOARCH="$arch" "$setting" CGO_ENABLED=0 GOFLAGS=-buildvcs=false \
        go build -o bundle/rootfs/app .)
    for tree in $good; do
        judge "$arch $setting" "$tree" "$level" ''
    done
    for tree in $bad; do
        judge "$arch $setting" "$tree" "$level" platform.variant
    done
done <<<"$programs"
printf '%d checks, %d failed\n' "$checks" "$failed"
[[ $checks -gt 0 && $failed -eq 0 ]]
