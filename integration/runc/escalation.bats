#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2016,SC2030,SC2031,SC2154
# What an image's or a pod's author tries to become root again, or to be left alone.
load ../lib.bash

setup_file() {
    make_rootfs "$BATS_FILE_TMPDIR/rootfs"
    mkdir -p "$BATS_FILE_TMPDIR/rootfs/opt"
    # Tells what it is, and tries to be root.
    cat >"$BATS_FILE_TMPDIR/climb.c" <<'END'
#define _GNU_SOURCE
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int main(void)
{
    char line[256];
    FILE *status = fopen("/proc/self/status", "r");

    printf("setresuid=%d setresgid=%d\n", setresuid(0, 0, 0), setresgid(0, 0, 0));
    while (status != NULL && fgets(line, sizeof(line), status) != NULL) {
        if (strncmp(line, "Cap", 3) == 0 || strncmp(line, "Uid", 3) == 0 ||
            strncmp(line, "Gid", 3) == 0 || strncmp(line, "Groups", 6) == 0) {
            (void)fputs(line, stdout);
        }
    }
    return 0;
}
END
    gcc -static -O -w -o "$BATS_FILE_TMPDIR/rootfs/opt/climb" "$BATS_FILE_TMPDIR/climb.c"
    cp "$BATS_FILE_TMPDIR/rootfs/opt/climb" "$BATS_FILE_TMPDIR/rootfs/opt/set-uid"
    chmod 4755 "$BATS_FILE_TMPDIR/rootfs/opt/set-uid"
    setcap cap_setuid,cap_setgid,cap_dac_override+ep "$BATS_FILE_TMPDIR/rootfs/opt/climb"
    # An interpreter with file capabilities, and a script for it.
    cp "$BATS_FILE_TMPDIR/rootfs/opt/climb" "$BATS_FILE_TMPDIR/rootfs/opt/interpreter"
    setcap cap_setuid,cap_setgid+ep "$BATS_FILE_TMPDIR/rootfs/opt/interpreter"
    printf '#!/opt/interpreter\n' >"$BATS_FILE_TMPDIR/rootfs/opt/script"
    chmod 755 "$BATS_FILE_TMPDIR/rootfs/opt/script"
}

setup() {
    make_bundle
    # What containerd gives to a container that says nothing.
    edit '.process.noNewPrivileges = false |
          ["CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_SETUID", "CAP_SETGID", "CAP_KILL",
           "CAP_NET_BIND_SERVICE", "CAP_SETPCAP"] as $all |
          .process.capabilities = {bounding: $all, effective: $all, permitted: $all}'
    cp "$bundle/config.json" "$BATS_TEST_TMPDIR/original.json"
}
teardown() { cleanup; }

assert_cannot_climb() { # UID
    assert_has "$output" 'setresuid=-1 setresgid=-1'
    assert_has "$output" $'Uid:\t'"$1"$'\t'"$1"$'\t'"$1"$'\t'"$1"
    assert_has "$output" $'CapEff:\t0000000000000000'
    assert_has "$output" $'CapPrm:\t0000000000000000'
    assert_has "$output" $'CapInh:\t0000000000000000'
    assert_has "$output" $'CapAmb:\t0000000000000000'
}

for_program() { edit '.process.args = [$path]' --arg path "$1"; }

exec_as() { # UID GID PROGRAM
    make_process "$1" "$2" true
    jq --arg path "$3" '.args = [$path]' "$BATS_TEST_TMPDIR/process.json" >"$BATS_TEST_TMPDIR/p"
    wrapped exec --process "$BATS_TEST_TMPDIR/p" "$id"
}

precreated() { # what Podman does with the hook's answer
    (cd "$bundle" && "$bin/ocinorm-hook" --config "$policy" precreate <config.json >edited.json &&
        mv edited.json config.json)
    bare run --bundle "$bundle" "$id"
}

@test "bare, a file with capabilities makes uid 1001 root again" {
    edit '.process.user = {uid: 1001, gid: 1001} | .process.noNewPrivileges = true'
    for_program /opt/climb
    run -0 bare run --bundle "$bundle" "$id"
    assert_has "$output" 'setresuid=0 setresgid=0'
}

