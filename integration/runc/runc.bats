#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2154
# What only runc has.
load ../lib.bash

setup_file() { make_rootfs "$BATS_FILE_TMPDIR/rootfs"; }
setup() { make_bundle; }
teardown() { cleanup; }

@test "exec without a process file runs as the container's user" {
    start_sleeper
    run -0 wrapped exec "$id" id
    assert_normal_user "$output"
}

@test "runc's own global flags" {
    run -0 wrapped --rootless false --criu criu run --no-new-keyring --bundle "$bundle" "$id"
    assert_normal_user "$output"
}
