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
    edit '.annotations = {"io.kubernetes.cri.container-type": "sandbox",
                          "io.kubernetes.cri.sandbox-id": $id}' --arg id "$id"
    lie_in_containerd
    start_sleeper
    make_process 0 0 id
    run -0 exec_process
    assert_has "$output" uid=0
}

# Without --root, as Podman calls it, the state lies where the runtime was built to keep it.
@test "exec follows a runtime whose file has another name" {
    cp "$low_path" "$BATS_TEST_TMPDIR/$low-stable"
    jq --arg low "$BATS_TEST_TMPDIR/$low-stable" '.runtimes = [$low]' "$policy" >"$policy.new"
    mv "$policy.new" "$policy"
    assert_exec_is_lowered
}

# crun's getopt reads "=FILE" in it.
@test "-p=FILE is the process for runc, and refused in front of crun" {
    start_sleeper
    make_process 0 0 id
    cd "$BATS_TEST_TMPDIR"
    run wrapped exec -p=process.json "$id"
    if [[ $low == runc ]]; then
        assert_normal_user "$output"
    else
        [[ $status -ne 0 ]]
        assert_has "$output" 'runc and crun read "-p=process.json" differently'
    fi
}

@test "exec without a process file is the runtime's own affair" {
    start_sleeper
    run -0 wrapped exec "$id" id
    [[ $output == "$(bare exec "$id" id)" ]]
}

# Whatever is asked of a container that is not there starts nothing: the runtime says so as it always does.
@test "exec in a container that is not there is the runtime's to refuse" {
    make_process 0 0 id
    mkdir -p "$state/nobody"
    local name
    for name in nobody "$id" ...; do
        run bare exec --process "$BATS_TEST_TMPDIR/process.json" "$name"
        bare_status=$status bare_output=$output
        run wrapped exec --process "$BATS_TEST_TMPDIR/process.json" "$name"
        [[ $status -eq $bare_status && $status -ne 0 ]]
        [[ $(without_time <<<"$output") == "$(without_time <<<"$bare_output")" ]]
    done
    rmdir "$state/nobody"
}

without_time() { sed 's/^time="[^"]*"//; s/^[0-9T:.-]*Z: //'; }

# Both read it so; crun 1.8 then finds that it cannot open it.
@test "an empty --root is the working directory" {
    start_sleeper
    make_process 0 0 id
    cd "$state"
    local words
    for words in '--root ""' --root=; do
        run eval "$bin/ocinorm-runtime $words exec --process $BATS_TEST_TMPDIR/process.json $id"
        [[ $low == crun && $status -ne 0 ]] || assert_normal_user "$output"
        [[ $(jq .user.uid "$BATS_TEST_TMPDIR/process.json") == 1001 ]]
    done
}

@test "crun before 1.22 keeps its states where --rootless says" {
    start_sleeper
    make_process 0 0 id
    if [[ $low == runc ]]; then
        run -0 wrapped --rootless true exec --process "$BATS_TEST_TMPDIR/process.json" "$id"
        assert_normal_user "$output"
        return
    fi
    run "$bin/ocinorm-runtime" --rootless "$state" exec --process "$BATS_TEST_TMPDIR/process.json" "$id"
    assert_hasnt "$output" uid=0
    [[ $(jq .user.uid "$BATS_TEST_TMPDIR/process.json") == 1001 ]]
    run -1 wrapped --rootless "$state/../state" exec --process "$BATS_TEST_TMPDIR/process.json" "$id"
    assert_has "$output" 'is below --rootless, too'
}

# Where such a one keeps its states nobody knows here: no container, no start.
@test "exec through a runtime that nobody knows, in a container that is not found, is refused" {
    cp "$low_path" "$BATS_TEST_TMPDIR/unknown"
    jq --arg low "$BATS_TEST_TMPDIR/unknown" '.runtimes = [$low]' "$policy" >"$policy.new"
    mv "$policy.new" "$policy"
    make_process 0 0 id
    run -1 wrapped exec --process "$BATS_TEST_TMPDIR/process.json" "$id"
    assert_has "${lines[0]}" "ocinorm: error: $state: no container \"$id\" there"
}

# A newer runtime, which has a flag with a value that nobody here knows: which word is the id?
@test "exec with a flag that nobody knows: the container's state is found, or nothing starts" {
    start_sleeper
    printf '#!/bin/sh\necho "$*"\n' >"$BATS_TEST_TMPDIR/newer-$low"
    chmod 755 "$BATS_TEST_TMPDIR/newer-$low"
    jq --arg low "$BATS_TEST_TMPDIR/newer-$low" '.runtimes = [$low]' "$policy" >"$policy.new"
    mv "$policy.new" "$policy"
    make_process 0 0 id
    run -0 wrapped exec --newer V --process "$BATS_TEST_TMPDIR/process.json" "$id"
    [[ $(jq .user.uid "$BATS_TEST_TMPDIR/process.json") == 1001 ]]
    make_process 0 0 id
    run -1 wrapped exec --process "$BATS_TEST_TMPDIR/process.json" --newer V "$id"
    assert_has "${lines[0]}" 'ocinorm: error: '
}

@test "exec passes the exit status" {
    start_sleeper
    make_process 0 0 'exit 42'
    run -42 exec_process
}

@test "the disabled file: who was lowered stays so for exec, and who was not is left alone" {
    start_sleeper
    touch "${policy%/*}/disabled"
    make_process 0 0 'id; grep CapEff /proc/self/status'
    run -0 exec_process
    assert_normal_user "$output"
    assert_has "$output" 'CapEff:	0000000000000000'
    # The node's policy does not count then, and need not be right.
    set_policy '{"user": {"uid": "x"}}'
    make_process 0 0 id
    run -0 exec_process
    assert_normal_user "$output"
    bare delete --force "$id"
    cp "$BATS_TEST_TMPDIR/original.json" "$bundle/config.json"
    set_policy '{}'
    start_sleeper
    make_process 0 0 'id; grep NoNewPrivs /proc/self/status'
    run -0 exec_process
    assert_has "$output" "uid=0(root)"
    make_process 1000 1000 'grep NoNewPrivs /proc/self/status'
    jq '.noNewPrivileges = false' "$BATS_TEST_TMPDIR/process.json" >"$BATS_TEST_TMPDIR/p"
    mv "$BATS_TEST_TMPDIR/p" "$BATS_TEST_TMPDIR/process.json"
    run -0 exec_process
    assert_has "$output" 'NoNewPrivs:	0'
}

@test "what a pod writes into its annotations lets nobody exec as root" {
    edit '.annotations = {"a.example/b": "a\u0000b", "bundle": "x\u0000"}'
    set_policy '{"onError": "warn"}'
    start_sleeper
    make_process 0 0 id
    run -0 exec_process
    assert_normal_user "$output"
}