@test "a file with capabilities gives nothing back: entrypoint, interpreter, behind a shell" {
    local path
    for path in /opt/climb /opt/script; do
        cp "$BATS_TEST_TMPDIR/original.json" "$bundle/config.json"
        for_program "$path"
        run -0 run_wrapped
        assert_cannot_climb 1001
    done
    cp "$BATS_TEST_TMPDIR/original.json" "$bundle/config.json"
    container_runs 'exec /opt/climb'
    run -0 run_wrapped
    assert_cannot_climb 1001
}

@test "a file with capabilities gives nothing back through precreate" {
    for_program /opt/climb
    run -0 precreated
    assert_cannot_climb 1001
}

@test "a file with capabilities gives nothing back to what exec starts" {
    start_sleeper
    run -0 exec_as 0 0 /opt/climb
    assert_cannot_climb 1001
    run -0 exec_as 0 0 /opt/set-uid
    assert_cannot_climb 1001
    run -0 exec_as 4242 4242 /opt/set-uid
    assert_cannot_climb 4242
    run -0 exec_as 4242 4242 /opt/climb
    assert_cannot_climb 4242
}

@test "a user of the image's own gains nothing by set-uid files and file capabilities" {
    local path
    for path in /opt/set-uid /opt/climb /opt/script; do
        cp "$BATS_TEST_TMPDIR/original.json" "$bundle/config.json"
        edit '.process.user = {uid: 1000, gid: 1000}'
        for_program "$path"
        run -0 run_wrapped
        assert_cannot_climb 1000
    done
}

@test "user.escalation off leaves such a user to the engine" {
    set_policy '{"rules": {"user.escalation": "off"}}'
    edit '.process.user = {uid: 1000, gid: 1000}'
    for_program /opt/set-uid
    run -0 run_wrapped
    assert_has "$output" 'setresuid=0'
}

@test "lowPorts leaves one capability, whatever a file has" {
    set_policy '{"user": {"lowPorts": true}}'
    container_runs 'cat /proc/self/status'
    run -0 run_wrapped
    assert_has "$output" $'CapPrm:\t0000000000000400'
    assert_has "$output" $'CapEff:\t0000000000000400'
    cp "$BATS_TEST_TMPDIR/original.json" "$bundle/config.json"
    for_program /opt/climb
    run -0 run_wrapped
    assert_has "$output" 'setresuid=-1 setresgid=-1'
    assert_has "$output" $'CapPrm:\t0000000000000000'
}

@test "uid and gid 4294967295 are refused by name, in create and in exec" {
    edit '.process.user = {uid: 4294967295, gid: 4294967295}'
    run -1 run_wrapped
    assert_has "${lines[0]}" 'denied [user.root]: /process/user/uid is 4294967295'
    cp "$BATS_TEST_TMPDIR/original.json" "$bundle/config.json"
    edit '.process.user = {uid: 1000, gid: 4294967295}'
    run -1 run_wrapped
    assert_has "${lines[0]}" '/process/user/gid is 4294967295'
    cp "$BATS_TEST_TMPDIR/original.json" "$bundle/config.json"
    start_sleeper
    run -1 exec_as 4294967295 0 /bin/id
    assert_has "${lines[0]}" 'denied [user.root]'
}

@test "user.exec strict: nobody joins as root or in group 0, in a container of root's neither" {
    set_policy '{"user": {"exec": "strict", "when": "never"}}'
    start_sleeper
    run -0 exec_as 0 0 /bin/id
    assert_normal_user "$output"
    run -0 exec_as 4242 0 /bin/id
    assert_has "$output" 'uid=4242 gid=1001'
}

# runc and crun give it those of the container.
@test "a process that joins and names no capabilities gets none of the container's" {
    set_policy '{"user": {"exec": "strict", "when": "never"}}'
    start_sleeper
    local sets
    for sets in 'del(.capabilities)' '.capabilities = null' '.capabilities = {}'; do
        make_process 0 0 true
        jq "$sets | .args = [\"/opt/climb\"]" "$BATS_TEST_TMPDIR/process.json" >"$BATS_TEST_TMPDIR/p"
        run wrapped exec --process "$BATS_TEST_TMPDIR/p" "$id"
        if [[ $sets == *{}* ]]; then # an empty bounding set: the kernel does not execute the file
            assert_hasnt "$output" 'setresuid=0'
        else
            assert_cannot_climb 1001
        fi
        jq '.user = {uid: 4242, gid: 4242}' "$BATS_TEST_TMPDIR/p" >"$BATS_TEST_TMPDIR/q"
        run wrapped exec --process "$BATS_TEST_TMPDIR/q" "$id"
        assert_hasnt "$output" 'setresuid=0'
    done
}

