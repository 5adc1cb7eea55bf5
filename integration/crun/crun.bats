#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2154
# What only crun has.
load ../lib.bash

setup_file() { make_rootfs "$BATS_FILE_TMPDIR/rootfs"; }
setup() { make_bundle; }
teardown() { cleanup; }

@test "run --config names another file, and that one is edited" {
    mv "$bundle/config.json" "$bundle/other.json"
    cd "$bundle"
    run -0 wrapped run --config other.json "$id"
    assert_normal_user "$output"
    [[ $(jq .process.user.uid other.json) == 1001 ]]
    [[ $(ls -A) == other.json ]]
}

@test "crun's own global flags" {
    run -0 wrapped --cgroup-manager=cgroupfs --log="file:$BATS_TEST_TMPDIR/log" run --bundle "$bundle" "$id"
    assert_normal_user "$output"
}

@test "exec finds a state by XDG_RUNTIME_DIR also as root" {
    export XDG_RUNTIME_DIR=$BATS_TEST_TMPDIR/xdg
    mkdir "$XDG_RUNTIME_DIR"
    assert_exec_is_lowered
}

@test "exec goes by the file that --config named" {
    container_runs 'sleep 1000'
    cp "$bundle/config.json" "$bundle/other.json"
    wrapped run --config "$bundle/other.json" --bundle "$bundle" --detach "$id" >/dev/null 2>&1 </dev/null 3>&-
    make_process 0 0 id
    run wrapped exec --process "$BATS_TEST_TMPDIR/process.json" "$id"
    bare delete --force "$id"
    assert_normal_user "$output"
}
