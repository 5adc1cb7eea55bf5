#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Cases of `ocinorm lint`: tests/lint/run.sh BIN [--write] [CASE...]. A case is a folder with
#   args      words, one a line
#   expected  what it prints; errors (stderr) behind a line "--"; the exit status in the last line
# and the files that it reads; links, "NAME TARGET" a line, are made while it runs. It is run in its folder. --write writes `expected`: read the diff.
set -uo pipefail
export LC_ALL=C NO_COLOR=1

here=$(cd -- "$(dirname -- "$0")" && pwd)
program=$(cd -- "$1" && pwd)/ocinorm-image
shift
write=false
if [[ ${1-} == --write ]]; then
    write=true
    shift
fi
if (($# == 0)); then
    cd -- "$here" && set -- */
fi
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

run_case() { # FOLDER; prints what is
    local args status link target
    cd -- "$1" || return 1
    mapfile -t args <args
    if [[ -f links ]]; then
        while read -r link target; do
            ln -sfn "$target" "$link"
        done <links
    fi
    if [[ -f stdin ]]; then
        "$program" lint "${args[@]}" <stdin >"$scratch/out" 2>"$scratch/err"
    else
        "$program" lint "${args[@]}" </dev/null >"$scratch/out" 2>"$scratch/err"
    fi
    status=$?
    [[ ! -f links ]] || cut -d' ' -f1 links | xargs rm -f
    cat "$scratch/out"
    if [[ -s $scratch/err ]]; then
        echo "--"
        cat "$scratch/err"
    fi
    echo "exit $status"
}

failed=0
for case in "$@"; do
    folder=$here/${case%/}
    if [[ ! -f $folder/args ]]; then
        echo "$case: no such case"
        failed=1
        continue
    fi
    (run_case "$folder") >"$scratch/is"
    if $write; then
        cp "$scratch/is" "$folder/expected"
    elif ! diff -u "$folder/expected" "$scratch/is"; then
        failed=1
    fi
done
exit "$failed"
