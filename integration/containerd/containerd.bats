#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2154 # bin and lab are set by what is loaded
# Debian's containerd: pods through CRI, as the kubelet asks for them, and ctr.

load ../lib.bash
load lab.bash

setup_file() { lab_up >"$BATS_FILE_TMPDIR/up.log" 2>&1 || { cat "$BATS_FILE_TMPDIR/up.log" >&2; return 1; }; }
teardown_file() { lab_down; }

export CONTAINERD_ADDRESS=$lab/sock CONTAINERD_NAMESPACE=k8s.io
app=live.local/app:1

@test "CRI: without ocinorm the container is root" {
    run -0 cri run runc default "$app" /bin/id
    assert_has "$output" "uid=0(root)"
}

@test "CRI, runtime handler: the container is 1001, its variables fit the limits" {
    run -0 cri run ocinorm default "$app" /bin/sh -c 'id; env'
    assert_normal_user "$output"
    assert_has "$output" "GOMAXPROCS=2"
    assert_has "$output" "GOMEMLIMIT=120795955"
    assert_has "$output" "exit 0"
}

@test "CRI, runtime handler: ExecSync is 1001, with the variables" {
    run -0 cri exec ocinorm default "$app" /bin/sh -c 'id; env'
    assert_normal_user "$output"
    assert_has "$output" "GOMAXPROCS=2"
}

@test "CRI, runtime handler: the reason of a denial is in CRI's error" {
    run -3 cri run ocinorm default live.local/foreign:1 /app
    assert_has "$output" "ocinorm: denied [platform.arch]"
    assert_has "$output" "arm64"
}

@test "CRI, runtime handler: kube-system keeps root" {
    run -0 cri run ocinorm kube-system "$app" /bin/id
    assert_has "$output" "uid=0(root)"
}

@test "CRI, hook handler (base_runtime_spec): the container is 1001, its variables fit" {
    run -0 cri run hook default "$app" /bin/sh -c 'id; env; grep CapEff /proc/self/status'
    assert_normal_user "$output"
    assert_has "$output" "GOMAXPROCS=2"
    assert_has "$output" "CapEff:	0000000000000000"
}

@test "CRI, hook handler: the reason of a denial is in CRI's error" {
    run -3 cri run hook default live.local/foreign:1 /app
    assert_has "$output" "ocinorm: denied [platform.arch]"
}

@test "CRI: ten pods in parallel, and nothing is left" {
    before=$(grep -c . /proc/self/mountinfo)
    for i in $(seq 10); do
        handler=ocinorm
        ((i % 2)) || handler=hook
        cri run "$handler" default "$app" /bin/id >"$BATS_TEST_TMPDIR/$i.log" 2>&1 3>&- &
    done
    wait
    for i in $(seq 10); do
        assert_normal_user "$(cat "$BATS_TEST_TMPDIR/$i.log")"
    done
    [[ $(grep -c . /proc/self/mountinfo) == "$before" ]]
    [[ -z $(ctr containers list -q) ]]
}

@test "ctr run --runc-binary: the container is 1001, its exit status is passed on" {
    run -7 ctr run --rm --snapshotter native --runc-binary "$bin/ocinorm-runtime" "$app" "ocn-$RANDOM" \
        /bin/sh -c 'id; exit 7'
    assert_normal_user "$output"
}
