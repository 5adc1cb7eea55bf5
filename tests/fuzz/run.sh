#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Fuzzing: tests/fuzz/run.sh SECONDS [TARGET...] (default: all of them), one target after the other,
# SECONDS each, with libFuzzer, ASan, LSan and UBSan. What the fuzzer learnt stays in the build
# directory for the next run; an input that fails is copied to corpus/TARGET/. The last lines are a
# table; the exit status is 1 if anything was found.
#   OCN_FUZZ_BUILD  the build directory (default: build/fuzz)
#   OCN_FUZZ_ARGS   more flags of libFuzzer, such as "-runs=10000000 -max_len=512"
set -uo pipefail
export LC_ALL=C

here=$(cd -- "$(dirname -- "$0")" && pwd)
root=$(cd -- "$here/../.." && pwd)
build=${OCN_FUZZ_BUILD:-$root/build/fuzz}
read -ra more <<<"${OCN_FUZZ_ARGS:-}"

# TARGET: what its seeds are beside corpus/TARGET, as find(1) names files below tests/.
seeds='
accounts      -
admission     *admission/*object.json
answer        *cases*config.json
argv          -
bind_text     *.json
build         *.json
config        *config.json
diff          -
elf           -
layer         *sha256/*
manifest      -
object        *sha256/*
patch         -
policy        *policy.json
process       *process.json
review        -
runtime_state -
shell         -
splice        *cases/*.json
splice_list   -
state         -
toml          *install/*config.toml
tree          -
'

if [[ ! ${1-} =~ ^[1-9][0-9]*$ ]]; then
    echo "usage: tests/fuzz/run.sh SECONDS [TARGET...]" >&2
    exit 2
fi
seconds=$1
shift

build_targets() {
    bash "$root/packaging/deps.sh" fuzz &&
    cmake -S "$root" -B "$build" -G Ninja -DCMAKE_C_COMPILER=clang -DOCN_FUZZ=ON -DOCN_WERROR=OFF &&
        cmake --build "$build" --target fuzz -j 1
}

# Every word that the source knows, bare and as a JSON string.
write_dictionary() {
    cat "$here/words.dict"
    grep -ohE '"[][A-Za-z0-9_./:=-]{2,40}"' -r "$root/normalize" "$root/config" "$root/hook" \
        --include='*.[ch]' --include='*.def' --include='default.json' | sort -u |
        grep -vE '\.h"|%' | sed 's/.*/&\n"\\&/; s/"$/"/' | sed -E 's/^"\\"(.*)"$/"\\"\1\\""/'
}

# Small telling files of the tree, flat, under names that say where they come from.
collect_seeds() { # TARGET PATTERN
    local file name
    mkdir -p "$build/seeds/$1" "$build/corpus/$1"
    [[ $2 == - ]] && return
    while IFS= read -r file; do
        name=${file#"$root"/tests/}
        cp -- "$file" "$build/seeds/$1/${name//\//-}"
    done < <(find "$root/tests/cases" "$root/tests/fixtures" -type f -path "$2")
}

count_runs() { # LOG
    local runs
    runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$1" | tail -n 1)
    [[ -n $runs ]] || runs=$(sed -nE 's/^#([0-9]+).*/\1/p' "$1" | tail -n 1)
    echo "${runs:-0}"
}

# Copies what failed to where it becomes a test, and says so.
keep_findings() { # TARGET
    local file found=1
    for file in "$build/findings/$1"/*; do
        [[ -f $file ]] || continue
        cp -- "$file" "$here/corpus/$1/"
        echo "corpus/$1/${file##*/}: rename it by what it shows, and keep it with the fix"
        found=0
    done
    return $found
}

fuzz() { # TARGET
    local target=$1 log=$build/log/$1.log begin=$SECONDS status result=ok runs
    rm -rf "$build/findings/$target"
    mkdir -p "$build/findings/$target" "$build/log"
    "$build/tests/fuzz/fuzz_$target" -max_total_time="$seconds" -timeout=100 -rss_limit_mb=1024 \
        -dict="$build/words.dict" -artifact_prefix="$build/findings/$target/" \
        -print_final_stats=1 "${more[@]}" \
        "$build/corpus/$target" "$here/corpus/$target" "$build/seeds/$target" >"$log" 2>&1
    status=$?
    if keep_findings "$target" || ((status != 0)); then
        result="FOUND ($log)"
        grep -E 'does not hold|ERROR:|runtime error|SUMMARY' "$log" | head -n 5
        failed=1
    fi
    runs=$(count_runs "$log")
    if ((runs == 0)); then
        result="NOT RUN ($log)"
        failed=1
    fi
    begin=$((SECONDS - begin))
    table+=$(printf '%-14s %12s %8s %8s  %s' "$target" "$runs" "$begin" \
        "$((runs / (begin > 0 ? begin : 1)))" "$result")$'\n'
}

mkdir -p "$build"
if ! build_targets >"$build/build.log" 2>&1; then
    tail -n 40 "$build/build.log"
    exit 1
fi
write_dictionary >"$build/words.dict"
failed=0
known=0
table=$(printf '%-14s %12s %8s %8s  %s' target executions seconds "1/s" result)$'\n'
while read -r target pattern; do
    known=$((known + 1))
    if (($# > 0)) && [[ " $* " != *" $target "* ]]; then
        continue
    fi
    collect_seeds "$target" "$pattern"
    fuzz "$target"
done < <(sed '/^$/d' <<<"$seeds")
for target in "$@"; do
    if ! grep -q "^$target " <<<"$seeds"; then
        echo "tests/fuzz/run.sh: no such target: $target"
        failed=1
    fi
done
if ((known != $(find "$here" -maxdepth 1 -name 'fuzz_*.c' | wc -l))); then
    echo "tests/fuzz/run.sh: the table of seeds does not name every target"
    failed=1
fi
printf '%s' "$table"
exit "$failed"
