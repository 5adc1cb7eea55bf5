#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2016,SC2030,SC2031,SC2154
# Who the container is, as the container sees it.
load ../lib.bash

setup_file() { make_rootfs "$BATS_FILE_TMPDIR/rootfs"; }
setup() { make_bundle; }
teardown() { cleanup; }

@test "bare, a bundle of runc spec runs as root" {
    run -0 bare run --bundle "$bundle" "$id"
    assert_has "$output" uid=0
}

@test "a root container runs as 1001:1001" {
    run -0 run_wrapped
    assert_normal_user "$output"
}

@test "HOME is the new user's" {
    container_runs 'echo "HOME=$HOME"'
    run -0 run_wrapped
    assert_has "$output" HOME=/srv
}

@test "root's supplementary groups are gone, the others stay" {
    edit '.process.user.additionalGids = [0, 10, 2000]'
    container_runs 'id; echo "groups: $(id -G)"'
    run -0 run_wrapped
    assert_normal_user "$output"
    assert_has "$output" 'groups: 1001 2000'
}

# runc 1.1 looks each of them up by name first.
@test "a group of the image that is named by a number gives nothing of root back" {
    local own=$BATS_TEST_TMPDIR/rootfs
    cp -a "$rootfs" "$own"
    printf '2000:x:0:\n3000:x:6:\n4000:x:4000:\n' >>"$own/etc/group"
    edit '.root.path = $own | .process.user.additionalGids = [0, 2000, 3000, 4000]' --arg own "$own"
    container_runs 'id; echo "groups: $(id -G)"'
    run -0 run_wrapped
    assert_normal_user "$output"
    assert_has "$output" 'groups: 1001 4000'
}

# What is looked up there is the image's to choose: no number of it may lead to a call that the confined
# child may not make.
@test "as many groups as the kernel takes" {
    edit '.process.user.additionalGids = [0, range(2147418113; 2147483648)]'
    container_runs 'id -u; grep ^Groups /proc/self/status | wc -w'
    run -0 run_wrapped
    [[ ${lines[0]} == 1001 ]]
    ((lines[1] == 1 + 65536 - 1))
}

@test "300 groups of root and 200 names of uid 0" {
    local own=$BATS_TEST_TMPDIR/rootfs i
    cp -a "$rootfs" "$own"
    for ((i = 0; i < 200; i++)); do echo "root$i:x:0:0::/root:/bin/sh"; done >>"$own/etc/passwd"
    for ((i = 1; i <= 300; i++)); do echo "g$i:x:$((3000 + i)):app,root$((i % 200))"; done >>"$own/etc/group"
    edit '.root.path = $own | .process.user.additionalGids = [0, 10, 2000, 3001, 3300]' --arg own "$own"
    container_runs 'id; echo "groups: $(id -G)"'
    run -0 run_wrapped
    assert_normal_user "$output"
    assert_has "$output" 'groups: 1001 2000'
    assert_hasnt "$output" 330
}

@test "no effective or ambient capability is left, and none can be gained" {
    edit '.process.noNewPrivileges = false'
    container_runs 'cat /proc/self/status'
    run -0 run_wrapped
    assert_has "$output" $'CapEff:\t0000000000000000'
    assert_has "$output" $'CapInh:\t0000000000000000'
    assert_has "$output" $'CapAmb:\t0000000000000000'
    assert_has "$output" $'NoNewPrivs:\t1'
}

@test "the Go variables fit a limit of 1.5 CPUs and 128 MiB" {
    set_policy '{"env": {"when": "always"}}'
    edit '.linux.resources.cpu = {quota: 150000, period: 100000} |
          .linux.resources.memory = {limit: 134217728}'
    container_runs env
    run -0 run_wrapped
    assert_has "$output" GOMAXPROCS=2
    assert_has "$output" GOMEMLIMIT=120795955
}

