#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2016,SC2154
# What the container is told to say of itself (OTEL_RESOURCE_ATTRIBUTES), as it sees it.
load ../lib.bash

setup_file() { make_rootfs "$BATS_FILE_TMPDIR/rootfs"; }

setup() {
    make_bundle
    container_runs env
    edit '.annotations += {"io.kubernetes.cri.container-type": "container",
        "io.kubernetes.cri.sandbox-namespace": "shop", "io.kubernetes.cri.sandbox-name": "cart-0",
        "io.kubernetes.cri.sandbox-uid": "8f1e", "io.kubernetes.cri.container-name": "cart",
        "io.kubernetes.cri.image-name": "registry:5000/evil,k8s.pod.name=forged:1@sha256:0"}'
    lie_in_containerd
}

teardown() { cleanup; }

has_variable() { # NAME=VALUE
    edit '.process.env += [$variable]' --arg variable "$1"
}

# The pairs of the one variable in $output, a line each.
pairs() {
    local list
    list=$(grep '^OTEL_RESOURCE_ATTRIBUTES=' <<<"$output")
    [[ $(wc -l <<<"$list") == 1 ]] || { echo 'not one list'; return; }
    tr , '\n' <<<"${list#*=}"
}

add_hook() {
    edit '.annotations["run.oci.hooks.stderr"] = $log | .hooks = {prestart: [{path: $hook,
            env: ["PATH=/bin"], args: [$hook, "--config", $policy, "prestart"]}]} |
          .process.capabilities |= with_entries(if .key | IN("bounding", "effective", "permitted")
            then .value += ["CAP_SETUID", "CAP_SETGID"] else . end)' \
        --arg hook "$bin/ocinorm-hook" --arg policy "$policy" --arg log "$BATS_TEST_TMPDIR/hook.log"
}

assert_described() {
    local list
    list=$'\n'$(pairs)$'\n'
    assert_has "$list" $'\ncontainer.id='"$id"$'\n'
    assert_has "$list" $'\nk8s.namespace.name=shop\n'
    assert_has "$list" $'\nk8s.pod.uid=8f1e\n'
    assert_has "$list" $'\ncontainer.image.name=registry:5000/evil%2Ck8s.pod.name%3Dforged\n'
}

@test "the container's own list stays first and wins, the rest is behind it" {
    has_variable OTEL_RESOURCE_ATTRIBUTES=k8s.pod.name=mine
    run -0 run_wrapped
    assert_described
    [[ $(pairs | head -n 1) == k8s.pod.name=mine ]]
    [[ $(pairs | grep -c '^k8s.pod.name=') == 1 ]]
}

@test "without a list of its own the container gets one, and an image cannot forge a pair" {
    run -0 run_wrapped
    assert_described
    [[ $(pairs | grep '^k8s.pod.name=') == k8s.pod.name=cart-0 ]]
}

@test "with OTEL_CONFIG_FILE there is none" {
    has_variable OTEL_CONFIG_FILE=/etc/otel.yaml
    run -0 run_wrapped
    assert_hasnt "$output" OTEL_RESOURCE_ATTRIBUTES
}

@test "a malformed list is left alone" {
    has_variable 'OTEL_RESOURCE_ATTRIBUTES=a=1,b'
    run -0 run_wrapped
    [[ $(pairs | tr '\n' ' ') == 'a=1 b ' ]]
}

@test "the hook adds the same, with the id that the state tells" {
    add_hook
    has_variable OTEL_RESOURCE_ATTRIBUTES=k8s.pod.name=mine
    run -0 bare run --bundle "$bundle" "$id"
    assert_described
    [[ $(pairs | head -n 1) == k8s.pod.name=mine ]]
}

@test "a hook that cannot add it refuses nobody" {
    set_policy '{"hook": {"apply": "verify"}}'
    add_hook
    edit '.process.user = {uid: 1234, gid: 1234} | .process.noNewPrivileges = true | del(.process.capabilities)'
    run -0 bare run --bundle "$bundle" "$id"
    assert_hasnt "$output" OTEL_RESOURCE_ATTRIBUTES
    set_policy '{}'
    # On a kernel without ptrace.
    "${CC:-cc}" -O1 -o "$BATS_TEST_TMPDIR/without" "$root/integration/without.c"
    number=$(printf '#include <asm/unistd.h>\n__NR_ptrace\n' | "${CC:-cc}" -E -P - | tail -n 1)
    edit '.hooks |= map_values(map(.args = ["without", $number, .path] + .args[1:] | .path = $without))' \
        --arg without "$BATS_TEST_TMPDIR/without" --arg number "$number"
    run -0 bare run --bundle "$bundle" "$id"
    assert_hasnt "$output" OTEL_RESOURCE_ATTRIBUTES
}

@test "apply, which knows no id, then the wrapper, which does: still one list" {
    has_variable OTEL_RESOURCE_ATTRIBUTES=k8s.pod.name=mine
    "$bin/ocinorm" apply --bundle "$bundle" --config "$policy"
    [[ $(jq -r '.process.env[] | select(startswith("OTEL_RES"))' "$bundle/config.json") != *container.id* ]]
    run -0 run_wrapped
    assert_described
    cp "$bundle/config.json" "$BATS_TEST_TMPDIR/once.json"
    run -0 run_wrapped
    cmp "$bundle/config.json" "$BATS_TEST_TMPDIR/once.json"
}

@test "a process that joins with the container's old list sees the new one, with another its own" {
    has_variable OTEL_RESOURCE_ATTRIBUTES=k8s.pod.name=mine
    start_sleeper
    make_process 0 0 env
    cp "$BATS_TEST_TMPDIR/process.json" "$BATS_TEST_TMPDIR/plain.json"
    for list in k8s.pod.name=mine ''; do
        jq --arg list "$list" '.env += ["OTEL_RESOURCE_ATTRIBUTES=" + $list]' \
            "$BATS_TEST_TMPDIR/plain.json" >"$BATS_TEST_TMPDIR/process.json"
        run -0 wrapped exec --process "$BATS_TEST_TMPDIR/process.json" "$id"
        assert_described
        [[ $(pairs | head -n 1) == k8s.pod.name=mine ]]
    done
    jq '.env += ["OTEL_RESOURCE_ATTRIBUTES=team=a"]' \
        "$BATS_TEST_TMPDIR/plain.json" >"$BATS_TEST_TMPDIR/process.json"
    run -0 wrapped exec --process "$BATS_TEST_TMPDIR/process.json" "$id"
    [[ $(pairs) == team=a ]]
}
