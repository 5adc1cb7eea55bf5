#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Which changes of the source does no unit test see? tests/mutate.sh [OPTION...] FILE...
#   --every N   tries about one change of N (default: every one)
#   --seed S    draws other ones (default: 1); the same seed draws the same ones again
#   --list      prints the changes and tries none
#   --only TEXT tries those whose FILE:LINE: BEFORE → AFTER contains TEXT
#
# One operator, constant, condition or statement is changed at a time: the table is in lib/mutants.py. Each
# change is built without optimisation in a copy of the tree (build/mutate), and the unit tests run, the
# likeliest first. A change that does not compile does not count. What survives is printed as it is found,
# and at the end how many were caught. mutate.equivalent lists changes that nobody can see, and why.
#
# A changed program may do anything: files of hook/ that write, mount or signal are for a container.
set -euo pipefail
shopt -s extglob
export LC_ALL=C.UTF-8

root=$(cd -- "$(dirname -- "$0")/.." && pwd)
work=$root/build/mutate
tree=$work/tree
build=$work/build
every=1 seed=1 only='' list=false
jobs=2
seconds=60 # for one test; what needs longer hangs
ulimit -v $((8 << 20)) # KiB: what allocates without end fails

usage() {
    sed -n '4,9s/^# \?//p' "$0" >&2
    exit 2
}

while [[ ${1:-} == --* ]]; do
    case $1 in
        --every) every=${2:?} && shift ;;
        --seed) seed=${2:?} && shift ;;
        --only) only=${2:?} && shift ;;
        --list) list=true ;;
        *) usage ;;
    esac
    shift
done
(($# > 0)) || usage

# The tracked files and new ones, as they are now. They keep their times, so that only what has changed is
# built; but not those that an earlier run had changed.
copy_tree() {
    rm -rf "$tree"
    mkdir -p "$tree"
    git -C "$root" ls-files -z --cached --others --exclude-standard |
        tar --directory "$root" --null --files-from - --create | tar --directory "$tree" --extract
    if [[ -e $work/touched ]]; then
        (cd "$tree" && xargs --no-run-if-empty touch --no-create) <"$work/touched"
    fi
}

make_changes() {
    (cd "$root" && python3 tests/lib/mutants.py "$every" "$seed" tests/mutate.equivalent "$@")
}

build_targets() { # TARGET...
    ninja -C "$build" -j "$jobs" "$@" >"$work/build.log" 2>&1
}

# All unit tests but the cases, which test_cases has run in one process.
run_all() {
    (cd "$build" && ctest -L unit -E '^cases/' -j "$jobs" --timeout "$seconds" --stop-on-failure) >"$work/test.log" 2>&1
}

# Builds and runs test_MODULE. 2: it does not build.
run_test() { # MODULE
    build_targets "test_$1" || return 2
    (cd "$build/tests/unit" && timeout "$seconds" "./test_$1") >"$work/test.log" 2>&1
}

# Which modules' tests have caught a change of the file: they are asked first.
declare -A likely

# caught, survived or broken: what became of the tree with one line changed.
try() { # FILE
    local module status failed
    for module in ${likely[$1]}; do
        status=0
        run_test "$module" || status=$?
        case $status in
            0) ;;
            2) echo broken && return ;;
            *) echo caught && return ;;
        esac
    done
    build_targets all || { echo broken && return; }
    if run_all; then
        echo survived && return
    fi
    echo caught
    failed=$(sed -nE 's/.*Test +#[0-9]+: ([a-z0-9_]+) .*\*\*\*.*/\1/p' "$work/test.log" | head -n 1)
    echo "$failed" >"$work/failed"
}

remember_who_caught() { # FILE
    local module=''
    [[ ! -s $work/failed ]] || module=$(<"$work/failed")
    if [[ -e $tree/tests/unit/test_$module.c && " ${likely[$1]} " != *" $module "* ]]; then
        likely[$1]+=" $module"
    fi
    rm -f "$work/failed"
}

change_line() { # FILE LINE; the new text is in $text
    echo "$1" >>"$work/touched"
    awk -v at="$2" 'NR == at { print ENVIRON["text"]; next } { print }' "$root/$1" >"$work/changed"
    cp "$work/changed" "$tree/$1"
}

mkdir -p "$work"
make_changes "$@" >"$work/changes"
if $list; then
    awk -F '\t' '{ print $1 ":" $2 ": " $3 " → " $4 }' "$work/changes" | sed -E 's/ +/ /g'
    exit 0
fi

copy_tree
cmake -S "$tree" -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=Debug -DCMAKE_C_FLAGS='-O0 -g0 -fsanitize=bounds -fsanitize-undefined-trap-on-error' -DOCN_WERROR=OFF \
    -DOCN_STATIC=OFF >"$work/build.log"
build_targets all || { tail "$work/build.log" >&2 && exit 1; }
if ! run_test cases || ! run_all; then
    tail "$work/test.log" >&2
    echo "the tests fail without a change" >&2
    exit 1
fi

declare -A count=([caught]=0 [survived]=0 [broken]=0)
begin=$SECONDS
while IFS=$'\t' read -r -u 3 file line before after; do
    shown="$file:$line: ${before##+([[:space:]])} → ${after##+([[:space:]])}"
    [[ $shown == *"$only"* ]] || continue
    stem=${file##*/} && stem=${stem%.c}
    if [[ -z ${likely[$file]:-} ]]; then
        likely[$file]=cases
        [[ ! -e $tree/tests/unit/test_$stem.c ]] || likely[$file]+=" $stem"
    fi
    text=$after change_line "$file" "$line"
    result=$(try "$file")
    remember_who_caught "$file"
    cp "$root/$file" "$tree/$file"
    count[$result]=$((count[$result] + 1))
    [[ $result != survived ]] || echo "$shown"
done 3<"$work/changes"
echo "${count[caught]} of $((count[caught] + count[survived])) caught; ${count[broken]} did not compile;" \
    "$((SECONDS - begin)) s"
