#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2016,SC2030,SC2031,SC2094,SC2154
# ocinorm-hook, and `ocinorm apply` and `explain` beside it.
load ../lib.bash

setup_file() { make_rootfs "$BATS_FILE_TMPDIR/rootfs"; }
setup() { make_bundle; }
teardown() { cleanup; }

precreate() { "$bin/ocinorm-hook" --config "$policy" precreate; }
# crun hides what a hook says, unless this annotation names a file for it.
add_hook() { # STAGE
    edit '.annotations["run.oci.hooks.stderr"] = $stderr' --arg stderr "$BATS_TEST_TMPDIR/hook.log"
    edit '.hooks[$stage] = [{path: $hook, args: ["ocinorm-hook", "--config", $policy, $stage]}]' \
        --arg stage "$1" --arg hook "$bin/ocinorm-hook" --arg policy "$policy"
}

@test "precreate edits what passes through it, and the runtime takes that" {
    precreate <"$bundle/config.json" >"$BATS_TEST_TMPDIR/edited.json" 2>"$BATS_TEST_TMPDIR/stderr"
    [[ ! -s $BATS_TEST_TMPDIR/stderr ]]
    [[ $(jq .process.user.uid "$BATS_TEST_TMPDIR/edited.json") == 1001 ]]
    cp "$BATS_TEST_TMPDIR/edited.json" "$bundle/config.json"
    run -0 bare run --bundle "$bundle" "$id"
    assert_normal_user "$output"
}

@test "precreate hands on an exempt container byte for byte" {
    set_policy '{"exempt": {"annotations": {"test.example/exempt": "yes"}}}'
    edit '.annotations = {"test.example/exempt": "yes"}'
    precreate <"$bundle/config.json" | cmp - "$bundle/config.json"
}

# Podman 4 starts it where it was called itself, which may be anywhere.
@test "precreate takes its working directory for no engine's place" {
    edit '.annotations = {"io.kubernetes.cri.container-type": "sandbox", "io.kubernetes.cri.sandbox-id": $id}' \
        --arg id "$id"
    lie_in_containerd
    cd "$bundle"
    precreate <config.json >"$BATS_TEST_TMPDIR/edited.json"
    [[ $(jq .process.user.uid "$BATS_TEST_TMPDIR/edited.json") == 1001 ]]
}

@test "precreate hands on its own output byte for byte" {
    precreate <"$bundle/config.json" >"$BATS_TEST_TMPDIR/edited.json"
    precreate <"$BATS_TEST_TMPDIR/edited.json" | cmp - "$BATS_TEST_TMPDIR/edited.json"
}

@test "precreate refuses with exit 1, and cannot decide with exit 2" {
    jq '.process.args = ["nowhere"]' "$bundle/config.json" >"$BATS_TEST_TMPDIR/nowhere.json"
    run -1 --separate-stderr precreate <"$BATS_TEST_TMPDIR/nowhere.json"
    [[ -z $output && ${stderr_lines[0]} == 'ocinorm: denied [entry.found]: '* ]]
    run -2 --separate-stderr precreate <<<'{"process": '
    [[ -z $output && ${stderr_lines[0]} == 'ocinorm: error: '* ]]
}

@test "prestart refuses a pending edit and names its rule" {
    add_hook prestart
    run bare run --bundle "$bundle" "$id"
    [[ $status -ne 0 ]]
    assert_has "$output$(cat "$BATS_TEST_TMPDIR/hook.log" 2>/dev/null)" '[user.root]'
    assert_hasnt "$output" uid=
}

