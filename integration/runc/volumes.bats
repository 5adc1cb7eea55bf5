#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2016,SC2030,SC2031,SC2154
# user.volumes where the kernel cannot map; what it maps is in integration/volumes.
load ../hook.bash
load ../lib.bash

setup_file() { make_rootfs "$BATS_FILE_TMPDIR/rootfs"; }
setup() {
    make_bundle
    volume=$BATS_TEST_TMPDIR/volume
    mkdir -m 0700 "$volume"
    edit '.root.readonly = false | .mounts += [{destination: "/data", type: "bind", source: $from, options: ["rbind"]}]' \
        --arg from "$volume"
    set_policy "$(jq -n --arg at "$volume" '{rules: {"user.volumes": "edit"}, volumes: {allow: [$at]}}')"
}
teardown() { cleanup; }

number() { printf '#include <sys/syscall.h>\nSYS_%s\n' "$1" | "${CC:-cc}" -E -P - | tail -n 1; }

@test "volumes: a kernel without mount_setattr is named, and the container starts" {
    program without
    container_runs 'id; ls /data || echo closed'
    run -0 "$BATS_TEST_TMPDIR/without" "$(number mount_setattr)" "$bin/ocinorm-runtime" --root "$state" \
        --log "$BATS_TEST_TMPDIR/log" run --bundle "$bundle" "$id"
    assert_normal_user "$output"
    assert_has "$output" closed
    assert_has "$(<"$BATS_TEST_TMPDIR/log")" 'this kernel idmaps no mount (it has no mount_setattr); use Linux 5.12 or newer'
    [[ $(jq -c '[.mounts[] | has("uidMappings")] | any' "$bundle/config.json") == false ]]
}

@test "volumes: who is not lowered, and what is exempt, is not looked at" {
    container_runs 'id -u; ls -ln /'
    edit '.process.user = {uid: 4242, gid: 4242}'
    run -0 run_wrapped
    assert_has "$output" 4242
    [[ $(jq -c '[.mounts[] | has("uidMappings")] | any' "$bundle/config.json") == false ]]
}