@test "what create added follows into a container that was not lowered" {
    set_policy '{"env": {"set": {"COLOUR": "blue"}}}'
    edit '.process.user = {uid: 5000, gid: 5000}'
    start_sleeper
    run -0 exec_as 5000 5000 /bin/env
    assert_has "$output" COLOUR=blue
}

@test "the groups of whoever calls the runtime are not left to the container" {
    edit '.annotations = {"run.oci.keep_original_groups": "1"}'
    container_runs 'grep ^Groups: /proc/self/status'
    run -0 setpriv --groups 0,4,10 "$bin/ocinorm-runtime" --root "$state" run --bundle "$bundle" "$id"
    [[ ! $output =~ Groups:.*[0-9] ]] || { echo "$output"; return 1; }
    cp "$BATS_TEST_TMPDIR/original.json" "$bundle/config.json"
    edit '.annotations = {"run.oci.keep_original_groups": "1"} | .process.user = {uid: 1000, gid: 1000}'
    container_runs 'grep ^Groups: /proc/self/status'
    run -0 setpriv --groups 0,4,10 "$bin/ocinorm-runtime" --root "$state" run --bundle "$bundle" "$id"
    [[ ! $output =~ Groups:.*[0-9] ]] || { echo "$output"; return 1; }
}

@test "a mapping that makes the new user the node's root is denied" {
    edit '.linux.namespaces += [{type: "user"}] |
          ([{containerID: 0, hostID: 100000, size: 1001}, {containerID: 1001, hostID: 0, size: 1}]) as $map |
          .linux.uidMappings = $map | .linux.gidMappings = $map'
    run -1 run_wrapped
    assert_has "${lines[0]}" 'denied [user.mapped]: uid 1001 of the container is uid 0 of the node'
}

@test "a checkpoint is not restored where root may not start" {
    run -1 wrapped restore --bundle "$bundle" --image-path "$BATS_TEST_TMPDIR" "$id"
    assert_has "${lines[0]}" 'denied [user.restore]'
    set_policy '{"rules": {"user.root": "off"}}'
    run wrapped restore --bundle "$bundle" --image-path "$BATS_TEST_TMPDIR" "$id"
    assert_hasnt "$output" user.restore
}

# The runtime under test has no criu: what it would be called with is seen.
@test "a checkpoint of an exempt container is restored: a sandbox, kube-system, the host's network" {
    fake_runtime
    edit '.annotations = {"io.kubernetes.cri.container-type": "sandbox",
                          "io.kubernetes.cri.sandbox-id": "another"}'
    lie_in_containerd
    run -1 restored
    assert_has "${lines[0]}" 'denied [user.restore]'
    edit '.annotations["io.kubernetes.cri.sandbox-id"] = $id' --arg id "$id"
    run -0 restored
    assert_has "$output" "got: --root $state restore --bundle $bundle"
    edit '.annotations = {"io.kubernetes.cri.container-type": "container",
                          "io.kubernetes.cri.sandbox-id": "another",
                          "io.kubernetes.cri.sandbox-namespace": "kube-system"}'
    run -0 restored
    assert_has "$output" got:
    edit '.annotations = {} | .linux.namespaces |= map(select(.type != "network"))'
    run -0 restored
    assert_has "$output" got:
    set_policy '{"exempt": {"hostNamespaces": false}}'
    fake_runtime
    run -1 restored
    assert_has "${lines[0]}" 'denied [user.restore]'
}

fake_runtime() {
    printf '#!/bin/sh\necho "got: $*"\n' >"$BATS_TEST_TMPDIR/$low"
    chmod 755 "$BATS_TEST_TMPDIR/$low"
    jq --arg low "$BATS_TEST_TMPDIR/$low" '.runtimes = [$low]' "$policy" >"$policy.new"
    mv "$policy.new" "$policy"
}

