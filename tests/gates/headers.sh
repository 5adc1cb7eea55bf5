#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Every header compiles alone, and twice, with gcc and with clang (or the third argument).
. "$(dirname -- "$0")/../lib/gate.bash"

mapfile -t headers < <(find normalize config hook tests -name '*.h' | sort)
require_some header "${#headers[@]}"
read -ra cflags < <(pkg-config --cflags jansson && echo)
read -ra compilers <<<"${3:-gcc clang}"
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
files=()
for header in "${headers[@]}"; do
    files+=("$scratch/${header//\//,}.c")
    printf '#include "%s"\n#include "%s"\ntypedef int not_empty;\n' "$header" "$header" >"${files[-1]}"
done

compile() { # COMPILER FILE...
    "$1" -std=c11 -D_GNU_SOURCE -DOCN_VERSION='"0"' -Wall -Wextra -Wpedantic -Wundef -Werror -I. \
        "${cflags[@]}" -fsyntax-only "${@:2}"
}

# All in one call, and one by one only to name what is wrong.
for compiler in "${compilers[@]}"; do
    compile "$compiler" "${files[@]}" 2>/dev/null && continue
    for i in "${!files[@]}"; do
        compile "$compiler" "${files[i]}" || complain "${headers[i]} does not compile alone with $compiler"
    done
done
finish
