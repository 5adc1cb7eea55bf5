#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Includes point one way: config -> normalize, hook -> config and normalize, tests -> all.
. "$(dirname -- "$0")/../lib/gate.bash"

layers='
normalize : normalize
config    : normalize config
hook      : normalize config hook
tests     : normalize config hook packaging tests
'
while read -r folder _ allowed; do
    mapfile -t includes < <(grep -rnE '^[[:space:]]*#[[:space:]]*include[[:space:]]*"' "$folder" \
        --include='*.c' --include='*.h' --include='*.def')
    require_some "include in $folder" "${#includes[@]}"
    for line in "${includes[@]}"; do
        target=${line#*\"}
        target=${target%%\"*}
        if [[ $target != */* || " $allowed " != *" ${target%%/*} "* ]]; then
            complain "${line%%:#*}: $folder may include only from: $allowed (got \"$target\")"
        elif [[ $target == *..* || ! -f $target ]]; then
            complain "${line%%:#*}: \"$target\" is not spelled from the root of the tree"
        fi
    done
done < <(sed '/^$/d' <<<"$layers")
finish
