#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2016 # jq's variables stand in single quotes
# OTEL_RESOURCE_ATTRIBUTES as the OpenTelemetry SDK for Go reads it: tests/platform/otel.sh
# BIN-DIRECTORY. Debian 12's SDK does not decode values yet, so the next release's is compiled, with
# its own Go; packages come through apt with directories of its own, and nothing is installed. The last
# line is "N passed, N failed".
set -euo pipefail
export LC_ALL=C.UTF-8 CGO_ENABLED=0 GOPROXY=off GOTOOLCHAIN=local GO111MODULE=off
bin=$(cd -- "$1" && pwd)
cd -- "$(dirname -- "$0")"
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
apt_dir=$tmp/apt
# shellcheck source=../../packaging/private-apt.bash
. ../../packaging/private-apt.bash
passed=0
failed=0
variable=OTEL_RESOURCE_ATTRIBUTES
packages=(golang-1.24-go golang-1.24-src golang-opentelemetry-otel-dev golang-github-go-logr-logr-dev
    golang-github-go-logr-stdr-dev golang-github-google-uuid-dev golang-golang-x-sys-dev)

same() { # NAME EXPECTED-JSON ACTUAL-JSON
    if [[ $(jq -S . <<<"$2") == "$(jq -S . <<<"$3")" ]]; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        printf 'FAILED %s\n' "$1"
        diff -u <(jq -S . <<<"$2") <(jq -S . <<<"$3") | head -n 20 || true
    fi
}

build_program() {
    local go=$tmp/root/usr/lib/go-1.24 deb
    private_apt_init trixie "$(dpkg --print-architecture)"
    (cd "$apt_dir" && private_apt download "${packages[@]}")
    for deb in "$apt_dir"/*.deb; do
        dpkg-deb -x "$deb" "$tmp/root"
    done
    mkdir -p "$tmp/go/src/resource" "$tmp/bundle/rootfs"
    cp otel/main.go "$tmp/go/src/resource"
    (cd "$tmp/go/src/resource" && GOROOT=$go GOPATH=$tmp/go:$tmp/root/usr/share/gocode \
        GOCACHE=$tmp/cache GOFLAGS='' "$go/bin/go" build -o "$tmp/resource" .)
    echo '{"rules": {"entry.found": "off"}}' >"$tmp/policy.json"
}

# What ocinorm makes of the list of a container; the list itself where it changes nothing.
merged() { # LIST ANNOTATIONS-JSON
    jq -n --arg list "$1" --argjson annotations "$2" \
        '{ociVersion: "1.0.2", process: {user: {uid: 1000, gid: 1000}, args: ["/app"], cwd: "/",
          env: ["OTEL_RESOURCE_ATTRIBUTES=" + $list]}, root: {path: "rootfs"},
          annotations: ($annotations | with_entries(.key |= "resource.opentelemetry.io/" + .)),
          linux: {namespaces: ["pid", "network", "ipc", "uts", "mount"] | map({type: .})}}' \
        >"$tmp/bundle/config.json"
    "$bin/ocinorm" explain --bundle "$tmp/bundle" --config "$tmp/policy.json" --format json |
        jq -r --arg list "$1" --arg path "/process/env/$variable" \
            '[(.edits[] | select(.path == $path).to), $list][0]'
}

# It complains of malformed lists, which are left alone on purpose.
sdk() { # LIST
    env -i "$variable=$1" "$tmp/resource" 2>"$tmp/complaints"
}

# Each value of the annotations arrives as it is.
check_values() { # NAME ANNOTATIONS-JSON
    same "$1" "$2" "$(sdk "$(merged '' "$2")" | jq 'del(.["host.arch"])')"
}

# What the SDK makes of the container's own list is still there, and @3 with it.
check_own() { # NAME LIST ADDED-JSON
    local annotations='{"a": "ours", "k8s.pod.name": "ours", "zzz": "o,u=r s"}'
    same "$1" "$(sdk "$2" | jq --argjson added "$3" '$added + .')" \
        "$(sdk "$(merged "$2" "$annotations")" | jq 'del(.["host.arch"])')"
}

build_program
check_values ascii "$(jq -n '[range(1; 61) | {key: "c\(.)", value: ("a" + ([.] | implode) + "b")}] |
    from_entries')"
check_values 'ascii, the rest' "$(jq -n '[range(61; 125) | {key: "c\(.)", value: ([.] | implode)}] |
    from_entries')"
check_values signs "$(jq -n '{comma: "a,b=c", percent: "%", escape: "%2C%zz", plus: "+ +",
    lines: "\r\nLD_PRELOAD=/x", blanks: " x\u00a0", utf8: "\u20ac \ud83d\udc33 \u0131", del: "\u007f",
    image: "registry:5000/a/b@sha256:0", long: ("%" * 1024)}')"
all='{"a": "ours", "k8s.pod.name": "ours", "zzz": "o,u=r s"}'
check_own 'no list' '' "$all"
check_own 'own keys win' 'k8s.pod.name=mine,a=' '{"zzz": "o,u=r s"}'
check_own 'own keys behind blanks win' $' a = b%20c ,\u3000k8s.pod.name\u00a0=mine' '{"zzz": "o,u=r s"}'
check_own 'the later of two own keys wins' 'a=1,a=2' "$(jq 'del(.a)' <<<"$all")"
check_own 'equals in a value' 'x=a=b=c' "$all"
for list in 'a=1,b' 'a=100%,b=1' 'a=%zz' 'a=1,' '=x' $'a=1,\nb=2'; do
    check_own "malformed: $list" "$list" '{}'
done
echo "$passed passed, $failed failed"
((failed == 0))