restored() { wrapped restore --bundle "$bundle" --image-path "$BATS_TEST_TMPDIR" "$id"; }

@test "a label or annotation of another's exempts nobody" {
    local forged
    for forged in '{"io.kubernetes.cri.container-type": "sandbox"}' \
        '{"io.kubernetes.cri.container-type": "container", "io.kubernetes.cri.sandbox-namespace": "kube-system"}' \
        '{"io.kubernetes.cri-o.ContainerType": "sandbox", "io.kubernetes.cri-o.Namespace": "kube-system"}' \
        '{"io.container.manager": "libpod", "io.podman.annotations.privileged": "TRUE"}'; do
        cp "$BATS_TEST_TMPDIR/original.json" "$bundle/config.json"
        edit '.annotations = $forged' --argjson forged "$forged"
        run -0 run_wrapped
        assert_normal_user "$output"
    done
}

@test "a mark that its place does not bear out is logged once for each start" {
    edit '.annotations = {"io.kubernetes.cri.container-type": "sandbox",
                          "io.kubernetes.cri-o.ContainerType": "sandbox", "io.container.manager": "libpod"}'
    mkdir -p "$BATS_TEST_TMPDIR"/{upper,work}
    export -f bare wrapped start_sleeper container_runs edit make_process exec_as
    export low_path state bundle id bin BATS_TEST_TMPDIR
    unshare --mount --propagation private bash -euc '
        mount -t overlay -o "lowerdir=/dev,upperdir=$0/upper,workdir=$0/work" overlay /dev
        busybox syslogd -n -O "$0/syslog" 3>&- &
        for _ in {1..6000}; do test -S /dev/log && break; sleep 0.1; done
        start_sleeper
        exec_as 0 0 /bin/true
        wrapped kill "$id" KILL
        for _ in {1..6000}; do grep -q engine "$0/syslog" && break; sleep 0.1; done
        kill $!
        rm /dev/log' "$BATS_TEST_TMPDIR"
    grep ocinorm "$BATS_TEST_TMPDIR/syslog"
    [[ $(grep -c 'warning \[annotations.engine\]: annotation io' "$BATS_TEST_TMPDIR/syslog") -eq 1 ]]
    [[ ! -s $BATS_TEST_TMPDIR/sleeper.log ]]
}

@test "in containerd's place a pod's sandbox is the one that its engine says" {
    edit '.annotations = {"io.kubernetes.cri.container-type": "sandbox",
                          "io.kubernetes.cri.sandbox-id": "another"}'
    lie_in_containerd
    run -0 run_wrapped
    assert_normal_user "$output"
}

@test "another engine's mark takes no row of match away" {
    set_policy '{"match": [{"when": {"namespaces": ["prod"]}, "policy": {"user": {"uid": 4242}}}]}'
    edit '.annotations = {"io.kubernetes.cri.container-type": "container",
        "io.kubernetes.cri.sandbox-namespace": "prod", "io.container.manager": "libpod",
        "io.kubernetes.cri-o.ContainerType": "sandbox"}'
    lie_in_containerd
    run -0 run_wrapped
    assert_has "$output" uid=4242
}

@test "an annotation called bundle leads exec nowhere" {
    edit '.annotations.bundle = $evil' --arg evil "$BATS_TEST_TMPDIR/evil"
    mkdir "$BATS_TEST_TMPDIR/evil"
    cp "$BATS_TEST_TMPDIR/original.json" "$BATS_TEST_TMPDIR/evil/config.json"
    start_sleeper
    run -0 exec_as 0 0 /bin/id
    assert_normal_user "$output"
}

@test "300 groups of root's and 200 accounts of uid 0 are read" {
    rootfs=$BATS_TEST_TMPDIR/rootfs
    make_rootfs "$rootfs"
    for n in $(seq 200); do echo "root$n:x:0:0::/root:/bin/sh"; done >>"$rootfs/etc/passwd"
    for n in $(seq 300); do echo "g$n:x:$((n + 5000)):root$((n % 200 + 1))"; done >>"$rootfs/etc/group"
    edit '.root.path = $rootfs | .process.user.additionalGids = [5001, 5300, 7000]' --arg rootfs "$rootfs"
    run -0 run_wrapped
    assert_normal_user "$output"
    assert_has "$output" 7000
    assert_hasnt "$output" 5300
}

