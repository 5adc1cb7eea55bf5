#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The schema that is checked in is the one that the loader's tables make.
. "$(dirname -- "$0")/../lib/gate.bash"

"$build_dir/bin/ocinorm" config schema | diff -u config/schema.json - ||
    complain "config/schema.json is stale: ocinorm config schema > config/schema.json"
finish