# No hook changes an annotation that crun obeys, and only who changes the user can undo what it does.
@test "prestart leaves nobody the groups of whoever calls the runtime" {
    local uid
    edit '.process.capabilities |= with_entries(.value += ["CAP_SETUID", "CAP_SETGID"])'
    for uid in 0 1000; do
        edit '.annotations["run.oci.keep_original_groups"] = "1" | .process.user = {uid: $uid, gid: $uid}' \
            --argjson uid "$uid"
        container_runs 'grep ^Groups: /proc/self/status'
        add_hook prestart
        run setpriv --groups 0,4,10 "$low_path" --root "$state" run --bundle "$bundle" "$id"
        [[ ! $output =~ Groups:.*[0-9] ]] || { echo "$output"; return 1; }
        if ((uid == 0)); then
            assert_has "$output" Groups:
        else
            assert_has "$output$(cat "$BATS_TEST_TMPDIR/hook.log" 2>/dev/null)" 'denied [user.groups]'
        fi
    done
}

@test "createRuntime refuses a pending edit and names its rule" {
    add_hook createRuntime
    run bare run --bundle "$bundle" "$id"
    [[ $status -ne 0 ]]
    assert_has "$output$(cat "$BATS_TEST_TMPDIR/hook.log" 2>/dev/null)" '[user.root]'
    assert_hasnt "$output" uid=
}

@test "prestart and createRuntime let a normalised container start" {
    add_hook prestart
    add_hook createRuntime
    add_hook poststop
    "$bin/ocinorm" apply --bundle "$bundle" --config "$policy"
    run -0 bare run --bundle "$bundle" "$id"
    assert_normal_user "$output"
}

@test "prestart at level warn lets the container start" {
    set_policy '{"rules": {"user.root": "warn", "user.home": "warn", "user.capabilities": "warn",
                           "user.groups": "warn"}}'
    add_hook prestart
    run -0 bare run --bundle "$bundle" "$id"
    assert_has "$output" uid=0
}

@test "apply edits once, and the runtime takes that" {
    run -0 "$bin/ocinorm" apply --bundle "$bundle" --config "$policy"
    cp "$bundle/config.json" "$BATS_TEST_TMPDIR/first.json"
    run -0 "$bin/ocinorm" apply --bundle "$bundle" --config "$policy"
    cmp "$bundle/config.json" "$BATS_TEST_TMPDIR/first.json"
    run -0 bare run --bundle "$bundle" "$id"
    assert_normal_user "$output"
}

@test "a denial in apply changes nothing" {
    edit '.process.args = ["nowhere"]'
    cp "$bundle/config.json" "$BATS_TEST_TMPDIR/before.json"
    run -1 --separate-stderr "$bin/ocinorm" apply --bundle "$bundle" --config "$policy"
    [[ ${stderr_lines[0]} == 'ocinorm: denied [entry.found]: '* ]]
    cmp "$bundle/config.json" "$BATS_TEST_TMPDIR/before.json"
}

@test "explain says what the container would get, and changes nothing" {
    explain=("$bin/ocinorm" explain --bundle "$bundle" --config "$policy")
    run -0 --separate-stderr "${explain[@]}" --format json
    [[ $(jq -r .verdict <<<"$output") == allow ]]
    [[ $(jq '.edits[] | select(.rule == "user.root" and .path == "/process/user/uid") | [.from, .to]' \
        -c <<<"$output") == '[0,1001]' ]]
    run -0 --separate-stderr "${explain[@]}"
    [[ $output =~ /process/user/uid\ +0\ +-\>\ 1001 ]]
    cmp "$bundle/config.json" "$BATS_TEST_TMPDIR/original.json"
    edit '.process.args = ["nowhere"]'
    run -1 "${explain[@]}"
    assert_has "$output" 'deny [entry.found]'
    rm "$bundle/config.json"
    run -2 --separate-stderr "${explain[@]}"
    [[ ${stderr_lines[0]} == 'ocinorm: error: '* ]]
}

@test "what a pod writes into its annotations stops no hook, and lets nobody keep root" {
    for stage in "${stages[@]}"; do
        cp "$BATS_TEST_TMPDIR/original.json" "$bundle/config.json"
        grant CAP_SETUID CAP_SETGID
        add_hook "$stage"
        edit '.annotations["a.example/b"] = "a\u0000b"'
        set_policy '{"onError": "warn"}'
        run -0 run_bare
        assert_normal_user "$output"
    done
}
