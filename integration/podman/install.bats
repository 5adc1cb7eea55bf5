#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2016,SC2154 # the inner shell's variables; bin and root are set by what is loaded
# ocinorm install podman: what it wrote is what Debian's podman reads. /etc and /var/lib are overlays in
# a mount namespace, so nothing of the machine's own is touched.

load ../lib.bash

setup_file() {
    export work=$BATS_FILE_TMPDIR
    make_rootfs "$work/rootfs"
}

# podman leaves the parent cgroup and that of conmon.
teardown_file() {
    find /sys/fs/cgroup -depth -type d \( -path "*$cgroups" -o -path "*$cgroups/*" \) -exec rmdir {} + 2>/dev/null || true
}

# Runs a script where /etc and /var/lib are the test's own. In it: ocinorm, run_podman.
in_node() { # SCRIPT
    local dir
    for dir in etc var; do
        mkdir -p "$BATS_TEST_TMPDIR/$dir/upper" "$BATS_TEST_TMPDIR/$dir/work"
    done
    unshare --mount bash -euc '
        PATH=$1:$PATH rootfs=$2 tmp=$3 cgroups=$4
        mount -t tmpfs none "$tmp/etc" && mkdir "$tmp/etc/upper" "$tmp/etc/work"
        mount -t tmpfs none "$tmp/var" && mkdir "$tmp/var/upper" "$tmp/var/work"
        mount -t overlay overlay -o "lowerdir=/etc,upperdir=$tmp/etc/upper,workdir=$tmp/etc/work" /etc
        mount -t overlay overlay \
            -o "lowerdir=/var/lib,upperdir=$tmp/var/upper,workdir=$tmp/var/work" /var/lib
        run_podman() {
            podman --root "$tmp/storage" --runroot "$tmp/run" --tmpdir "$tmp/tmp" \
                --cgroup-manager=cgroupfs --events-backend=none --storage-driver=vfs "${@:2}" \
                run --rm --network=none --cgroup-parent="$cgroups" --ulimit nofile=1024:20000 \
                --ulimit nproc=1024:4096 --rootfs "$rootfs" /bin/sh -c "$1"
        }
        eval "$5"' in_node "$bin" "$work/rootfs" "$BATS_TEST_TMPDIR" "$cgroups" "$1"
}

@test "install podman: --runtime ocinorm is 1001, without it root, and uninstall leaves nothing" {
    run -0 in_node 'ocinorm install podman --program "$(command -v ocinorm-runtime)" >&2
        mkdir -p /etc/ocinorm && echo "{\"runtimes\": [\"runc\"]}" >/etc/ocinorm/config.json
        run_podman id --runtime ocinorm
        echo "plain: $(run_podman id --runtime runc)"
        rm -r /etc/ocinorm
        ocinorm uninstall podman >&2
        echo "left:" $(cd "$tmp" && find etc/upper var/upper -name "*ocinorm*" -o -name installed.json)'
    assert_normal_user "${output%%plain:*}"
    assert_has "$output" "plain: uid=0(root)"
    [[ $output == *left: ]]
}

@test "install podman: the reason of a denial reaches podman's error" {
    make_elf arm64 "$work/rootfs/app"
    run ! in_node 'ocinorm install podman --set-default --program "$(command -v ocinorm-runtime)" >&2
        mkdir -p /etc/ocinorm && echo "{\"runtimes\": [\"runc\"]}" >/etc/ocinorm/config.json
        run_podman "exec /app"'
    assert_has "$output" "ocinorm: denied [platform.arch]"
}

@test "install podman --mode hook: precreate makes it 1001" {
    run -0 in_node 'ocinorm install podman --mode hook --program "$(command -v ocinorm-hook)" >&2
        run_podman id --runtime runc'
    assert_normal_user "$output"
}

@test "install podman --mode hook --stage createRuntime: entry makes it 1001" {
    run -0 in_node 'ocinorm install podman --mode hook --stage createRuntime \
            --program "$(command -v ocinorm-hook)" >&2
        run_podman id --runtime runc'
    assert_normal_user "$output"
}
