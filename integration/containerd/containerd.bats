#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2016,SC2154 # containers expand $; bin and lab are set by what is loaded
# containerd, whichever release is in PATH: pods through CRI, as the kubelet asks for them, and ctr.
# The handlers are in lab.bash; "ocinorm" is the wrapper, "hook" the hook in base_runtime_spec.

load ../lib.bash
load lab.bash

app=live.local/app:1
foreign=live.local/foreign:1
no_capabilities='CapEff:	0000000000000000'

setup_file() {
    lab_up >"$BATS_FILE_TMPDIR/up.log" 2>&1 || { cat "$BATS_FILE_TMPDIR/up.log" >&2; return 1; }
    # The first ones make what stays: the network's bridge, directories.
    cri run runc default "$app" /bin/id >"$BATS_FILE_TMPDIR/first.log" 2>&1
    ctr_run "$app" first /bin/id >>"$BATS_FILE_TMPDIR/first.log" 2>&1
    within 600 no_shim # it ends a little after its container
    node_state >"$BATS_FILE_TMPDIR/before"
}
no_shim() { ! pgrep -x containerd-shim >/dev/null; }
teardown_file() { lab_down; }

setup() {
    [[ -S $lab/sock ]] || { tail -n 5 "$lab/log" >&2; return 1; }
}

ctr_run() { # CTR-OPTION... IMAGE ID COMMAND...
    ctr run --rm --cgroup "$lab_cgroup/ctr-$RANDOM" "$@"
}

# All that a container could leave on the node, but for containerd's own books, whose entries it lists;
# .empty-directory is of crun.
node_state() {
    cut -d' ' -f4- /proc/self/mountinfo | sed 's/ - .*//' | sort
    find /run /tmp -xdev \( -path "$lab/root" -o -path "${BATS_RUN_TMPDIR:?}" -o -name .empty-directory \) \
        -prune -o -print | sort
    find /sys/fs/cgroup -type d -fstype cgroup -path "*$lab_cgroup*" | sort
    # shellcheck disable=SC2009 # the names of all the others
    ps -A -o comm= | grep -vxE 'bats.*|bash|cat|env|grep|ps|sort' | sort
    ip -oneline link | cut -d: -f2 | sort
    ctr containers list -q
    ctr snapshots list | awk '{ print $1 }' | grep -v '^sha256:' || true
}

@test "CRI: without ocinorm the container is root" {
    run -0 cri run runc default "$app" /bin/id
    assert_has "$output" "uid=0(root)"
}

# ---- the wrapper

@test "CRI, wrapper: the container is 1001, without capabilities" {
    run -0 cri run ocinorm default "$app" /bin/sh -c 'id; grep CapEff /proc/self/status; exit 5'
    assert_normal_user "$output"
    assert_has "$output" "$no_capabilities"
    assert_has "$output" "exit 5"
}

@test "CRI, wrapper: the container's variables fit the limits of the pod" {
    run -0 cri run ocinorm default "$app" /bin/env
    assert_has "$output" "GOMAXPROCS=2"
    assert_has "$output" "GOMEMLIMIT=120795955"
}

@test "CRI, wrapper: ExecSync is 1001, with the variables" {
    run -0 cri exec ocinorm default "$app" /bin/sh -c 'id; env; grep CapEff /proc/self/status; exit 6'
    assert_normal_user "$output"
    assert_has "$output" "GOMAXPROCS=2"
    assert_has "$output" "GOMEMLIMIT=120795955"
    assert_has "$output" "$no_capabilities"
    assert_has "$output" "exit 6"
}

@test "CRI, wrapper: exec with a terminal (kubectl exec -t) is 1001, with the variables" {
    run -0 cri tty ocinorm default "$app" /bin/sh -c 'tty; id; env; echo ready; read -r end'
    assert_has "$output" "/dev/pts/"
    assert_normal_user "$output"
    assert_has "$output" "GOMAXPROCS=2"
}

@test "CRI, wrapper: a container with a terminal is 1001, and takes what attach says" {
    run -0 cri attach ocinorm default "$app" hello /bin/sh -c 'read -r line; tty; id; echo "got $line, ready"; read -r end'
    assert_has "$output" "/dev/pts/"
    assert_normal_user "$output"
    assert_has "$output" "got hello"
}

@test "CRI, wrapper: the reason of a denial is in CRI's error" {
    run -3 cri run ocinorm default "$foreign" /app
    assert_has "$output" "ocinorm: denied [platform.arch]"
    assert_has "$output" "arm64"
}

@test "CRI, wrapper: the reason of an error is in CRI's error, and what exists can still be removed" {
    cp "$lab/policy.json" "$BATS_TEST_TMPDIR/policy.json"
    echo '{' >"$lab/policy.json"
    run cri run ocinorm default "$app" /bin/id
    cp "$BATS_TEST_TMPDIR/policy.json" "$lab/policy.json"
    ((status == 3))
    assert_has "$output" "ocinorm: error: "
    assert_has "$output" "policy.json"
    [[ -z $(ctr containers list -q) ]]
}

