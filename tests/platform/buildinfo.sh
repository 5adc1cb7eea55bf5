#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# `ocinorm buildinfo` against `go version -m` and `go tool buildid`, on programs that the installed Go
# makes for every Linux port: tests/platform/buildinfo.sh BIN-DIRECTORY. The last line is
# "N passed, N failed".
set -euo pipefail
export LC_ALL=C CGO_ENABLED=0 GOPROXY=off GOTOOLCHAIN=local

ocinorm=$(cd -- "$1" && pwd)/ocinorm
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
passed=0
failed=0

same() { # NAME EXPECTED-FILE ACTUAL-FILE
    if cmp -s "$2" "$3"; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "FAILED $1"
        diff -u "$2" "$3" | head -n 20 || true
    fi
}

# The JSON report written as the lines of `go version -m`: nothing may be missing in it.
as_text() { # FILE
    "$ocinorm" buildinfo "$1" --format json | jq -r '
        def columns: [.path, .version, if .replacedBy then empty else .sum // "" end] | join("\t");
        def lines($word): "\t\($word)\t\(columns)", (.replacedBy // empty | "\t=>\t\(columns)");
        "\(.file): \(.version)",
        (.path // empty | "\tpath\t\(.)"),
        (.main // empty | lines("mod")),
        (.deps[] | lines("dep")),
        (.settings | to_entries[] | "\tbuild\t\(.key)=" +
            (.value | if test("[ \t\r\n\"`]") then @json else . end))'
}

check() { # FILE
    local name=${1#"$work"/}
    go version -m "$1" >"$work/expected"
    "$ocinorm" buildinfo "$1" >"$work/actual"
    same "$name: text" "$work/expected" "$work/actual"
    sed -i "/^\t$/d" "$work/expected" # behind a replacement
    as_text "$1" >"$work/actual"
    same "$name: json" "$work/expected" "$work/actual"
    go tool buildid "$1" >"$work/expected"
    "$ocinorm" buildinfo "$1" --format json | jq -r '.buildId // ""' >"$work/actual"
    same "$name: build id" "$work/expected" "$work/actual"
}

# As a packer leaves it: without section headers. Go's own reader misses some of these, so the answer
# is compared with that of the whole file.
check_without_sections() { # FILE
    local name=${1#"$work"/} bare=$work/bare.elf
    "$ocinorm" buildinfo "$1" | sed '1s/^.*: //' >"$work/expected"
    cp --sparse=always "$1" "$bare"
    printf '\0\0\0\0\0\0\0\0' | dd of="$bare" bs=1 seek=40 conv=notrunc status=none
    printf '\0\0\0\0' | dd of="$bare" bs=1 seek=60 conv=notrunc status=none
    "$ocinorm" buildinfo "$bare" | sed '1s/^.*: //' >"$work/actual"
    same "$name without section headers" "$work/expected" "$work/actual"
}

# Windows, not files: 2 GB of holes behind a program cost nothing. Its sections are there, then not.
check_sparse() { # FILE
    local name=${1#"$work"/} big=$work/big.elf
    cp "$1" "$big"
    truncate -s 2G "$big"
    "$ocinorm" buildinfo "$1" | sed '1s/^.*: //' >"$work/expected"
    (ulimit -v 32768 -t 1 && "$ocinorm" buildinfo "$big") | sed '1s/^.*: //' >"$work/actual"
    same "$name with 2 GB of holes" "$work/expected" "$work/actual"
    check_without_sections "$big"
    rm "$big" "$work/bare.elf"
}

make_sources() {
    mkdir -p "$work/src" "$work/lib"
    printf 'module example.org/lib\n\ngo 1.18\n' >"$work/lib/go.mod"
    printf 'package lib\n\nconst Name = "lib"\n' >"$work/lib/lib.go"
    printf 'module example.com/shop/v2\n\ngo 1.18\n\nrequire example.org/lib v1.2.3\n\n%s\n' \
        'replace example.org/lib => ../lib' >"$work/src/go.mod"
    printf 'package main\n\nimport "example.org/lib"\n\nvar v string\n\n%s\n' \
        'func main() { println(lib.Name, v) }' >"$work/src/main.go"
    mkdir "$work/src/cgo"
    printf 'package main\n\n// int one(void) { return 1; }\nimport "C"\n\n%s\n' \
        'func main() { println(C.one()) }' >"$work/src/cgo/main.go"
    git -C "$work/src" init -q
    git -C "$work/src" -c user.name=t -c user.email=t@example.com commit -q --allow-empty -m t
}

build() { # NAME PACKAGE GO-BUILD-FLAG...
    (cd "$work/src" && go build -buildvcs=true -o "$work/$1" "${@:3}" "$2")
}

make_sources
native=$(go env GOHOSTARCH)
mapfile -t ports < <(go tool dist list | sed -n 's/^linux\///p')
for port in "${ports[@]}"; do
    export GOOS=linux GOARCH=$port
    build "$port" .
    build "$port-stripped" . -trimpath -ldflags '-s -w -X "main.v=1 2"'
    check "$work/$port"
    check "$work/$port-stripped"
done
export GOARCH=$native
build pie . -buildmode=pie -ldflags '-X "main.v=a	b"'
build pie-stripped . -buildmode=pie -ldflags '-s -w' -tags=a,b
export CGO_ENABLED=1
build cgo ./cgo
build cgo-pie ./cgo -buildmode=pie -ldflags '-s -w'
for program in pie pie-stripped cgo cgo-pie; do
    check "$work/$program"
    check_without_sections "$work/$program"
done
check_without_sections "$work/$native-stripped"
check_sparse "$work/$native-stripped"
while read -r program; do # the Go programs of this machine, of whatever version
    check "$program"
done < <(find "$(go env GOROOT)/bin/" "$(go env GOTOOLDIR)/" /usr/bin /usr/sbin /usr/local/bin \
    -type f -perm -u+x -size -64M -exec grep -lqa ' Go buildinf:' {} \; -print | while read -r program; do
    if go version "$program" 2>/dev/null | grep -q ': go'; then echo "$program"; fi
done)

if ((${#ports[@]} < 13)); then
    echo "FAILED only ${#ports[@]} ports"
    failed=$((failed + 1))
fi
echo "$passed passed, $failed failed"
((failed == 0))