@test "a policy that others can write starts nothing" {
    chmod 666 "$policy"
    run -1 run_wrapped
    assert_has "${lines[0]}" 'can be written by its group or by others (mode 0666)'
    assert_has "${lines[0]}" 'chmod go-w'
    chmod 644 "$policy"
    chown 1000 "$policy"
    run -1 run_wrapped
    assert_has "${lines[0]}" 'belongs to uid 1000'
    chown 0 "$policy"
    run -0 run_wrapped
    assert_normal_user "$output"
}

@test "a policy below a directory that others can write starts nothing, and doctor says so" {
    local dir=$BATS_TEST_TMPDIR/above
    mkdir -p "$dir/etc/profiles"
    cp "$policy" "$dir/etc/config.json"
    policy=$dir/etc/config.json
    export OCINORM_CONFIG=$policy
    for bad in "$dir" "$dir/etc" "$dir/etc/profiles"; do
        chmod 777 "$bad"
        run -1 run_wrapped
        assert_has "${lines[0]}" "error: ${bad%/}"
        assert_has "${lines[0]}" 'can be written by its group or by others (mode 0777)'
        run "$bin/ocinorm" doctor --config "$policy"
        assert_has "$output" "$bad"
        assert_has "$output" 'can be written by its group or by others (mode 0777)'
        chmod 755 "$bad"
        chown 1000 "$bad"
        run -1 run_wrapped
        assert_has "${lines[0]}" 'belongs to uid 1000'
        run "$bin/ocinorm" doctor --config "$policy"
        assert_has "$output" 'belongs to uid 1000'
        chown 0 "$bad"
    done
    run -0 run_wrapped
    assert_normal_user "$output"
    run "$bin/ocinorm" doctor --config "$policy"
    assert_hasnt "$output" 'belongs to uid'
}

@test "a policy is reached through root's directories and root's links only" {
    local top=$BATS_TEST_TMPDIR/top
    mkdir -p "$top"/{good,strict/conf.d,theirs,ours}
    chmod 755 "$BATS_TEST_TMPDIR" "$top"/*
    cp "$policy" "$top/strict/config.json"
    jq '.rules["user.root"] = "off"' "$policy" >"$top/good/config.json"
    ln -s "$top/good" "$top/theirs/link"
    ln -s "$top/theirs/link" "$top/ours/ocinorm"
    export OCINORM_CONFIG=$top/ours/ocinorm/config.json
    run -0 run_wrapped
    assert_has "$output" uid=0
    chown -h 1000 "$top/theirs/link" # root's link, their link, root's file
    run -1 run_wrapped
    assert_has "${lines[0]}" "$top/theirs/link: belongs to uid 1000"
    chown -h 0 "$top/theirs/link"
    chown 1000 "$top/theirs"
    run -1 run_wrapped
    assert_has "${lines[0]}" "$top/theirs: belongs to uid 1000"
    # In a directory that is listed, the sticky bit is no excuse; nor is their link to root's file.
    export OCINORM_CONFIG=$top/strict/config.json
    ln -s "$top/good/config.json" "$top/strict/conf.d/z.json"
    chown -h 1000 "$top/strict/conf.d/z.json"
    run -1 run_wrapped
    assert_has "${lines[0]}" "z.json: belongs to uid 1000"
    rm "$top/strict/conf.d/z.json"
    chmod 1777 "$top/strict/conf.d"
    run -1 run_wrapped
    assert_has "${lines[0]}" "$top/strict/conf.d: can be written"
}

@test "nobody but root switches it off" {
    touch "${policy%/*}/disabled"
    chown 1000 "${policy%/*}/disabled"
    run -0 run_wrapped
    assert_normal_user "$output"
    chown 0 "${policy%/*}/disabled"
    cp "$BATS_TEST_TMPDIR/original.json" "$bundle/config.json"
    run -0 run_wrapped
    assert_has "$output" uid=0
}
