#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Captured nodes: tests/cases/detect/<case>/root is what `ocinorm detect --root` looks at, `env` (if
# there) what the container has, expected.json what it says but for host and confinement, which are
# this machine's. OCN_CASES_UPDATE=1 writes expected.json instead: read the diff before you commit it.
set -euo pipefail
cd "$(dirname -- "$0")/../.."
ocinorm=$1/ocinorm
seen=0 failed=0

for dir in tests/cases/detect/*/; do
    dir=${dir%/}
    env=()
    if [[ -e $dir/env ]]; then
        while IFS= read -r line; do env+=(--env "$line"); done <"$dir/env"
    fi
    seen=$((seen + 1))
    if ! said=$("$ocinorm" detect --root "$dir/root" --format json "${env[@]}" | tr -d '\000' |
        jq --arg root "$dir/root" 'del(.host, .confinement) |
            (.candidates[].file | values) |= ltrimstr($root)'); then
        echo "$dir: detect failed" >&2
        failed=$((failed + 1))
    elif [[ -n ${OCN_CASES_UPDATE-} ]]; then
        printf '%s\n' "$said" >"$dir/expected.json"
    elif ! diff -u --label "$dir/expected.json" --label "ocinorm detect" "$dir/expected.json" \
        - <<<"$said" >&2; then
        failed=$((failed + 1))
    fi
done
echo "detect: $seen captured nodes, $failed wrong"
((seen >= 40 && failed == 0))
