#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2154
# ocinorm-runtime as a runtime of Docker: daemon.json names it, --runtime chooses it.
load ../lib.bash
load lab.bash

setup_file() { setup_lab; }
teardown_file() { lab_down; }
setup() { echo '{"runtimes": ["runc"]}' >"$policy"; }
teardown() { remove_all; }

@test "without ocinorm the container is root" {
    run -0 seen docker run --rm --network none "$app" id
    assert_has "$output" 'uid=0(root)'
}

@test "the container is 1001, its variables fit the limits" {
    run -0 seen run_ocinorm --rm "${limits[@]}" "$app" sh -c 'id; env'
    assert_normal_user "$output"
    assert_fitting_variables "$output"
}

@test "docker exec is 1001, with the variables" {
    run_ocinorm --detach --name exec "${limits[@]}" "$app" sleep 1000
    run -0 seen docker exec exec sh -c 'id; env'
    assert_normal_user "$output"
    assert_fitting_variables "$output"
    run -0 seen docker exec --user 0 exec id
    assert_normal_user "$output"
    run -7 docker exec exec sh -c 'exit 7'
}

@test "docker exec at a terminal is 1001" {
    run_ocinorm --detach --name exec "$app" sleep 1000
    run -0 seen script -qec "docker exec -it exec sh -c 'tty; id'" /dev/null </dev/null
    assert_has "$output" /dev/pts/
    assert_normal_user "$output"
}

@test "another user stays, in exec too" {
    run -0 seen run_ocinorm --rm --user 4242:4242 "$app" sh -c 'id -u; id -g'
    [[ $output == $'4242\n4242' ]]
    run_ocinorm --detach --name exec "$app" sleep 1000
    run -0 seen docker exec --user 4242:4242 exec sh -c 'id -u; id -g'
    [[ $output == $'4242\n4242' ]]
}

was_checked() { [[ $(docker inspect --format '{{.State.Health.Status}}' health) != starting ]]; }

@test "a health check is an exec, and 1001" {
    run_ocinorm --detach --name health --health-interval 200ms \
        --health-cmd "test \"\$(id -u)\" = 1001" "$app" sleep 1000
    within 600 was_checked
    [[ $(docker inspect --format '{{.State.Health.Status}}' health) == healthy ]]
}

@test "the host's network keeps root" {
    run -0 seen docker run --rm --network host --runtime ocinorm "$app" id
    assert_has "$output" 'uid=0(root)'
}

@test "the reason of a denial is in Docker's error" {
    run -125 run_ocinorm --name denied "$app" /foreign
    assert_has "$output" 'OCI runtime create failed: ocinorm: denied [platform.arch]: '
    assert_has "$output" arm64
    [[ $(docker inspect --format '{{.State.Status}}' denied) == created ]]
}

@test "of what Docker wrote only the edits are changed: its own hook and unlimited limits stay" {
    rm -f "$lab/recorded.json"
    docker run --detach --name recorded --network none --runtime recorder --ulimit core=-1 \
        "${limits[@]}" "$app" sh -c 'ulimit -c; id; sleep 1000' 3>&-
    run -0 logs_of recorded 1 docker
    assert_normal_user "$output"
    assert_has "$output" unlimited
    config=$(config_of recorded)
    edited='del(.process.user, .process.env, .process.noNewPrivileges, .annotations,
        .process.capabilities["effective", "permitted", "inheritable", "ambient"])'
    diff <(jq -S "$edited" "$lab/recorded.json") <(jq -S "$edited" "$config")
    [[ $(jq -r '.hooks.prestart[0].args[0]' "$config") == libnetwork-setkey ]]
    # jq and many others cannot hold this number.
    text='"rlimits":[{"type":"RLIMIT_CORE","hard":18446744073709551615,"soft":18446744073709551615}]'
    grep -qF "$text" "$lab/recorded.json"
    grep -qF "$text" "$config"
}

@test "restart and a second start are normalised again, once" {
    run_ocinorm --detach --name again "${limits[@]}" "$app" sh -c 'env; id; sleep 1000'
    logs_of again 1 docker
    docker restart --time 0 again
    logs_of again 2 docker
    docker stop --time 0 again
    docker start again
    run -0 logs_of again 3 docker
    [[ $(grep -c 'uid=1001(app) gid=1001(app)$' <<<"$output") -eq 3 ]]
    [[ $(grep -c '^GOMAXPROCS=2$' <<<"$output") -eq 3 ]]
    run -0 seen docker exec again id
    assert_normal_user "$output"
}

@test "an init of Docker's own does not hide the program" {
    run -0 seen run_ocinorm --rm --init "$app" id
    assert_normal_user "$output"
    run -125 run_ocinorm --rm --init "$app" /foreign
    assert_has "$output" 'ocinorm: denied [platform.arch]: '
}

@test "a broken policy stops starts with its reason, and no stop or removal" {
    run_ocinorm --detach --name running "$app" sleep 1000
    echo '{"runtimes": ["runc"], "user": {"uid": "x"}}' >"$policy"
    run -125 run_ocinorm --rm "$app" id
    assert_has "$output" 'ocinorm: error: '
    assert_has "$output" "$policy"
    docker stop --time 0 running
    docker rm running
}

has_no_cgroup() { [[ -z $(find /sys/fs/cgroup -path "*$1*") ]]; } # CONTAINER-ID

@test "nothing is left behind" {
    mounts=$(grep -c . /proc/self/mountinfo)
    run_ocinorm --detach --name left "${limits[@]}" "$app" sleep 1000
    container=$(docker inspect --format '{{.Id}}' left)
    docker exec left true
    docker rm --force left
    run run_ocinorm --rm "$app" /foreign
    [[ -z $(docker ps --all --quiet) ]]
    [[ -z $(find "$lab/exec" "$lab/data/containers" -name "*$container*") ]]
    within 600 has_no_cgroup "$container"
    within 600 has_mounts "$mounts"
}