@test "CRI, wrapper: a pod's sandbox gets byte for byte what it gets from runc" {
    mkdir "$BATS_TEST_TMPDIR"/{runc,ocinorm,hook}
    for handler in runc ocinorm hook; do
        cri specs "$handler" default "$app" "$BATS_TEST_TMPDIR/$handler"
    done
    cmp "$BATS_TEST_TMPDIR"/{runc,ocinorm}/sandbox
    cmp "$BATS_TEST_TMPDIR"/{runc,hook}/sandbox
    # The comparison sees what ocinorm does to the container beside it.
    run ! cmp -s "$BATS_TEST_TMPDIR"/{runc,ocinorm}/app
    [[ $(jq .process.user.uid "$BATS_TEST_TMPDIR/ocinorm/app") == 1001 ]]
}

@test "CRI, wrapper: kube-system keeps root, byte for byte" {
    run -0 cri run ocinorm kube-system "$app" /bin/id
    assert_has "$output" "uid=0(root)"
    mkdir "$BATS_TEST_TMPDIR"/{runc,ocinorm}
    for handler in runc ocinorm; do
        cri specs "$handler" kube-system "$app" "$BATS_TEST_TMPDIR/$handler"
    done
    cmp "$BATS_TEST_TMPDIR"/{runc,ocinorm}/app
    cmp "$BATS_TEST_TMPDIR"/{runc,ocinorm}/sandbox
}

@test "CRI, wrapper: kube-system keeps root in exec" {
    run -0 cri exec ocinorm kube-system "$app" /bin/id
    assert_has "$output" "uid=0(root)"
}

# ---- the hook

@test "CRI, hook: the container is 1001, without capabilities" {
    run -0 cri run hook default "$app" /bin/sh -c 'id; grep CapEff /proc/self/status; exit 5'
    assert_normal_user "$output"
    assert_has "$output" "$no_capabilities"
    assert_has "$output" "exit 5"
}

@test "CRI, hook: the container's variables fit the limits of the pod" {
    run -0 cri run hook default "$app" /bin/env
    assert_has "$output" "GOMAXPROCS=2"
    assert_has "$output" "GOMEMLIMIT=120795955"
}

@test "CRI, hook: a container with a terminal is 1001, and takes what attach says" {
    run -0 cri attach hook default "$app" hello /bin/sh -c 'read -r line; tty; id; echo "got $line, ready"; read -r end'
    assert_has "$output" "/dev/pts/"
    assert_normal_user "$output"
    assert_has "$output" "got hello"
}

@test "CRI, hook: the reason of a denial is in CRI's error" {
    run -3 cri run hook default "$foreign" /app
    assert_has "$output" "ocinorm: denied [platform.arch]"
}

@test "CRI, hook: kube-system keeps root" {
    run -0 cri run hook kube-system "$app" /bin/id
    assert_has "$output" "uid=0(root)"
}

@test "CRI, hook: what is exec'd is not covered, as the documentation says" {
    run -0 cri exec hook default "$app" /srv/id
    assert_has "$output" "uid=0(root)"
}

# ---- crun as the low-level runtime

@test "CRI, wrapper before crun: the container is 1001, its variables fit" {
    run -0 cri run crun default "$app" /bin/sh -c 'id; env; grep CapEff /proc/self/status; exit 5'
    assert_normal_user "$output"
    assert_has "$output" "$no_capabilities"
    assert_has "$output" "GOMAXPROCS=2"
    assert_has "$output" "exit 5"
}

@test "CRI, wrapper before crun: ExecSync is 1001, with the variables" {
    run -0 cri exec crun default "$app" /bin/sh -c 'id; env'
    assert_normal_user "$output"
    assert_has "$output" "GOMAXPROCS=2"
}

@test "CRI, wrapper before crun: the reason of a denial is in CRI's error" {
    run -3 cri run crun default "$foreign" /app
    assert_has "$output" "ocinorm: denied [platform.arch]"
}

@test "CRI, hook with crun: the container is 1001, its variables fit" {
    run -0 cri run hook-crun default "$app" /bin/sh -c 'id; env'
    assert_normal_user "$output"
    assert_has "$output" "GOMAXPROCS=2"
}

# crun keeps to itself what a hook says.
@test "CRI, hook with crun: a denial stops the container" {
    run -3 cri run hook-crun default "$foreign" /app
    assert_has "$output" "ocinorm-hook"
    assert_has "$output" "exit code: 1"
}

# ---- ctr

@test "ctr run --runc-binary: the container is 1001, its exit status is passed on" {
    run -7 ctr_run --runc-binary "$bin/ocinorm-runtime" "$app" one /bin/sh -c 'id; exit 7'
    assert_normal_user "$output"
}

