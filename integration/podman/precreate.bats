#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2016,SC2154
# Podman hands config.json to the hook before the runtime gets it: a hook of the stage precreate.
load ../lib.bash
load lab.bash

setup_file() { setup_lab; }
teardown_file() { lab_down; }
setup() { set_policy '{}' && use_hook precreate; }
teardown() { remove_all; }

@test "without ocinorm the container is root" {
    no_hook
    run -0 seen podman run --rm "$app" id
    assert_has "$output" 'uid=0(root)'
}

@test "precreate: the container is 1001, its variables fit the limits" {
    set_policy '{"env": {"set": {"SITE": "lab"}}}'
    run -0 seen podman run --rm "${limits[@]}" "$app" sh -c 'id; env'
    assert_normal_user "$output"
    assert_fitting_variables "$output"
    assert_has "$output" SITE=lab
    assert_has "$output" HOME=/srv
}

# Without the variables that every container gets.
few_variables='{"rules": {"env.http": "off", "env.otel": "off"}}'

# A program between Podman and the hook that keeps what passes.
use_recorder() {
    printf '#!/bin/sh\ntee "%s/in" | "%s" "$@" | tee "%s/out"\n' \
        "$BATS_TEST_TMPDIR" "$bin/ocinorm-hook" "$BATS_TEST_TMPDIR" >"$BATS_TEST_TMPDIR/recorder"
    chmod 0755 "$BATS_TEST_TMPDIR/recorder"
    use_hook precreate "$BATS_TEST_TMPDIR/recorder"
}

@test "precreate: of what Podman hands over, only the edits are changed" {
    use_recorder
    set_policy "$few_variables"
    run -0 seen podman run --rm "${limits[@]}" "$app" id
    assert_normal_user "$output"
    edited='del(.process.user, .process.env, .process.noNewPrivileges, .annotations,
        .process.capabilities["effective", "permitted", "inheritable", "ambient"])'
    diff <(jq -S "$edited" "$BATS_TEST_TMPDIR/in") <(jq -S "$edited" "$BATS_TEST_TMPDIR/out")
    [[ $(jq -c '[.process.user.uid, .process.user.gid, .process.user.umask]' "$BATS_TEST_TMPDIR/out") == '[1001,1001,18]' ]]
    jq -e --slurpfile in "$BATS_TEST_TMPDIR/in" \
        '.process.env - $in[0].process.env == ["HOME=/srv", "GOMAXPROCS=2", "GOMEMLIMIT=120795955"]' "$BATS_TEST_TMPDIR/out"
}

@test "precreate: the container sees every variable that was added" {
    use_recorder
    run -0 seen podman run --rm "${limits[@]}" "$app" env
    jq -r --slurpfile in "$BATS_TEST_TMPDIR/in" '.process.env - $in[0].process.env | .[]' \
        "$BATS_TEST_TMPDIR/out" >"$BATS_TEST_TMPDIR/added"
    [[ $(wc -l <"$BATS_TEST_TMPDIR/added") -ge 3 ]]
    while read -r variable; do
        assert_has "$output" "$variable"
    done <"$BATS_TEST_TMPDIR/added"
}

@test "precreate: where nothing is to be changed, every byte is handed back" {
    use_recorder
    set_policy "$few_variables"
    run -0 seen podman run --rm --user 4242:4242 --cap-drop all --security-opt no-new-privileges "$app" sh -c 'id -u; id -g'
    [[ $output == $'4242\n4242' ]]
    [[ -s $BATS_TEST_TMPDIR/in ]]
    cmp "$BATS_TEST_TMPDIR/in" "$BATS_TEST_TMPDIR/out"
}

@test "precreate: --privileged keeps root" {
    run -0 seen podman run --rm --privileged "$app" id
    assert_has "$output" 'uid=0(root)'
}

@test "precreate: a denial stops the start, and nothing is left running" {
    run -126 seen podman run --name denied "$app" /foreign
    assert_has "$output" 'setting up OCI Hooks: executing [ocinorm-hook precreate]: exit status 1'
    [[ $(podman inspect --format '{{.State.Status}}' denied) == created ]]
}

@test "precreate: restart and a second start are normalised again, once" {
    run_detached run -d --name again "${limits[@]}" "$app" sh -c 'env; id; sleep 1000'
    assert_normal_thrice again
    jq -e '[.process.env[] | select(startswith("HOME="))] == ["HOME=/srv"]' "$(config_of again)"
}

# The table of README.md says no. Podman makes the process from what it stored, not from config.json.
@test "precreate does not cover podman exec: it is root" {
    run_detached run -d --name exec "$app" sleep 1000
    run -0 seen podman exec exec id
    assert_has "$output" 'uid=0(root)'
}

@test "precreate and the wrapper together: the second pass changes nothing, and exec is 1001" {
    run_detached --runtime ocinorm run -d --name both "${limits[@]}" "$app" sh -c 'id; sleep 1000'
    run -0 logs_of both 1 podman
    assert_normal_user "$output"
    jq -e '[.process.env[] | select(startswith("GOMAXPROCS="))] == ["GOMAXPROCS=2"]' "$(config_of both)"
    run -0 seen podman exec both sh -c 'id; env'
    assert_normal_user "$output"
    assert_fitting_variables "$output"
}

@test "precreate and createRuntime together: the second finds nothing left to do" {
    use_hook createRuntime
    mv /etc/ocinorm/hooks.d/ocinorm.json /etc/ocinorm/hooks.d/second.json
    use_hook precreate
    run seen podman run --rm "${limits[@]}" "$app" sh -c 'id; env; ls -A /dev'
    rm /etc/ocinorm/hooks.d/second.json
    [[ $status -eq 0 ]]
    assert_normal_user "$output"
    assert_fitting_variables "$output"
    assert_hasnt "$output" .ocinorm
}

# README.md warns of it: whoever removes the program and not its registration, should know.
@test "precreate: Podman starts containers as root where the hook's program is missing" {
    use_hook precreate /nowhere/ocinorm-hook
    run -0 seen podman run --rm "$app" id
    assert_has "$output" 'uid=0(root)'
}

# A /dev that only this test sees, for a log that nobody else reads.
@test "precreate: the reason of a denial is in syslog, for Podman discards it" {
    mkdir "$BATS_TEST_TMPDIR"/{upper,work}
    declare -f podman >"$BATS_TEST_TMPDIR/podman.sh"
    export lab app
    unshare --mount bash -euc '
        mount -t overlay -o "lowerdir=/dev,upperdir=$0/upper,workdir=$0/work" overlay /dev
        busybox syslogd -n -O "$0/syslog" 3>&- &
        for _ in {1..6000}; do test -S /dev/log && break; sleep 0.1; done
        . "$0/podman.sh"
        ! podman run --rm "$app" /foreign
        for _ in {1..6000}; do grep -q ocinorm "$0/syslog" && break; sleep 0.1; done
        kill $!' "$BATS_TEST_TMPDIR"
    assert_has "$(cat "$BATS_TEST_TMPDIR/syslog")" 'denied [platform.arch]: '
}
