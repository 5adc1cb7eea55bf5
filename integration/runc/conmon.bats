#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2016,SC2034,SC2154
# As CRI-O starts a container: conmon calls the wrapper, with CRI-O's words, on the config.json that CRI-O
# wrote (../../tests/fixtures), in CRI-O's place. CRI-O itself is in no Debian.
load ../lib.bash

setup_file() { make_rootfs "$BATS_FILE_TMPDIR/rootfs"; }

setup() {
    make_bundle
    id=$(head -c 32 /dev/urandom | od -An -tx1 | tr -d ' \n')
    bundle=$BATS_TEST_TMPDIR/root/overlay-containers/$id/userdata
    run_dir=$BATS_TEST_TMPDIR/run/overlay-containers/$id/userdata
    mkdir -p "$bundle" "$run_dir" "$BATS_TEST_TMPDIR"/{exits,sockets}
    record container '{"type": "pid"}, {"type": "network"}, {"type": "ipc"}, {"type": "uts"}, {"type": "mount"}'
}

teardown() {
    cleanup
    within 600 no_conmon
}

# It goes a little after it has said how it went.
no_conmon() { ! pgrep -f -- "--cid $id" >/dev/null; }

# Of what CRI-O wrote only what this machine cannot have is another's: places, and the namespaces of a pod.
record() { # KIND NAMESPACES
    jq --arg id "$id" --arg rootfs "$rootfs" --arg group "$cgroups/crio-$id" --arg kind "$1" \
        '.root.path = $rootfs | .process.user = {uid: 0, gid: 0, additionalGids: [0, 2000]} |
         .process.args = ["/bin/sh", "-c", "id; env; grep CapEff /proc/self/status"] |
         .annotations["io.kubernetes.cri-o.ContainerID"] = $id |
         if $kind == "sandbox" then .annotations["io.kubernetes.cri-o.SandboxID"] = $id else . end |
         .linux.cgroupsPath = $group | .linux.namespaces = ['"$2"'] |
         del(.linux.resources.hugepageLimits, .linux.seccomp, .process.apparmorProfile, .hooks) |
         .mounts |= map(select(.type != "bind" and .type != "cgroup"))' \
        "$root/tests/fixtures/crio-1.26-$1.config.json" >"$bundle/config.json"
}

annotate() { # KEY VALUE
    edit '.annotations[$key] = $value' --arg key "$1" --arg value "$2"
}

# Where conmon tells CRI-O how it went: a line of JSON in $run_dir/sync.
conmon_create() {
    local runtime_arg=--root=$state
    _OCI_SYNCPIPE=9 conmon --bundle "$bundle" --cid "$id" --cuuid "$id" --name k8s_app --exit-dir "$BATS_TEST_TMPDIR/exits" \
        --log-path "$run_dir/log" --log-level info --conmon-pidfile "$run_dir/conmon.pid" \
        --container-pidfile "$run_dir/pidfile" --persist-dir "$bundle" --socket-dir-path "$BATS_TEST_TMPDIR/sockets" \
        --runtime "$bin/ocinorm-runtime" --runtime-arg "$runtime_arg" 9>"$run_dir/sync" </dev/null >/dev/null 2>&1 3>&-
    within 600 test -s "$run_dir/sync"
    sync=$(<"$run_dir/sync")
}

# What the container has said, as the kubelet reads it: "TIME STREAM TAG TEXT".
conmon_start() {
    conmon_create
    jq -e '.data > 0 or .pid > 0' <<<"$sync"
    wrapped start "$id"
    within 600 test -e "$BATS_TEST_TMPDIR/exits/$id"
    output=$(cut -d' ' -f4- "$run_dir/log")
}

@test "a pod's container is 1001, without capabilities, and its log is its own" {
    conmon_start
    assert_normal_user "$output"
    assert_has "$output" 'CapEff:	0000000000000000'
    assert_has "$output" "OTEL_RESOURCE_ATTRIBUTES="
    assert_hasnt "$(cut -d' ' -f2 "$run_dir/log" | sort -u)" stderr
    [[ $(<"$BATS_TEST_TMPDIR/exits/$id") == 0 ]]
}

@test "a pod that says of itself that it is in kube-system is 1001" {
    annotate io.kubernetes.cri-o.Namespace kube-system
    annotate io.kubernetes.pod.namespace kube-system
    conmon_start
    assert_normal_user "$output"
}

@test "a pod of kube-system, as CRI-O names it, keeps root" {
    edit '.annotations["io.kubernetes.cri-o.SandboxName"] |= (split("_") | .[2] = "kube-system" | join("_"))'
    conmon_start
    assert_has "$output" "uid=0(root)"
}

@test "a sandbox is as CRI-O wrote it" {
    record sandbox '{"type": "pid"}, {"type": "network"}, {"type": "ipc"}, {"type": "uts"}, {"type": "mount"}'
    cp "$bundle/config.json" "$BATS_TEST_TMPDIR/before.json"
    conmon_start
    assert_has "$output" "uid=0(root)"
    cmp "$bundle/config.json" "$BATS_TEST_TMPDIR/before.json"
}

@test "the reason of a denial is in what conmon tells CRI-O" {
    edit '.process.args = ["/nowhere"]'
    conmon_create
    jq -e '(.data // .pid) < 0' <<<"$sync"
    assert_has "$(jq -r .message <<<"$sync")" 'ocinorm: denied [entry.found]'
}

@test "exec, as CRI-O asks for it, is 1001" {
    edit '.process.args = ["/bin/sleep", "1000"]'
    conmon_create
    wrapped start "$id"
    jq '.process | .args = ["/bin/id"]' "$BATS_TEST_TMPDIR/original.json" >"$BATS_TEST_TMPDIR/exec-process"
    run -0 wrapped exec --process "$BATS_TEST_TMPDIR/exec-process" "$id"
    assert_normal_user "$output"
    bare kill "$id" KILL
    within 600 test -e "$BATS_TEST_TMPDIR/exits/$id"
}
