#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2154
# ocinorm-runtime as a runtime of Podman: containers.conf names it, --runtime chooses it.
load ../lib.bash
load lab.bash

setup_file() { setup_lab; }
teardown_file() { lab_down; }
setup() { set_policy '{}'; }
teardown() { remove_all; }

wrapped() { podman --runtime ocinorm "$@"; }

@test "runtime: the container is 1001, its variables fit the limits" {
    run -0 seen wrapped run --rm "${limits[@]}" "$app" sh -c 'id; env'
    assert_normal_user "$output"
    assert_fitting_variables "$output"
}

@test "runtime: a path to the wrapper does as well" {
    run -0 seen podman --runtime "$bin/ocinorm-runtime" run --rm "$app" id
    assert_normal_user "$output"
}

@test "runtime: podman exec is 1001, with the variables" {
    run_detached --runtime ocinorm run -d --name exec "${limits[@]}" "$app" sleep 1000
    run -0 seen podman exec exec sh -c 'id; env'
    assert_normal_user "$output"
    assert_fitting_variables "$output"
    run -0 seen podman exec --user root exec id
    assert_normal_user "$output"
    run -0 seen podman exec --privileged exec sh -c 'id; grep CapEff /proc/self/status'
    assert_normal_user "$output"
    assert_has "$output" $'CapEff:\t0000000000000000'
    run -7 podman exec exec sh -c 'exit 7'
}

@test "runtime: podman exec at a terminal is 1001" {
    run_detached --runtime ocinorm run -d --name exec "$app" sleep 1000
    declare -f podman >"$BATS_TEST_TMPDIR/podman.sh"
    export lab
    run -0 script -qec "bash -c '. $BATS_TEST_TMPDIR/podman.sh; podman exec -it exec sh -c \"tty; id\"'" \
        /dev/null </dev/null
    assert_has "$output" /dev/pts/
    assert_normal_user "$output"
}

@test "runtime: podman exec of another user stays" {
    run_detached --runtime ocinorm run -d --name exec "$app" sleep 1000
    run -0 seen podman exec --user 4242:4242 exec sh -c 'id -u; id -g'
    [[ $output == $'4242\n4242' ]]
}

@test "runtime: a health check is an exec, and 1001" {
    run_detached --runtime ocinorm run -d --name health --health-interval disable \
        --health-cmd "test \"\$(id -u)\" = 1001" "$app" sleep 1000
    run -0 podman healthcheck run health
}

@test "runtime: --user and --privileged are left alone, exec too" {
    run -0 seen wrapped run --rm --user 4242:4242 "$app" sh -c 'id -u; id -g'
    [[ $output == $'4242\n4242' ]]
    run_detached --runtime ocinorm run -d --name privileged --privileged "$app" sh -c 'id; sleep 1000'
    run -0 logs_of privileged 1 podman
    assert_has "$output" 'uid=0(root)'
    run -0 seen podman exec privileged id
    assert_has "$output" 'uid=0(root)'
}

@test "runtime: Podman writes config.json anew for each start, and each is normalised once" {
    run_detached --runtime ocinorm run -d --name again "${limits[@]}" "$app" sh -c 'env; id; sleep 1000'
    before=$(stat -c %y "$(config_of again)")
    assert_normal_thrice again
    [[ $(stat -c %y "$(config_of again)") != "$before" ]]
    run -0 seen podman exec again id
    assert_normal_user "$output"
    jq -e '[.process.env[] | select(startswith("HOME="))] == ["HOME=/srv"]' "$(config_of again)"
}

# --log is given where runtime_supports_json names the runtime, else only stderr is read.
@test "runtime: the reason of a denial is in Podman's error, with runtime_supports_json" {
    run -126 seen wrapped run --rm "$app" /foreign
    assert_has "$output" 'Error: OCI runtime error: ocinorm: ocinorm: denied [platform.arch]: '
    assert_has "$output" arm64
}

@test "runtime: the reason of a denial is in Podman's error, without runtime_supports_json" {
    run -126 seen podman --runtime plain run --rm "$app" /foreign
    assert_has "$output" 'Error: OCI runtime error: plain: ocinorm: denied [platform.arch]: '
    run -126 seen podman --runtime "$bin/ocinorm-runtime" run --rm "$app" /foreign
    assert_has "$output" 'ocinorm: denied [platform.arch]: '
}

@test "runtime: a broken policy stops starts with its reason, and no stop or removal" {
    run_detached --runtime ocinorm run -d --name running "$app" sleep 1000
    set_policy '{"user": {"uid": "x"}}'
    run -126 seen wrapped run --rm "$app" id
    assert_has "$output" 'ocinorm: error: '
    assert_has "$output" "$policy"
    run -0 podman stop --time 0 running
    run -0 podman rm running
}

@test "runtime: on success the container's output is all there is" {
    run -0 wrapped run --rm "$app" true
    [[ -z $output ]]
    run -42 wrapped run --rm "$app" sh -c 'exit 42'
    [[ -z $output ]]
}

@test "runtime: an init of Podman's own does not hide the program" {
    run -0 seen wrapped run --rm --init "$app" id
    assert_normal_user "$output"
    run -126 seen wrapped run --rm --init "$app" /foreign
    assert_has "$output" 'ocinorm: denied [platform.arch]: '
}

@test "runtime: nothing is left behind" {
    mounts=$(grep -c . /proc/self/mountinfo)
    run_detached --runtime ocinorm run -d --name left "${limits[@]}" "$app" sleep 1000
    container=$(podman inspect --format '{{.Id}}' left)
    podman exec left true
    podman rm --force --time 0 left
    run seen wrapped run --rm "$app" /foreign
    [[ -z $(podman ps --all --quiet) ]]
    assert_gone "$container"
    within 600 has_mounts "$mounts"
}
