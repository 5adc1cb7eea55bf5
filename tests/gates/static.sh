#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What a runtime starts needs no library: no ld.so, no LD_PRELOAD, any mount namespace.
. "$(dirname -- "$0")/../lib/gate.bash"

for program in ocinorm-hook ocinorm-runtime ocinorm-entry; do
    kind=$(file -b "$build_dir/bin/$program")
    [[ $kind =~ static-pie\ linked|statically\ linked ]] || complain "$program: $kind"
done

# Nothing runs before main that a start does not need: libcap does (hook/confine/README.md).
for program in ocinorm-hook ocinorm-runtime; do
    symbols=$(nm "$build_dir/bin/$program")
    require_some "symbols of $program" "$(wc -l <<<"$symbols")"
    ! grep -q ' _libcap_initialize$' <<<"$symbols" || complain "$program: libcap is linked in"
done

# It is copied into the memory of every container, and there is no libc in it. The place of the plan,
# zeros, takes no memory.
size=$(stat -c %s "$build_dir/bin/ocinorm-entry")
place=$((64 << 10))
((size - place < 40960)) || complain "ocinorm-entry: $size bytes, more than 40 KiB and the plan's place"
finish
