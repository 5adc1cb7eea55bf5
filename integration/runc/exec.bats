#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2016,SC2030,SC2031,SC2154
# A process that joins a running container.
load ../lib.bash

setup_file() { make_rootfs "$BATS_FILE_TMPDIR/rootfs"; }
setup() { make_bundle; }
teardown() { cleanup; }

exec_process() { wrapped exec --process "$BATS_TEST_TMPDIR/process.json" "$id"; }

@test "exec as uid 0 becomes 1001, and sees the added variables" {
    set_policy '{"env": {"when": "always"}}'
    edit '.linux.resources.cpu = {quota: 150000, period: 100000}'
    start_sleeper
    make_process 0 0 'id; env'
    cp "$BATS_TEST_TMPDIR/process.json" "$BATS_TEST_TMPDIR/bare.json"
    run -0 bare exec --process "$BATS_TEST_TMPDIR/bare.json" "$id"
    assert_has "$output" uid=0
    run -0 exec_process
    assert_normal_user "$output"
    assert_has "$output" GOMAXPROCS=2
}

@test "exec as another uid is left alone" {
    start_sleeper
    make_process 4242 4242 id
    run -0 exec_process
    assert_has "$output" uid=4242
}

@test "exec reads a process from a pipe, and the runtime reads it too" {
    start_sleeper
    make_process 0 0 id
    run -0 bash -c '"$@" --process <(cat "$0") '"$id" "$BATS_TEST_TMPDIR/process.json" \
        "$bin/ocinorm-runtime" --root "$state" exec
    assert_normal_user "$output"
}

@test "exec -p FILE and --process=FILE are the same" {
    start_sleeper
    make_process 0 0 id
    run -0 wrapped exec -p "$BATS_TEST_TMPDIR/process.json" "$id"
    assert_normal_user "$output"
    make_process 0 0 id
    run -0 wrapped exec --process="$BATS_TEST_TMPDIR/process.json" "$id"
    assert_normal_user "$output"
}

@test "user.exec keep leaves exec alone" {
    set_policy '{"user": {"exec": "keep"}}'
    start_sleeper
    make_process 0 0 id
    run -0 exec_process
    assert_has "$output" uid=0
}

@test "exec in a container that keeps root keeps root" {
    edit '.annotations = {"io.kubernetes.cri.container-type": "sandbox"}'
    start_sleeper
    make_process 0 0 id
    run -0 exec_process
    assert_has "$output" uid=0
}

@test "exec without a process file is the runtime's own affair" {
    start_sleeper
    run -0 wrapped exec "$id" id
    [[ $output == "$(bare exec "$id" id)" ]]
}

@test "exec passes the exit status" {
    start_sleeper
    make_process 0 0 'exit 42'
    run -42 exec_process
}
