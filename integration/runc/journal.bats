#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2016,SC2154
# A decision can be found again: the journal's record of it has the container, the rule, the bundle and the
# engine as fields. The journal is a socket of our own, where journald's lies.
load ../lib.bash
load ../hook.bash

setup_file() {
    make_rootfs "$BATS_FILE_TMPDIR/rootfs"
    make_elf arm64 "$BATS_FILE_TMPDIR/rootfs/bin/foreign"
}
setup() {
    make_bundle
    lie_in_containerd
    records=$BATS_TEST_TMPDIR/records
}
teardown() { cleanup; }

# Runs a command beside a journal that writes down what it gets, as /run/systemd of a mount namespace.
with_journal() { # COMMAND...
    unshare --mount --propagation private bash -euc '
        mkdir -p /run/systemd
        mount -t tmpfs tmpfs /run/systemd
        mkdir /run/systemd/journal
        /usr/bin/python3 -c "
import socket, sys
listener = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
listener.bind(\"/run/systemd/journal/socket\")
while True:
    with open(sys.argv[1], \"ab\") as out:
        out.write(listener.recv(65536))" "$0" 3>&- &
        journal=$!
        for _ in {1..6000}; do test -S /run/systemd/journal/socket && break; sleep 0.1; done
        status=0
        "$@" || status=$?
        /usr/bin/python3 -c "
import socket
socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM).sendto(b\"END=\\n\", \"/run/systemd/journal/socket\")"
        for _ in {1..6000}; do grep -q END= "$0" 2>/dev/null && break; sleep 0.1; done
        kill "$journal"
        exit "$status"' "$records" "$@"
}

has_field() { grep -qxF -- "$1" "$records" || { printf 'expected %s in:\n' "$1" >&2; cat "$records" >&2; return 1; }; } # FIELD=VALUE

@test "the wrapper's denial and its warnings have the fields" {
    edit '.process.args = ["/bin/foreign"]'
    run -1 with_journal "$bin/ocinorm-runtime" --root "$state" run --bundle "$bundle" "$id"
    has_field PRIORITY=3
    has_field SYSLOG_IDENTIFIER=ocinorm
    has_field OCINORM_RULE=platform.arch
    has_field "OCINORM_CONTAINER=$id"
    has_field "OCINORM_BUNDLE=$bundle"
    has_field OCINORM_ENGINE=containerd
    rm "$records"
    set_policy '{"rules": {"platform.arch": "warn"}}'
    run with_journal "$bin/ocinorm-runtime" --root "$state" run --bundle "$bundle" "$id"
    has_field PRIORITY=4
    has_field OCINORM_RULE=platform.arch
    has_field "OCINORM_CONTAINER=$id"
}

@test "what could not be decided has the container and its bundle" {
    echo '{' >"$bundle/config.json"
    run -1 with_journal "$bin/ocinorm-runtime" --root "$state" run --bundle "$bundle" "$id"
    has_field "OCINORM_CONTAINER=$id"
    has_field "OCINORM_BUNDLE=$bundle"
    run ! grep -q OCINORM_RULE "$records"
}

@test "the hook's denial has the fields" {
    add_hook prestart
    edit '.process.args = ["/bin/foreign"]'
    run with_journal "$low_path" --root "$state" run --bundle "$bundle" "$id"
    ((status != 0))
    has_field OCINORM_RULE=platform.arch
    has_field "OCINORM_CONTAINER=$id"
    has_field "OCINORM_BUNDLE=$bundle"
    has_field OCINORM_ENGINE=containerd
}

@test "a container that starts without a word leaves no record" {
    run -0 with_journal "$bin/ocinorm-runtime" --root "$state" run --bundle "$bundle" "$id"
    assert_normal_user "$output"
    [[ $(cat "$records") == END= ]]
}
