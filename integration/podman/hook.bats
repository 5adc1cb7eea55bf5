#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2154
# The hook at createRuntime and prestart: Podman writes it into config.json, the runtime runs it.
load ../lib.bash
load lab.bash

setup_file() { setup_lab; }
teardown_file() { lab_down; }
setup() { set_policy '{}'; }
teardown() { remove_all; }

lowers() { # STAGE
    use_hook "$1"
    run -0 seen podman run --rm "${limits[@]}" "$app" sh -c 'id; env; grep CapEff /proc/self/status'
    assert_normal_user "$output"
    assert_fitting_variables "$output"
    assert_has "$output" $'CapEff:\t0000000000000000'
}

@test "createRuntime: the container is 1001, its variables fit the limits" { lowers createRuntime; }
@test "prestart: the container is 1001, its variables fit the limits" { lowers prestart; }

@test "createRuntime: --read-only and a volume for the program" {
    use_hook createRuntime
    mkdir -p "$BATS_TEST_TMPDIR/volume"
    cp "$lab/app/bin/busybox" "$BATS_TEST_TMPDIR/volume/id"
    run -0 seen podman run --rm --read-only -v "$BATS_TEST_TMPDIR/volume:/opt:ro" "$app" /opt/id
    assert_normal_user "$output"
}

# runc reports what a hook says; crun does where run.oci.hooks.stderr names a file.
@test "createRuntime: a denial stops the start, with its reason" {
    use_hook createRuntime
    said=$BATS_TEST_TMPDIR/said
    run -126 seen podman run --rm --annotation "run.oci.hooks.stderr=$said" "$app" /foreign
    assert_has "$output" 'Error: OCI runtime error'
    assert_has "$output$(cat "$said" 2>/dev/null)" 'ocinorm: denied [platform.arch]: '
    [[ -z $(podman ps --all --quiet) ]]
}

@test "createRuntime: verify refuses what it does not change" {
    use_hook createRuntime
    set_policy '{"hook": {"apply": "verify"}}'
    said=$BATS_TEST_TMPDIR/said
    run -126 seen podman run --rm --annotation "run.oci.hooks.stderr=$said" "$app" id
    assert_has "$output$(cat "$said" 2>/dev/null)" 'ocinorm: denied [user.root]: '
}

@test "createRuntime: --user and --privileged are left alone" {
    use_hook createRuntime
    run -0 seen podman run --rm --user 4242:4242 "$app" sh -c 'id -u; id -g'
    [[ $output == $'4242\n4242' ]]
    run -0 seen podman run --rm --privileged "$app" id
    assert_has "$output" 'uid=0(root)'
}

@test "createRuntime: restart and a second start are lowered again" {
    use_hook createRuntime
    run_detached run -d --name again "${limits[@]}" "$app" sh -c 'env; id; sleep 1000'
    assert_normal_thrice again
}

# The table of README.md says no. Another program than the entrypoint: /bin/busybox is all of the image.
@test "createRuntime does not cover podman exec: it is root" {
    use_hook createRuntime
    cp "$lab/app/bin/busybox" "$BATS_TEST_TMPDIR/other"
    run_detached run -d --name exec -v "$BATS_TEST_TMPDIR/other:/id:ro" "$app" sleep 1000
    run -0 seen podman exec exec /id
    assert_has "$output" 'uid=0(root)'
}

@test "createRuntime: nothing is left behind" {
    use_hook createRuntime
    mounts=$(grep -c . /proc/self/mountinfo)
    image=$(podman image mount "$app")
    before=$(find "$image" -printf '%p %i %s %m\n' | sort)
    run_detached run -d --name left "$app" sleep 1000
    container=$(podman inspect --format '{{.Id}}' left)
    tree=$(podman mount left)
    [[ -z $(find "$tree" -name '*ocinorm*') ]]
    podman unmount left
    podman rm --force --time 0 left
    run seen podman run --rm "$app" /foreign
    [[ -z $(podman ps --all --quiet) ]]
    assert_gone "$container"
    [[ $(find "$image" -printf '%p %i %s %m\n' | sort) == "$before" ]]
    podman image unmount "$app"
    within 600 has_mounts "$mounts"
}
