#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# What `ocinorm-runtime create` costs beside a static program that only execves the same runtime, with
# the runtime replaced by a program that does nothing: tests/bench/run.sh [BIN-DIRECTORY [PAIRS]].
# It asserts nothing: the machine decides. The goal is a ratio of 1.35.
set -euo pipefail

root=$(cd -- "$(dirname -- "$0")/../.." && pwd)
bin=$(cd -- "${1:-$root/build/bin}" && pwd)
pairs=${2:-400}
work=$(mktemp -d /dev/shm/ocinorm-bench.XXXXXX)
trap 'rm -rf -- "$work"' EXIT

for program in exec_only noop pairs; do
    "${CC:-cc}" -std=c11 -D_GNU_SOURCE -O2 -static-pie -fPIE -o "$work/$program" \
        "$root/tests/bench/$program.c"
done
mkdir -p "$work/bundle/rootfs/bin" "$work/bundle/rootfs/etc" "$work/etc"
cp "$(command -v busybox)" "$work/bundle/rootfs/bin/sh"
echo 'root:x:0:0:root:/root:/bin/sh' >"$work/bundle/rootfs/etc/passwd"
echo 'root:x:0:' >"$work/bundle/rootfs/etc/group"
cp "$root/tests/bench/config.json" "$work/fresh.json"
cp "$work/fresh.json" "$work/bundle/config.json"
printf '{"runtimes": ["%s"]}\n' "$work/noop" >"$work/etc/config.json"
export OCINORM_CONFIG=$work/etc/config.json EXEC_ONLY=$work/noop

measure() { # FRESH|-
    "$work/pairs" "$pairs" "$1" "$work/bundle/config.json" "$bin/ocinorm-runtime" "$work/exec_only" \
        create --bundle "$work/bundle" bench
}

# A bench of a wrapper that edits nothing would measure nothing.
"$bin/ocinorm-runtime" create --bundle "$work/bundle" bench
if cmp -s "$work/fresh.json" "$work/bundle/config.json"; then
    echo "bench: ocinorm-runtime left config.json as it was" >&2
    exit 1
fi

echo "$pairs pairs, microseconds     ocinorm-runtime         exec only"
echo "                               median      p90     median      p90    ratio"
printf 'config.json needs edits      %s\n' "$(measure "$work/fresh.json")"
printf 'a second pass, nothing to do %s\n' "$(measure -)"