@test "ctr run --runc-binary: the variables fit ctr's limits" {
    run -0 ctr_run --runc-binary "$bin/ocinorm-runtime" --cpu-quota 150000 --cpu-period 100000 \
        --memory-limit 268435456 "$app" one /bin/env
    assert_has "$output" "GOMAXPROCS=2"
    assert_has "$output" "GOMEMLIMIT=241591910"
}

@test "ctr run --runc-binary: the reason of a denial is in ctr's error" {
    run -1 ctr_run --runc-binary "$bin/ocinorm-runtime" "$foreign" one /app
    assert_has "$output" "OCI runtime create failed: ocinorm: denied [platform.arch]"
}

@test "ctr run --runc-binary: nothing of ours is in the container's output" {
    run -0 --separate-stderr ctr_run --runc-binary "$bin/ocinorm-runtime" "$app" one /bin/true
    [[ -z $output && -z $stderr ]]
}

@test "ctr task exec: 1001, with the variables" {
    ctr run --detach --cgroup "$lab_cgroup/ctr-exec" --runc-binary "$bin/ocinorm-runtime" \
        --memory-limit 134217728 "$app" one /bin/sleep 1000 3>&-
    run ctr_says one 'id; env'
    ctr task delete --force one || true
    ctr containers delete one
    ((status == 0))
    assert_normal_user "$output"
    assert_has "$output" "GOMEMLIMIT=120795955"
}

# ---- many, and afterwards

@test "CRI: fifty pods at the same time, each of them right" {
    run -0 cri many 50 default "$app" ocinorm hook
    echo "$output"
    [[ $(grep -cFx 'ocinorm uid=1001(app) uid=1001(app)' <<<"$output") == 25 ]]
    [[ $(grep -cFx 'hook uid=1001(app) uid=0(root)' <<<"$output") == 25 ]] # the second is exec's
    [[ -z $(ctr containers list -q) ]]
}

is_as_before() {
    node_state >"$BATS_TEST_TMPDIR/after"
    cmp -s "$BATS_FILE_TMPDIR/before" "$BATS_TEST_TMPDIR/after"
}

# A shim ends a little after its container.
@test "after all of the above, denials and errors included, the node is as it was" {
    within 600 is_as_before || diff "$BATS_FILE_TMPDIR/before" "$BATS_TEST_TMPDIR/after"
}

# ---- a containerd that dies

helper() { pgrep -x ocinorm-hold; }
waits() { helper >/dev/null && [[ -e $BATS_TEST_TMPDIR/waits ]]; }
has_no_helper() { ! helper >/dev/null; }

no_runtime() { ! pgrep -x runc >/dev/null; }

# Its hooks end with one that waits until $BATS_TEST_TMPDIR/waits is gone: not before the runtime is, which
# on a busy machine would else come to its end, with a container that waits for its start.
create_slowly() { # ID COMMAND...
    mkdir -p "$BATS_TEST_TMPDIR/rootfs"
    cp -r "$lab/app/." "$BATS_TEST_TMPDIR/rootfs"
    jq --arg file "$BATS_TEST_TMPDIR/waits" --arg root "$BATS_TEST_TMPDIR/rootfs" \
        --arg group "$lab_cgroup/ctr-$1" --argjson args "$(jq -nc '$ARGS.positional' --args -- "${@:2}")" \
        '.hooks.prestart += [{path: "/bin/sh", args: ["sh", "-c", "touch \($file); while test -e \($file); do sleep 0.1; done"],
                              env: ["PATH=/usr/bin:/bin"]}] |
         .root.path = $root | .process.args = $args | .linux.cgroupsPath = $group' \
        "$lab/hook.json" >"$BATS_TEST_TMPDIR/spec.json"
    ctr container create --config "$BATS_TEST_TMPDIR/spec.json" "$1"
    ctr task start --detach "$1" >"$BATS_TEST_TMPDIR/said" 2>&1 </dev/null 3>&- &
    within 600 waits
    kill -KILL "$(cat "$lab/pid")"
    within 600 no_runtime
    rm "$BATS_TEST_TMPDIR/waits"
    start_containerd
}

# Its shim then stops the runtime, and the container ends before a word of it. What containerd leaves of a
# task that it does not find again (a shim, directories) ends with the lab: so this is the last test.
@test "hook: containerd dies while a container is created: nothing of it runs, and no helper stays" {
    create_slowly one /bin/id
    within 60 has_no_helper || { ps -A -o pid,ppid,stat,args && false; }
    [[ -z $(find /sys/fs/cgroup -path "*$lab_cgroup/ctr-one/cgroup.procs" -exec cat {} +) ]]
    assert_hasnt "$(cat "$BATS_TEST_TMPDIR/said")" uid=
    run -0 cri run hook default "$app" /bin/id
    assert_normal_user "$output"
}
