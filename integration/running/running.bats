#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2016,SC2154 # jq's variables; bin and lab are set by what is loaded
# What runs on a node with containerd, Podman, Docker and runc by hand, all at once: `ocinorm explain
# --running`, `explain ID`, and what `install --set-default` says before it changes anything.
load ../lib.bash
load lab.bash

setup_file() { setup_lab; }
teardown_file() { lab_down; }

ocinorm() { "$bin/ocinorm" "$@"; }

# ENGINE NAMESPACE NAME NOW THEN RULES of each line of JSON, "-" for none.
rows() {
    ocinorm explain --running --format json "$@" >"$BATS_TEST_TMPDIR/running.json" || true
    jq -r 'def user: if . then "\(.uid):\(.gid)" else "-" end;
        .containers[] | [.engine, .namespace // "-", .name // .id, (.user.now | user), (.user.then | user),
            .outcome.exempt // ([.outcome.findings[] | select(.level == "deny") | .rule] | join(",")) | tostring] |
        join(" ")' "$BATS_TEST_TMPDIR/running.json"
}

@test "every container of every engine is listed, with who it is and what would become of it" {
    run -0 rows
    expected='containerd default secret 0:0 - user.access
containerd shop web-0/web 0:0 1001:1001 
docker - boat 0:0 1001:1001 
podman - lone 0:0 1001:1001 
podman - lowered 1001:1001 1001:1001 
podman - strong 0:0 0:0 privileged
runc - byhand 0:0 1001:1001 '
    diff <(echo "$expected") <(echo "$output")
    [[ $(jq .version "$BATS_TEST_TMPDIR/running.json") == 1 ]]
    # What the kernel says of the process is what is listed.
    while read -r pid uid; do
        [[ $(awk '/^Uid:/ { print $3 }' "/proc/$pid/status") == "$uid" ]]
    done < <(jq -r '.containers[] | "\(.pid) \(.user.now.uid)"' "$BATS_TEST_TMPDIR/running.json")
}

fits_schema() { # FILE
    ocinorm explain --schema >"$BATS_TEST_TMPDIR/schema.json"
    /usr/bin/python3 -c 'import json, sys, jsonschema
jsonschema.validate(json.load(open(sys.argv[2])), json.load(open(sys.argv[1])))' "$BATS_TEST_TMPDIR/schema.json" "$1"
}

@test "the JSON of --running and of an ID is as --schema says" {
    ocinorm explain --running --format json >"$BATS_TEST_TMPDIR/running.json" || true
    fits_schema "$BATS_TEST_TMPDIR/running.json"
    ocinorm explain boat --format json >"$BATS_TEST_TMPDIR/one.json"
    fits_schema "$BATS_TEST_TMPDIR/one.json"
    jq 'del(.container.id)' "$BATS_TEST_TMPDIR/one.json" >"$BATS_TEST_TMPDIR/less.json"
    run ! fits_schema "$BATS_TEST_TMPDIR/less.json"
}

@test "the table has a line for each, the exit status is that of a denial" {
    run -1 ocinorm explain --running
    [[ ${lines[0]} =~ ^ENGINE\ +NAMESPACE\ +NAME\ +USER\ +RULES$ ]]
    [[ ${lines[1]} =~ ^containerd\ +default\ +secret\ +0:0\ +deny\ \[user\.access\]\ .*/secret ]]
    [[ ${lines[2]} =~ ^containerd\ +shop\ +web-0/web\ +0:0\ -\>\ 1001:1001\ +ok$ ]]
    [[ ${lines[3]} =~ ^docker\ +-\ +boat\ +0:0\ -\>\ 1001:1001\ +ok$ ]]
    [[ ${lines[4]} =~ ^podman\ +-\ +lone\ +0:0\ -\>\ 1001:1001\ +warn\ \[user\.root\]$ ]]
    [[ ${lines[5]} =~ ^podman\ +-\ +lowered\ +1001:1001\ +ok,\ nothing\ to\ change$ ]]
    [[ ${lines[6]} =~ ^podman\ +-\ +strong\ +0:0\ +exempt\ \(privileged\)$ ]]
    [[ ${lines[8]} == "7 running: 1 would be denied, 4 would get another user, 0 undecided; "* ]]
    ((${#lines[@]} == 9))
}

@test "the policy is the node's, or the one that is named" {
    echo '{"user": {"uid": 2000, "gid": 2000}, "rules": {"user.access": "warn"}}' >"$BATS_TEST_TMPDIR/policy.json"
    run -0 ocinorm explain --running --config "$BATS_TEST_TMPDIR/policy.json"
    assert_has "$output" '0:0 -> 2000:2000'
    assert_has "$output" 'warn [user.access]'
    echo '{"user": {"uid": "x"}}' >"$BATS_TEST_TMPDIR/policy.json"
    run -2 ocinorm explain --running --config "$BATS_TEST_TMPDIR/policy.json"
    assert_has "$output" 'ocinorm: error: '
}

@test "nothing is changed, and nothing stays" {
    sums() { find /run/containerd /run/runc /run/docker "$lab/podman" "$lab/hand" -name config.json -exec sha256sum {} + | sort; }
    sums >"$BATS_TEST_TMPDIR/before"
    ocinorm explain --running >/dev/null || true
    sums | diff "$BATS_TEST_TMPDIR/before" -
    [[ -s $BATS_TEST_TMPDIR/before ]]
    run ! pgrep -x ocinorm
}

@test "one container by its name, id, or how its id begins" {
    id=$(docker inspect --format '{{.Id}}' boat)
    for who in "$id" "${id:0:12}" boat; do
        run -0 ocinorm explain "$who"
        assert_has "$output" "container $id (boat)"
        assert_has "$output" 'engine    docker'
        assert_has "$output" '0:0 -> 1001:1001'
        assert_has "$output" '[user.root]'
    done
    run -0 ocinorm explain "${id:0:12}" --format json
    jq -e --arg id "$id" '.version == 1 and .verdict == "allow" and .container.id == $id and
        .container.engine == "docker" and (.bundle | endswith($id)) and
        ([.edits[] | select(.path == "/process/user/uid") | .to] == [1001])' <<<"$output"
    run -0 ocinorm explain web-0/web
    assert_has "$output" 'engine    containerd, namespace shop'
    run -1 ocinorm explain secret
    assert_has "$output" 'deny [user.access]'
    run -2 ocinorm explain nobody
    assert_has "$output" 'no container of this id or name runs here'
}

@test "an id that begins like several is not guessed" {
    run -2 ocinorm explain ''
    (close_descriptors && exec ctr --namespace default run --detach --rootfs --cgroup "$lab_cgroup/secretary" \
        "$lab/app" secretary /bin/sleep 1000) >/dev/null 2>&1 </dev/null
    run -1 ocinorm explain secret
    assert_has "$output" 'container secret'
    run -2 ocinorm explain secr
    assert_has "$output" '2 containers have an id that begins so'
    ctr --namespace default tasks kill --signal KILL secretary
    within 600 is_listed_not secretary
    # What has ended is still in containerd's books, and runs no more.
    run -2 ocinorm explain secretary
}

is_listed_not() { ! ocinorm explain --running | grep -q "$1"; }

@test "a container that root alone may list is not passed over in silence" {
    run -2 setpriv --reuid 1001 --regid 1001 --clear-groups "$bin/ocinorm" explain --running
    assert_has "$output" 'not seen: /run/'
}

# A state that anybody could have written (rootless: /run/user/UID), a bundle that never answers.
@test "hostile states, and a volume that never answers, cost a line each and no more" {
    volume=$BATS_TEST_TMPDIR/volume
    mount_silent "$volume"
    states=/run/user/1000/crun evil=$'evil\e]0;x\nname'
    mkdir -p "$states"/{silent,fifo,bad,nobundle,odd\[1\]} "$states/$evil" "$states/.cache"
    status() { jq -n --argjson pid "$$" --arg bundle "$1" '{pid: $pid, bundle: $bundle}'; }
    status "$volume/bundle" >"$states/silent/status"
    mkfifo "$states/fifo/status"
    echo '{' >"$states/bad/status"
    status /nonexistent >"$states/nobundle/status"
    status /nonexistent >"$states/$evil/status"
    begin=$SECONDS
    run ocinorm explain --running
    took=$((SECONDS - begin))
    kill "$silent"
    umount --lazy "$volume"
    rm -rf /run/user/1000
    ((status == 1 && took < 100))
    for name in silent fifo bad nobundle 'evil?]0;x?name'; do
        assert_has "$output" "crun        -          $name "
    done
    assert_has "$output" 'give no answer'
    assert_has "$output" 'not a regular file'
    assert_has "$output" 'names no process'
    assert_has "$output" "not seen: $states/odd[1]: "
    assert_has "$output" '12 running: 1 would be denied, 4 would get another user, 5 undecided; '
    assert_hasnt "$output" $'\e'
}

# As a rootless engine has it: its images are mounted in a mount namespace of its own.
@test "a container whose files only its engine sees is not judged by what lies there for others" {
    mkdir -p "$lab/hidden/rootfs/bin" /run/user/1000
    jq --arg cgroup "$lab_cgroup/hidden" '.root.path = "rootfs" | .linux.cgroupsPath = $cgroup' \
        "$lab/hand/config.json" >"$lab/hidden/config.json"
    unshare --mount --propagation private bash -euc 'mount -t tmpfs tmpfs "$0/hidden/rootfs"
        cp -a "$0"/app/. "$0/hidden/rootfs"
        runc --root /run/user/1000/runc run --detach --bundle "$0/hidden" hidden' "$lab" \
        >"$BATS_TEST_TMPDIR/log" 2>&1 </dev/null 3>&- || { cat "$BATS_TEST_TMPDIR/log" >&2; return 1; }
    run -1 ocinorm explain --running
    line=$(grep hidden <<<"$output")
    runc --root /run/user/1000/runc delete --force hidden
    rm -rf /run/user/1000
    assert_has "$line" 'runc        -          hidden     0:0               undecided: '
    assert_has "$line" 'mounted where only its engine sees it'
}

@test "install --set-default says what runs, before it changes anything" {
    echo '{}' >/etc/docker/daemon.json
    run -0 ocinorm install docker --set-default --program "$bin/ocinorm-runtime" --dry-run
    assert_has "${lines[0]}" 'these containers run now'
    assert_has "$output" 'docker      -          boat       0:0 -> 1001:1001  ok'
    assert_has "$output" '7 running: 1 would be denied'
    [[ $(cat /etc/docker/daemon.json) == '{}' ]]
    run -0 ocinorm install docker --set-default --program "$bin/ocinorm-runtime"
    assert_has "${lines[0]}" 'these containers run now'
    [[ $(jq -r '."default-runtime"' /etc/docker/daemon.json) == ocinorm ]]
    # Nothing is to be written: nothing is to be said.
    run -0 ocinorm install docker --set-default --program "$bin/ocinorm-runtime"
    assert_hasnt "$output" 'these containers run now'
    run -0 ocinorm uninstall docker
    run -0 ocinorm install docker --merge --program "$bin/ocinorm-runtime"
    assert_hasnt "$output" 'these containers run now'
    run -0 ocinorm uninstall docker
}