@test "a variable that the container sets itself stays" {
    set_policy '{"env": {"when": "always", "set": {"COLOUR": "blue", "SHAPE": "round"}}}'
    edit '.linux.resources.cpu = {quota: 150000, period: 100000} |
          .process.env += ["GOMAXPROCS=7", "COLOUR=red"]'
    container_runs env
    run -0 run_wrapped
    assert_has "$output" GOMAXPROCS=7
    assert_has "$output" COLOUR=red
    assert_has "$output" SHAPE=round
    assert_hasnt "$output" COLOUR=blue
}

@test "a user that is not root is kept" {
    edit '.process.user = {uid: 1234, gid: 4321}'
    run -0 run_wrapped
    assert_has "$output" uid=1234
    assert_has "$output" gid=4321
}

@test "a matching row of the policy gives another user" {
    set_policy '{"match": [{"when": {"namespaces": ["shop-*"]},
                            "policy": {"user": {"uid": 2000, "gid": 3000}}}]}'
    edit '.annotations = {"io.kubernetes.cri.container-type": "container",
                          "io.kubernetes.cri.sandbox-namespace": "shop-eu"}'
    lie_in_containerd
    run -0 run_wrapped
    assert_has "$output" uid=2000
    assert_has "$output" gid=3000
}

@test "a sandbox container keeps root" {
    edit '.annotations = {"io.kubernetes.cri.container-type": "sandbox",
                          "io.kubernetes.cri.sandbox-id": $id}' --arg id "$id"
    lie_in_containerd
    run -0 run_wrapped
    assert_has "$output" uid=0
}

@test "kube-system keeps root" {
    edit '.annotations = {"io.kubernetes.cri.container-type": "container",
                          "io.kubernetes.cri.sandbox-namespace": "kube-system"}'
    lie_in_containerd
    run -0 run_wrapped
    assert_has "$output" uid=0
}

@test "a privileged container keeps root" {
    edit '.linux.resources.devices = [{allow: true, access: "rwm"}] |
          .process.capabilities |= map_values(. + ["CAP_SYS_ADMIN"])'
    run -0 run_wrapped
    assert_has "$output" uid=0
}

@test "a container in the host's network keeps root" {
    edit '.linux.namespaces |= map(select(.type != "network")) |
          .mounts |= map(select(.type != "sysfs"))'
    run -0 run_wrapped
    assert_has "$output" uid=0
}

@test "every exemption can be switched off" {
    set_policy '{"exempt": {"sandbox": false, "hostNamespaces": false}}'
    edit '.annotations = {"io.kubernetes.cri.container-type": "sandbox",
                          "io.kubernetes.cri.sandbox-id": $id} |
          .linux.namespaces |= map(select(.type != "network")) |
          .mounts |= map(select(.type != "sysfs"))' --arg id "$id"
    lie_in_containerd
    run -0 run_wrapped
    assert_normal_user "$output"
}

@test "the disabled file passes everything through" {
    touch "${policy%/*}/disabled"
    run -0 run_wrapped
    assert_has "$output" uid=0
    cmp "$bundle/config.json" "$BATS_TEST_TMPDIR/original.json"
}

@test "a second pass leaves config.json as it is, byte for byte" {
    edit '.linux.resources.cpu = {quota: 150000, period: 100000} |
          .process.user.additionalGids = [0, 2000]'
    run -0 run_wrapped
    cp "$bundle/config.json" "$BATS_TEST_TMPDIR/first.json"
    run ! cmp "$bundle/config.json" "$BATS_TEST_TMPDIR/original.json"
    run -0 run_wrapped
    assert_normal_user "$output"
    cmp "$bundle/config.json" "$BATS_TEST_TMPDIR/first.json"
}

@test "what no rule names keeps its bytes" {
    edit '.annotations = {big: "X"}'
    sed -i 's/"X"/"\\u0041\\\/",\t"odd" : "z"/; s/"soft": 1024/"soft":   1024/' "$bundle/config.json"
    run -0 run_wrapped
    assert_has "$(<"$bundle/config.json")" $'"\\u0041\\/",\t"odd" : "z"'
    assert_has "$(<"$bundle/config.json")" '"soft":   1024'
}
