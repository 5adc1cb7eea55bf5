#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2154
# Podman of a user who is not root: everything runs in a user namespace, and limits are not to be had.
load ../lib.bash
load lab.bash

setup_file() {
    setup_lab
    rootless_up >"$BATS_FILE_TMPDIR/up.log" 2>&1 || { cat "$BATS_FILE_TMPDIR/up.log" >&2; return 1; }
}
teardown_file() {
    rootless podman system migrate || true # ends the process that holds the user namespace
    lab_down
}
setup() {
    no_hook
    set_policy '{"env": {"set": {"SITE": "lab"}}}'
}
teardown() {
    rootless podman pod rm --force --all --time 0 >/dev/null 2>&1
    rootless podman rm --force --all --time 0 >/dev/null 2>&1
}

home=$lab/home

# As the user of the tests. The new session has no environment but its own.
rootless() { # podman|PROGRAM ARGUMENT...
    local command=("$@")
    [[ $1 != podman ]] || command=(podman --root "$home/root" --runroot "$home/runroot" --storage-driver vfs "${@:2}")
    (cd "$home" && setpriv --reuid 4711 --regid 4711 --clear-groups \
        env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME="$home" XDG_RUNTIME_DIR="$home/run" \
        PODMAN_IGNORE_CGROUPSV1_WARNING=1 "${command[@]}")
}

# A user with subordinate ids, in the /etc of this mount namespace only.
rootless_up() {
    mkdir -p "$home/run"
    chmod 0700 "$home/run"
    echo "ocinorm-test:x:4711:4711::$home:/bin/sh" >>/etc/passwd
    echo 'ocinorm-test:x:4711:' >>/etc/group
    echo 'ocinorm-test:200000:65536' | tee /etc/subuid >/etc/subgid
    chown -R 4711:4711 "$home"
    rootless podman import --quiet --change ENV=PATH=/bin --change CMD=/bin/sh "$lab/app.tar" "$app"
}

@test "rootless: without ocinorm the container is root of its namespace" {
    run -0 seen rootless podman run --rm "$app" sh -c 'id; cat /proc/self/uid_map'
    assert_has "$output" 'uid=0(root)'
    assert_has "$output" 200000
}

@test "rootless: the wrapper makes it 1001, exec too" {
    rootless podman --runtime ocinorm run -d --name one "$app" sh -c 'env; id; sleep 1000' 3>&-
    run -0 logs_of one 1 rootless podman
    assert_normal_user "$output"
    assert_has "$output" SITE=lab
    run -0 seen rootless podman exec one sh -c 'id; env'
    assert_normal_user "$output"
    assert_has "$output" SITE=lab
    [[ $(awk '/^Uid:/ { print $2 }' "/proc/$(rootless podman inspect --format '{{.State.Pid}}' one)/status") == 201000 ]]
}

@test "rootless: precreate makes it 1001" {
    use_hook precreate
    run -0 seen rootless podman run --rm "$app" sh -c 'id; env'
    assert_normal_user "$output"
    assert_has "$output" SITE=lab
}

@test "rootless: createRuntime makes it 1001" {
    use_hook createRuntime
    run -0 seen rootless podman run --rm "$app" sh -c 'id; env'
    assert_normal_user "$output"
    assert_has "$output" SITE=lab
}

@test "rootless: the reason of a denial is in Podman's error" {
    run -126 seen rootless podman --runtime ocinorm run --rm "$app" /foreign
    assert_has "$output" 'ocinorm: denied [platform.arch]: '
}

# As root, Podman 4.3 wants more open files for such a pod than every machine gives.
@test "rootless: a pod of kube play is 1001 through the wrapper, its own user stays" {
    cat >"$home/pod.yaml" <<END
apiVersion: v1
kind: Pod
metadata: {name: played}
spec:
  containers:
  - {name: one, image: "$app", imagePullPolicy: Never, command: [sleep, "1000"]}
  - {name: two, image: "$app", imagePullPolicy: Never, command: [sleep, "1000"], securityContext: {runAsUser: 4242}}
END
    rootless podman --runtime ocinorm kube play --network none "$home/pod.yaml" 3>&-
    run -0 seen rootless podman exec played-one id
    assert_normal_user "$output"
    run -0 seen rootless podman exec played-two id -u
    [[ $output == 4242 ]]
}

# A store of its own, for its files have other owners.
alone() { rootless podman --root "$home/alone" --runroot "$home/alone-run" "$@"; }

@test "rootless: without subordinate ids there is nobody to lower to, and that is said" {
    rootless podman system migrate
    mv /etc/subuid /etc/subgid "$lab"
    alone import --quiet --change ENV=PATH=/bin --change CMD=/bin/sh "$lab/app.tar" "$app"
    run seen alone run --rm "$app" cat /proc/self/uid_map
    bare=$output
    run seen alone --runtime ocinorm run --rm "$app" id
    wrapped=$output
    use_hook createRuntime
    said=$home/said
    run seen alone run --rm --annotation "run.oci.hooks.stderr=$said" "$app" id
    hooked=$output$(cat "$said" 2>/dev/null || true)
    rootless podman system migrate
    mv "$lab/subuid" "$lab/subgid" /etc
    [[ $bare =~ 4711\ +1$ ]]
    assert_has "$wrapped" 'ocinorm: denied [user.mapped]: uid 1001 is not mapped'
    assert_has "$hooked" 'ocinorm: denied [user.mapped]: uid 1001 is not mapped'
}
