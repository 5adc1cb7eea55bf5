#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# What `ocinorm explain` and `diff` say of images that other tools wrote: tests/images/run.sh BIN [--write]
# A case is a line of cases.txt: NAME | EXIT STATUS | WORDS, @ being tests/fixtures/images; explain goes without saying. Of the answer as JSON
# what matters is compared with NAME.json: platform, user, what is edited to what, which rules found something. Where
# the status is 2, NAME.json is the message. --write writes what is: read the diff. Cases in a line of their own
# "same: NAME NAME..." have the same answer but for digests.
set -euo pipefail
export LC_ALL=C NO_COLOR=1

bin=$(cd -- "${1:?the directory of our programs}" && pwd)
write=${2:-}
here=$(cd -- "$(dirname -- "$0")" && pwd)
fixtures=$(cd -- "$here/../fixtures/images" && pwd)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
passed=0 failed=0
export XDG_CACHE_HOME=$scratch/cache HOME=$scratch

say() { printf '%s\n' "$*"; }

# shellcheck disable=SC2016 # jq's
essence='
    if .differences then
        del(.a, .b, .version) | .images |= map(del(.a, .b))
    elif .images then
        { images: [.images[] | { platform, user, profiles: (.profiles | map_values({
              verdict, entry: (.facts.entry | { path, arch, program, go: .go.version }),
              edits: [.edits[] | select(.path | test("io.ocinorm") | not) | { (.path): .to }] | add,
              findings: [.findings[] | { rule, level }] })) }],
          passedOver: [.passedOver[].is] }
    else . end'

# The answer, without what is other in every run.
answer_of() { # WORDS...
    local status=0 command=explain
    if [[ $1 == diff ]]; then
        command=$1
        shift
    fi
    "$bin/ocinorm" "$command" "$@" --format json >"$scratch/out" 2>"$scratch/err" || status=$?
    if ((status == 2)); then
        sed "s#$fixtures#@#g" "$scratch/err"
    else
        jq -S "$essence" "$scratch/out"
        # A whole number is one without a point: readers of integers (Go's) refuse "1001.0".
        ! grep -nE '[0-9][.]0,?$' "$scratch/out" || return 99
    fi
    return "$status"
}

check() { # NAME STATUS WORDS...
    local name=$1 want=$2 status=0
    answer_of "${@:3}" >"$scratch/$name" || status=$?
    if [[ $write == --write ]]; then
        cp "$scratch/$name" "$here/$name.json"
    fi
    if ((status == want)) && diff "$here/$name.json" "$scratch/$name" >"$scratch/diff" 2>&1; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        say "FAILED  $name: status $status, expected $want"
        head -n 40 "$scratch/diff"
    fi
}

check_same() { # NAME NAME...
    local other
    for other in "${@:2}"; do
        if diff "$scratch/$1" "$scratch/$other" >"$scratch/diff"; then
            passed=$((passed + 1))
        else
            failed=$((failed + 1))
            say "FAILED  $1 and $other differ"
            head -n 40 "$scratch/diff"
        fi
    done
}

while IFS='|' read -r name want words; do
    if [[ $name == same:* ]]; then
        read -ra names <<<"${name#same:}"
        check_same "${names[@]}"
    elif [[ -n $name && $name != \#* ]]; then
        read -ra list <<<"${words//@/$fixtures}"
        check "${name// /}" "${want// /}" "${list[@]}"
    fi
done <"$here/cases.txt"

# An archive of Docker says no digest of its configuration: nobody knows that it is another.
archive=docker-archive:$fixtures/skopeo-docker-archive.tar
if "$bin/ocinorm" diff "$archive" "$archive" | grep -qx 'linux/amd64: the same files (layers: 1)'; then
    passed=$((passed + 1))
else
    failed=$((failed + 1))
    say "FAILED  the text of a diff of two archives"
fi
say "$passed passed, $failed failed"
((failed == 0 && passed > 0))
