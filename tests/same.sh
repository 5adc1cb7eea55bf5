#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Two builds say and do the same, to the byte: tests/same.sh BIN-DIRECTORY BIN-DIRECTORY
# For a libc that the unit tests do not link with. What `explain`, `apply` and `config check` make of
# every configuration in tests/ is compared: real ones, those of the cases with their policies, and
# what the fuzzers found, which is broken mostly. The last line is what was compared.
set -euo pipefail
export LC_ALL=C

tests=$(cd -- "$(dirname -- "$0")" && pwd)
one=${1:?the bin directories of two builds}
other=${2:?the bin directory of another build}
compared=0
refused=0
differ=0
work=$(mktemp -d "${TMPDIR:-/tmp}/ocinorm-same.XXXXXX")
trap 'rm -rf -- "$work"' EXIT

mkdir -p "$work"/bundle/rootfs/{bin,etc}
cp "$(command -v busybox)" "$work/bundle/rootfs/bin/sh"
echo 'root:x:0:0:root:/root:/bin/sh' >"$work/bundle/rootfs/etc/passwd"
echo '{}' >"$work/policy.json"

told() { # BIN-DIRECTORY CONFIG POLICY
    local on=(--bundle "$work/bundle" --config "$3")
    cp "$2" "$work/bundle/config.json"
    "$1/ocinorm" explain "${on[@]}" --format json || echo "explain: $?"
    "$1/ocinorm" apply "${on[@]}" || echo "apply: $?"
    "$1/ocinorm" config check "$2" || echo "check: $?"
    cat "$work/bundle/config.json"
}

for config in "$tests"/fixtures/*.config.json "$tests"/cases/*/*/config.json "$tests"/fuzz/corpus/*/*; do
    policy=${config%/*}/policy.json
    [[ -e $policy ]] || policy=$work/policy.json
    told "$one" "$config" "$policy" >"$work/one" 2>&1
    told "$other" "$config" "$policy" >"$work/other" 2>&1
    compared=$((compared + 1))
    ! grep -q '^apply: ' "$work/one" || refused=$((refused + 1))
    if ! diff "$work/one" "$work/other" >"$work/diff"; then
        differ=$((differ + 1))
        echo "$config:"
        head -n 10 "$work/diff"
    fi
done
echo "$compared compared, $((compared - refused)) of them applied; $differ differ"
((differ == 0 && refused > 0 && compared > refused))
