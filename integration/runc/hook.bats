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
    edit '.annotations = {"io.kubernetes.cri.container-type": "sandbox"}'
    precreate <"$bundle/config.json" | cmp - "$bundle/config.json"
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
