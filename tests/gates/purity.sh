#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The core and the policy touch nothing but memory: every symbol that they take from elsewhere is on
# the list, and none of their own can be written to. What of the shell runs in the confined child calls
# nothing whose system calls hang on the size of what it is given (hook/confine/README.md).
. "$(dirname -- "$0")/../lib/gate.bash"

allowed=$(sed 's/ *#.*//; /^$/d' tests/gates/purity.allow)
archives=("$build_dir/normalize/libocn_normalize.a" "$build_dir/config/libocn_config.a")

all=$(nm --undefined-only --format=posix "${archives[@]}" | awk 'NF >= 2 { print $1 }' | sort -u)
own=$(nm --defined-only --format=posix "${archives[@]}" | awk 'NF >= 2 { print $1 }' | sort -u)
require_some "symbols" "$(wc -w <<<"$own")"

complain_lines < <(comm -23 <(echo "$all") <(echo "$own") |
    grep -vxE "$(paste -sd'|' <<<"$allowed")" |
    sed 's/$/: not on the list of tests\/gates\/purity.allow/')

by_size='qsort(_r)?|scandir(at)?|glob|nftw|f?open(64)?|fdopen|get(line|delim)|v?f?printf|v?asprintf|f(read|write|puts|gets)
    |setlocale|newlocale|getrandom|getentropy|arc4random.*|get(pw|gr).*|localtime.*|malloc_trim|dlopen|pthread_create'
hook_archives=("$build_dir/hook/libocn_hook.a")
[[ ! -f $build_dir/hook/lint/libocn_lint.a ]] || hook_archives+=("$build_dir/hook/lint/libocn_lint.a")
own=$(nm --undefined-only --format=posix "${hook_archives[@]}" |
    awk '/:$/ { in_child = /\[(answer|confine|dir_view|cpu|judge|manifest|manifest_child|yaml[a-z_]*)\./ }
         NF >= 2 && in_child { print $1 }' | sort -u)
require_some "symbols of the confined child" "$(wc -w <<<"$own")"
complain_lines < <(grep -xE "${by_size//[[:space:]]/}" <<<"$own" |
    sed 's/$/: not in the confined child, see hook\/confine\/README.md/')

# Tables of pointers lie in .data.rel.ro, which is read-only once the program runs.
complain_lines < <(nm --defined-only --format=sysv "${archives[@]}" |
    awk -F'|' '{ gsub(/ /, "", $1); gsub(/ /, "", $7) }
               $7 ~ /^(\.data|\.bss|\.tdata|\.tbss|\*COM\*)/ && $7 !~ /^\.data\.rel\.ro/ {
                   print $1 ": can be written to (" $7 ")" }')
finish
