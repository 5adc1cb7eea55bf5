#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Shows what ocinorm does, on real containers: integration/demo.sh, as root. Installs what is missing,
# builds into build/demo/, leaves nothing else behind, and fails if anything is not as promised.
set -euo pipefail
PATH=$PATH:/usr/sbin:/sbin

root=$(cd -- "$(dirname -- "$0")/.." && pwd)
# shellcheck source=elf.bash
. "$root/integration/elf.bash"
((EUID == 0)) || { echo "demo: run it as root: containers are started, as an engine does" >&2 && exit 2; }
begin=$SECONDS
id=ocinorm-demo-$$
work=''

heading() { printf '\n== %s\n' "$*"; }
command_is() { printf '$ %s\n' "$*"; }

promise() { # WHAT OUTPUT PATTERN...
    local lines pattern
    mapfile -t lines <<<"$2"
    printf '    %s\n' "${lines[@]}"
    for pattern in "${@:3}"; do
        if [[ ! $2 =~ $pattern ]]; then
            echo "demo: FAILED: $1: nothing there matches: $pattern" >&2
            exit 1
        fi
    done
    echo "  -> $1"
}

cleanup() {
    local dir
    [[ -n $work ]] || return 0
    runc --root "$work/state" delete --force "$id" >/dev/null 2>&1 || true
    for dir in /sys/fs/cgroup{,/*}/"$id"; do
        if [[ -d $dir ]]; then
            rmdir "$dir" 2>/dev/null || true
        fi
    done
    rm -rf -- "$work"
}
trap cleanup EXIT

# A bundle whose entrypoint is /app; what is in /app, the caller decides.
make_bundle() {
    mkdir -p "$work/bundle/rootfs"/{bin,dev,etc,proc,srv,sys,tmp}
    cp "$(command -v busybox)" "$work/bundle/rootfs/bin/busybox"
    ln -s busybox "$work/bundle/rootfs/bin/sh"
    printf 'root:x:0:0:root:/root:/bin/sh\nshop:x:1001:1001:shop:/srv:/bin/sh\n' \
        >"$work/bundle/rootfs/etc/passwd"
    (cd "$work/bundle" && runc spec)
    # shellcheck disable=SC2016 # jq's variable
    jq --arg id "$id" '.process.terminal = false | .process.args = ["/app"] |
        .process.env += ["HOME=/root"] | .linux.cgroupsPath = "/" + $id |
        .linux.resources.cpu = {quota: 150000, period: 100000} |
        .linux.resources.memory = {limit: 134217728}' \
        "$work/bundle/config.json" >"$work/original.json"
    cp "$work/original.json" "$work/bundle/config.json"
}

# The small Go program if there is a compiler for it, else a script of busybox that prints the same.
make_apps() {
    if command -v go >/dev/null; then
        export GOCACHE=$work/go-cache GOPATH=$work/go GOFLAGS=-modcacherw GOTOOLCHAIN=local
        export GO111MODULE=on CGO_ENABLED=0 GOOS=linux
        (cd "$root/integration/demo" && go build -o "$work/app" . &&
            GOARCH=$foreign go build -o "$work/app-$foreign" .)
    else
        cat >"$work/app" <<'SCRIPT'
#!/bin/sh
echo "uid=$(/bin/busybox id -u) gid=$(/bin/busybox id -g)"
echo "HOME=$HOME"
echo "GOMAXPROCS=$GOMAXPROCS"
echo "GOMEMLIMIT=$GOMEMLIMIT"
SCRIPT
        make_elf "$foreign" "$work/app-$foreign"
    fi
    chmod 0755 "$work/app" "$work/app-$foreign"
}

heading "Installing what is missing, building into build/demo/"
bash "$root/packaging/deps.sh" demo
cmake -S "$root" -B "$root/build/demo" -G Ninja -DOCN_TESTS=OFF >/dev/null
cmake --build "$root/build/demo" | tail -n 1
bin=$root/build/demo/bin

work=$(mktemp -d /tmp/ocinorm-demo.XXXXXX)
case $(uname -m) in
    aarch64) foreign=amd64 ;;
    *) foreign=arm64 ;;
esac
make_bundle
make_apps
cp "$work/app" "$work/bundle/rootfs/app"
echo '{"runtimes": ["runc"]}' >"$work/policy.json"
export OCINORM_CONFIG=$work/policy.json

heading "1. Without ocinorm: the image says nothing about a user, so the container is root"
command_is runc run --bundle bundle demo
promise "root, and nothing tells the program of its limits: 1.5 CPUs and 128 MiB" \
    "$(runc --root "$work/state" run --bundle "$work/bundle" "$id")" 'uid=0 gid=0' 'HOME=/root'

heading "2. What ocinorm would do about it, and why"
command_is ocinorm explain --bundle bundle
promise "nothing was changed yet" \
    "$("$bin/ocinorm" explain --bundle "$work/bundle" --config "$work/policy.json")" \
    '/process/user/uid +0 +-> 1001' 'GOMAXPROCS +- +-> "2"'
cmp "$work/original.json" "$work/bundle/config.json"

heading "3. Through ocinorm-runtime, which takes runc's command line: the same bundle, the same image"
command_is ocinorm-runtime run --bundle bundle demo
promise "user 1001, a home of its own, and Go fits its limits" \
    "$("$bin/ocinorm-runtime" --root "$work/state" run --bundle "$work/bundle" "$id")" \
    'uid=1001 gid=1001' 'HOME=/srv' 'GOMAXPROCS=2' 'GOMEMLIMIT=120795955'

heading "4. Again: nothing is left to change"
cp "$work/bundle/config.json" "$work/once.json"
command_is ocinorm apply --bundle bundle
"$bin/ocinorm" apply --bundle "$work/bundle" --config "$work/policy.json"
cmp "$work/once.json" "$work/bundle/config.json"
echo "  -> config.json is the same, byte for byte"

heading "5. An image for another machine ($foreign) is refused in a sentence, before anything starts"
cp "$work/app-$foreign" "$work/bundle/rootfs/app"
command_is ocinorm-runtime run --bundle bundle demo
status=0
said=$("$bin/ocinorm-runtime" --root "$work/state" run --bundle "$work/bundle" "$id" 2>&1) || status=$?
promise "exit status $status, and no container" "$said" '^ocinorm: denied \[platform.arch\]: ' "$foreign"
if [[ $status -ne 1 || -n $(ls -A "$work/state" 2>/dev/null) ]]; then
    echo "demo: FAILED: exit status $status, or a container is left" >&2
    exit 1
fi

heading "All as promised, in $((SECONDS - begin)) s. Next: README.md, tests/run.sh"
