#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2154
# Pods. Podman marks no infra container, so it is lowered like any other; pausing needs no root.
load ../lib.bash
load lab.bash

setup_file() { setup_lab; }
teardown_file() { lab_down; }
setup() { set_policy '{}'; }
teardown() { no_hook && remove_all; }

# Whoever was just started is root until entry has lowered it.
assert_uid() { # UID CONTAINER...
    local container
    for container in "${@:2}"; do
        within 600 has_uid "$1" "$container"
    done
}

has_uid() { # UID CONTAINER
    local pid
    pid=$(podman inspect --format '{{.State.Pid}}' "$2")
    [[ $(awk '/^Uid:/ { print $2 }' "/proc/$pid/status") == "$1" ]]
}

# The program of the infra container is Podman's own, from an image that Podman makes.
start_pod() { # PODMAN-OPTION...
    run_detached "$@" pod create --name pod --network none
    run_detached "$@" run -d --pod pod --name one "${limits[@]}" "$app" sh -c 'env; id; sleep 1000'
    run_detached "$@" run -d --pod pod --name two "$app" sleep 1000
    infra=$(podman pod inspect --format '{{.InfraContainerID}}' pod)
}

assert_pod() {
    run -0 logs_of one 1 podman
    assert_normal_user "$output"
    assert_fitting_variables "$output"
    assert_uid 1001 one two "$infra"
    [[ $(readlink "/proc/$(podman inspect --format '{{.State.Pid}}' one)/ns/ipc") == \
        "$(readlink "/proc/$(podman inspect --format '{{.State.Pid}}' "$infra")/ns/ipc")" ]]
}

@test "a pod without ocinorm is root" {
    start_pod
    assert_uid 0 one two "$infra"
}

@test "a pod through the wrapper is 1001, exec too, and again after a restart" {
    start_pod --runtime ocinorm
    assert_pod
    run -0 seen podman exec one id
    assert_normal_user "$output"
    podman pod stop --time 0 pod
    podman pod start pod 3>&-
    assert_pod
}

@test "a pod through precreate is 1001" {
    use_hook precreate
    start_pod
    assert_pod
}

@test "a pod through createRuntime is 1001" {
    use_hook createRuntime
    start_pod
    assert_pod
}
