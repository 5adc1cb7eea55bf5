# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2016,SC2154 # jq's variables; what bats and lib.bash set
# Images made by real tools, and registries on loopback.

image() { "$bin/ocinorm" "$@"; }

# A layout of umoci's with one image, "base": busybox, and accounts as an image has them.
make_base() { # LAYOUT
    local work=$BATS_FILE_TMPDIR/base
    make_rootfs "$BATS_FILE_TMPDIR/tree"
    umoci init --layout "$1"
    umoci new --image "$1:base"
    umoci unpack --image "$1:base" "$work"
    cp -a "$BATS_FILE_TMPDIR/tree/." "$work/rootfs/"
    mkdir -p "$work/rootfs/data"
    install -m 755 "$BATS_FILE_TMPDIR/hello" "$work/rootfs/bin/hello"
    make_foreign "$work/rootfs/bin/foreign"
    printf '#!/no/such/interpreter\n' >"$work/rootfs/bin/lost"
    printf '#!/bin/sh\nset -e\nif [ "$(id -u)" = 0 ]; then\n    exec su-exec app "$0" "$@"\nfi\nexec "$@"\n' \
        >"$work/rootfs/bin/steps-down"
    cp "$work/rootfs/bin/busybox" "$work/rootfs/bin/su-exec"
    ln -s bin "$work/rootfs/programs"
    chmod 755 "$work/rootfs/bin/"{lost,steps-down,su-exec}
    chmod 700 "$work/rootfs/root"
    umoci repack --image "$1:base" "$work"
    umoci config --image "$1:base" --clear config.entrypoint --clear config.cmd --config.env PATH=/bin \
        --config.env GREETING=hello
}

# A static Go program that prints what a container sees.
make_hello() { # FILE
    local work=$BATS_FILE_TMPDIR/go
    mkdir -p "$work"
    cat >"$work/main.go" <<'GO'
package main

import (
	"fmt"
	"os"
)

func main() {
	fmt.Printf("uid=%d gid=%d\n", os.Getuid(), os.Getgid())
	for _, e := range os.Environ() {
		fmt.Println(e)
	}
}
GO
    printf 'module example.com/hello\n\ngo 1.19\n' >"$work/go.mod"
    (cd "$work" && CGO_ENABLED=0 GOFLAGS=-buildvcs=false GOCACHE=$work/cache go build -o "$1" .)
}

# The same program's header with another machine: it runs nowhere here.
make_foreign() { # FILE
    cp "$BATS_FILE_TMPDIR/hello" "$1"
    printf '\x08\x00' | dd of="$1" bs=1 seek=18 conv=notrunc status=none # EM_MIPS
    chmod 755 "$1"
}

# It takes REGISTRY_* of the environment for its configuration. docker-registry with more CONFIGURATION (YAML, http included); $registry is its address.
start_registry() { # NAME CONFIGURATION
    local dir=$BATS_TEST_TMPDIR/$1
    mkdir -p "$dir/data"
    registry=127.0.0.1:$((20000 + RANDOM % 20000))
    printf 'version: 0.1\nlog: {level: warn, accesslog: {disabled: true}}\nstorage: {filesystem: {rootdirectory: %s}}\n%s\n' \
        "$dir/data" "${2//@/$registry}" >"$dir/config.yml"
    start_daemon "$dir/log" env -u REGISTRY_AUTH_FILE docker-registry serve "$dir/config.yml"
    registries+=("$!")
    within 60 listens "$registry"
}

listens() { (exec 3<>"/dev/tcp/${1%:*}/${1#*:}") 2>/dev/null; }
