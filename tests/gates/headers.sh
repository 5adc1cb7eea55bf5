#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Every header compiles alone, and twice, with gcc and with clang.
. "$(dirname -- "$0")/../lib/gate.bash"

mapfile -t headers < <(find normalize config hook tests -name '*.h' | sort)
require_some header "${#headers[@]}"
read -ra cflags < <(pkg-config --cflags jansson && echo)
for header in "${headers[@]}"; do
    for compiler in gcc clang; do
        printf '#include "%s"\n#include "%s"\n' "$header" "$header" |
            "$compiler" -std=c11 -D_GNU_SOURCE -DOCN_VERSION='"0"' -Wall -Wextra -Wpedantic -Wundef \
                -Werror -I. "${cflags[@]}" -fsyntax-only -x c - ||
            complain "$header does not compile alone with $compiler"
    done
done
finish
