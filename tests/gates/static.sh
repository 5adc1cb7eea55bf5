#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What a runtime starts needs no library: no ld.so, no LD_PRELOAD, any mount namespace.
. "$(dirname -- "$0")/../lib/gate.bash"

for program in ocinorm-hook ocinorm-runtime ocinorm-entry; do
    kind=$(file -b "$build_dir/bin/$program")
    [[ $kind =~ static-pie\ linked|statically\ linked ]] || complain "$program: $kind"
done

# It is copied into the memory of every container, and there is no libc in it.
size=$(stat -c %s "$build_dir/bin/ocinorm-entry")
((size < 40960)) || complain "ocinorm-entry: $size bytes, more than 40 KiB"
finish
