#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# ocinorm install and uninstall over existing configurations: tests/install/run.sh DIRECTORY-OF-PROGRAMS
# [--write]. A case is tests/install/ENGINE/CASE/:
#
#   before/   the node's files
#   args      the arguments behind `install ENGINE`
#   after/    the files that are new or different after it; without it nothing may change
#   says      lines, each of which is part of one that is printed
#   error     instead of after/: part of the error; nothing may change
#
# In each: --dry-run changes nothing and prints what diff -u does; a second install changes nothing;
# uninstall leaves what was before, bytes, modes and owners. --write makes after/ anew, to be read.
set -euo pipefail

here=$(cd -- "$(dirname -- "$0")" && pwd)
ocinorm=$(cd -- "${1:?name the directory of the programs}" && pwd)/ocinorm
write=${2:-}
# In memory where there is a place: every file is synced to the disk.
work=$(mktemp -d -p /dev/shm 2>/dev/null || mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0
count=0

# shellcheck source=tree.bash
. "$here/tree.bash"

complain() { # TEXT...
    printf '%s: %s\n' "$case" "$*"
    failed=$((failed + 1))
}

# What diff(1) has to say about the files that differ, in the order in which ocinorm names them.
expected_diff() { # TREE PRINTED
    local path real old new link
    while read -r path; do
        real=$path
        while read -r link; do
            [[ $path != "$link"/* ]] || real=$(readlink "$1$link")${path#"$link"}
        done < <(cd "$1" && find . -type l -printf '/%P\n')
        old=$1$real
        new=$here/$case/after$real
        [[ -e $old ]] || old=/dev/null
        diff -u --label "${old/#"$1$real"/"$path"}" --label "$path" "$old" "$new" || true
    done < <(sed -n 's/^would write //p' "$2")
}

only_diffs() {
    awk '/^--- / { inside = 1 } /^[^-+ @\\]/ { inside = 0 } inside' "$1"
}

ours() { # ARGUMENT...
    "$ocinorm" "$@" --root "$work/tree"
}

expect_same() { # SNAPSHOT WHAT
    snapshot "$work/tree" >"$work/now"
    diff -u "$1" "$work/now" || complain "$2"
}

run_error() { # ARGUMENT...
    if ours install "$@" >"$work/out" 2>"$work/err"; then
        complain "was to fail, and did not"
    elif ! grep -qF -- "$(cat "$here/$case/error")" "$work/err"; then
        complain "does not say: $(cat "$here/$case/error")"
        cat "$work/err"
    fi
    expect_same "$work/before" "a failed install left something"
}

compare_after() {
    local path
    (cd "$work/tree" && find . -path ./var/lib/ocinorm -prune -o -type f -print) | sort >"$work/files"
    while read -r path; do
        path=${path#./}
        if [[ -e $here/$case/after/$path ]]; then
            diff -u "$here/$case/after/$path" "$work/tree/$path" || complain "$path is different"
        elif ! cmp -s "$work/tree/$path" "$work/copy/$path"; then
            complain "$path was not to be written"
        fi
    done <"$work/files"
    find "$here/$case/after" -type f -printf '%P\n' 2>/dev/null | while read -r path; do
        [[ -e $work/tree/$path ]] || echo "$path"
    done >"$work/missing" || true
    [[ ! -s $work/missing ]] || complain "was not written: $(cat "$work/missing")"
}

write_after() {
    local path
    rm -rf "${here:?}/$case/after"
    (cd "$work/tree" && find . -path ./var/lib/ocinorm -prune -o -type f -print) | while read -r path; do
        if ! cmp -s "$work/tree/$path" "$work/copy/$path"; then
            mkdir -p "$here/$case/after/$(dirname "$path")"
            cat "$work/tree/$path" >"$here/$case/after/$path"
        fi
    done
}

run_change() { # ARGUMENT...
    local line
    ours install "$@" --dry-run >"$work/dry" 2>"$work/err" || complain "dry-run: $(cat "$work/err")"
    expect_same "$work/before" "--dry-run changed something"
    ours install "$@" >"$work/out" 2>"$work/err" || complain "install: $(cat "$work/err")"
    if [[ $write == --write ]]; then
        write_after
    fi
    compare_after
    # A copy of what few may read is for few.
    find "$work/tree/etc" -name 99-ocinorm.toml -perm /077 -exec grep -l 'is a copy' {} + >"$work/open" || true
    [[ ! -s $work/open ]] || complain "may be read by all: $(cat "$work/open")"
    expected_diff "$work/copy" "$work/dry" >"$work/diff"
    only_diffs "$work/dry" >"$work/printed"
    diff -u "$work/diff" "$work/printed" || complain "the diff of --dry-run is not that of diff -u"
    while read -r line; do
        grep -qF -- "$line" "$work/out" || complain "does not say: $line"
    done < <(cat "$here/$case/says" 2>/dev/null)
    snapshot "$work/tree" >"$work/installed"
    ours install "$@" >"$work/out" 2>&1 || complain "second install: $(cat "$work/out")"
    expect_same "$work/installed" "a second install changed something"
    ours uninstall "${case%%/*}" >"$work/out" 2>&1 || complain "uninstall: $(cat "$work/out")"
    expect_same "$work/before" "uninstall did not restore"
}

run_case() {
    local args
    rm -rf "$work/tree" "$work/copy"
    make_tree "$work/tree"
    cp -a "$work/tree" "$work/copy"
    snapshot "$work/tree" >"$work/before"
    read -ra args <"$here/$case/args" || true
    count=$((count + 1))
    if [[ -e $here/$case/error ]]; then
        run_error "${case%%/*}" "${args[@]}"
    else
        run_change "${case%%/*}" "${args[@]}"
    fi
}

for case in "$here"/*/*/; do
    case=${case#"$here"/}
    case=${case%/}
    run_case
done
echo "$count cases, $failed complaints"
((failed == 0 && count > 0))
