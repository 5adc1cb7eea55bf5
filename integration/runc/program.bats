#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2016,SC2154
# Entrypoints that cannot start: what runc itself says of them, and what is said in its place.
load ../lib.bash

setup_file() {
    make_rootfs "$BATS_FILE_TMPDIR/rootfs"
    cd "$BATS_FILE_TMPDIR/rootfs" || return
    mkdir scripts directory
    cp "$(command -v ls)" dynamic # of this machine's libc, whose loader is not in the rootfs
    printf '#!/bin/sh\r\necho hi\r\n' >crlf.sh
    printf '#!/bin/env sh\r\necho hi\r\n' >crlf-env.sh
    printf '#!/opt/python3\n' >python.sh
    printf '#!/bin/env python3\n' >env-python.sh
    printf 'echo hi\n' >no-line
    printf '#!/bin/sh\n' >not-executable
    : >empty
    printf '#!/bin/sh\necho ran\n' >scripts/1
    for i in 2 3 4 5 6; do printf '#!/scripts/%d\n' $((i - 1)) >"scripts/$i"; done
    chmod 0755 dynamic empty no-line ./*.sh scripts/*
}
setup() { make_bundle; }
teardown() { cleanup; }

# Refused with RULE, the texts and a fix; bare runc refuses it too, with less.
assert_refused() { # RULE TEXT...
    local text
    run -1 --separate-stderr run_wrapped
    [[ -z $output ]]
    [[ ${stderr_lines[0]} == "ocinorm: denied [$1]: "*'; '* ]]
    for text in "${@:2}"; do
        assert_has "${stderr_lines[0]}" "$text"
    done
    no_container
    run ! bare run --bundle "$bundle" "$id"
}

entry() { # ARG...
    edit '.process.args = $args' --argjson args "$(printf '%s\n' "$@" | jq -R . | jq -cs .)"
}

@test "a glibc program without its loader" {
    entry /dynamic
    assert_refused entry.interpreter /dynamic ld-linux glibc
}

@test "a script with CRLF line ends" {
    entry /crlf.sh
    assert_refused entry.interpreter /crlf.sh '"/bin/sh\r"' dos2unix
}

@test "a script with CRLF line ends, through env" {
    entry /crlf-env.sh
    assert_refused entry.interpreter /crlf-env.sh '"sh\r"' dos2unix
}

@test "a script whose interpreter is missing" {
    entry /python.sh
    assert_refused entry.interpreter /python.sh /opt/python3 'does not exist'
}

@test "a script whose interpreter env does not find" {
    entry /env-python.sh
    assert_refused entry.interpreter /env-python.sh '"python3"' PATH
}

@test "an empty file" {
    entry /empty
    assert_refused entry.interpreter '/empty is an empty file' 'exec format error'
}

@test "text without a #! line" {
    entry /no-line
    assert_refused entry.interpreter /no-line 'exec format error' '#!/bin/sh'
}

@test "a directory" {
    entry /directory
    assert_refused entry.found '/directory is a directory'
}

@test "a file without execute permission" {
    entry /not-executable
    assert_refused entry.found '/not-executable is there, but not executable' chmod
}

@test "what a launcher starts is looked at" {
    entry /bin/env A=b /nowhere
    assert_refused entry.found /bin/env '/nowhere does not exist'
    entry /bin/sh -c 'exec /dynamic'
    assert_refused entry.interpreter /bin/sh 'its program /dynamic' ld-linux
}

@test "five scripts that lead to one another run, six do not" {
    entry /scripts/5
    run -0 run_wrapped
    [[ $output == ran ]]
    entry /scripts/6
    assert_refused entry.interpreter /scripts/6 '5 scripts'
}

@test "at level warn they are the runtime's to refuse" {
    set_policy '{"rules": {"entry.interpreter": "warn", "entry.found": "warn"}}'
    entry /crlf.sh
    run ! run_wrapped
    assert_hasnt "$output" 'ocinorm: denied'
}

# What is refused for it fails without us, too; what starts without us is never refused.
@test "a volume on a file system of the node's that is mounted noexec" {
    local node=$BATS_TEST_TMPDIR/node options bare refused=0
    mkdir -p "$node" "$rootfs/opt/vol"
    mount -t tmpfs -o noexec tmpfs "$node"
    cp "$rootfs/bin/busybox" "$node/true"
    cp "$bundle/config.json" "$BATS_TEST_TMPDIR/original.json"
    for options in '["bind"]' '["rbind", "rprivate"]' '["rbind", "rprivate", "rw"]' '["rbind", "ro"]' \
        '["rbind", "exec"]' '["rbind", "nosuid"]'; do
        cp "$BATS_TEST_TMPDIR/original.json" "$bundle/config.json"
        edit '.process.args = ["/opt/vol/true"] |
              .mounts += [{destination: "/opt/vol", type: "bind", source: $node, options: $options}]' \
            --arg node "$node" --argjson options "$options"
        run bare run --bundle "$bundle" "$id"
        bare=$status
        run run_wrapped
        if [[ $output == *'denied [entry.found]: entrypoint /opt/vol/true lies on a mount with "noexec"'* ]]; then
            refused=$((refused + 1))
            [[ $bare -ne 0 ]]
        else
            [[ $status == "$bare" ]]
        fi
    done
    umount "$node"
    [[ $low == runc && $refused == 2 ]] || [[ $low == crun && $refused == 0 ]]
}
