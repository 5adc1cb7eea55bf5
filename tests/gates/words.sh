#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A word in a table has room for its NUL: `char name[4]` takes "word" in C without a word of the
# compiler (gcc 15 has a warning of its own), and whoever reads it reads on. C++ would not take it.
. "$(dirname -- "$0")/../lib/gate.bash"

try() { # FILE... : prints the initialisers that lack a NUL, and nothing else
    gcc -std=c11 -D_GNU_SOURCE -DOCN_VERSION='"0"' -DOCN_{SYSCONF,DATA,LIBEXEC,BIN,DOC}DIR='"/"' -I. \
        -I"$build_dir/hook" -I"$build_dir/config" -Wc++-compat -fsyntax-only "$@" 2>&1 |
        grep -E 'initializer-string for array|fatal error' || true
}

# Rows may be of a struct that a header has, and stand in a .def.
mapfile -t files < <(find normalize config hook -name '*.c' \
    -exec grep -lE 'char [a-z_]+(\[[^]]*\])?\[[0-9A-Z_]+\]|\.def"' {} + | sort)
require_some "table of words" "${#files[@]}"
complain_lines < <(try "${files[@]}")

# It does find one.
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
printf 'static const struct { char name[4]; } rows[] = { { "word" } };\nint f(int i);\nint f(int i) { return rows[i].name[0]; }\n' >"$scratch/words.c"
[[ -n $(try "$scratch/words.c") ]] || complain "a word without a NUL is not found: this gate looks at nothing"
finish
