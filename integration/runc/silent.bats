#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2016,SC2154
# Nothing waits longer than promised.
bats_require_minimum_version 1.5.0
load ../lib.bash

setup_file() { make_rootfs "$BATS_FILE_TMPDIR/rootfs"; }

setup() {
    make_bundle
    volume=$BATS_TEST_TMPDIR/volume
    mount_silent "$volume"
}

teardown() {
    kill "$silent"
    umount --lazy "$volume"
    cleanup
}

@test "a volume that never answers: the wrapper gives up, and says so" {
    edit '.process.args = ["/srv/volume/app"] |
          .mounts += [{destination: "/srv/volume", type: "bind", source: $volume, options: ["bind"]}]' \
        --arg volume "$volume"
    run timeout 100 "$bin/ocinorm-runtime" --root "$state" run --bundle "$bundle" "$id"
    [[ $status -eq 1 ]]
    assert_has "$output" 'gave no answer within 10 s'
    no_container
}

# The same directory may be spelled in two ways; to look whether it is may take for ever.
@test "exec in a container whose bundle now names such a volume: the wrapper gives up, too" {
    start_sleeper
    edit '.root.path = $path' --arg path "$volume/rootfs"
    make_process 0 0 id
    run timeout 100 "$bin/ocinorm-runtime" --root "$state" exec --process "$BATS_TEST_TMPDIR/process.json" "$id"
    if [[ $low == crun ]]; then # which has a copy of its own, and goes by it
        assert_normal_user "$output"
        return
    fi
    [[ $status -eq 1 ]]
    assert_has "$output" 'cannot be looked at within 10 s'
}
