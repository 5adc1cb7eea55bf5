#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2016,SC2154
# Entrypoints that give up root by themselves: bare they run as somebody else, lowered they would fail.
load ../lib.bash
load ../hook.bash

setup_file() {
    make_rootfs "$BATS_FILE_TMPDIR/rootfs"
    cd "$BATS_FILE_TMPDIR/rootfs" || return
    mkdir sbin
    printf 'shop:x:999:998::/srv:/bin/sh\n' >>etc/passwd
    printf 'shop:x:998:\ndata:x:997:shop\n' >>etc/group
    # As gosu and su-exec do it, in a few lines: becomes 999:998, whoever is named, and starts the rest.
    cat >"$BATS_FILE_TMPDIR/become.c" <<'END'
#define _GNU_SOURCE
#include <err.h>
#include <grp.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    const gid_t group = 998;

    if (argc < 3 || setgroups(1, &group) != 0 || setresgid(998, 998, 998) != 0 ||
        setresuid(999, 999, 999) != 0) {
        err(1, "cannot become %s", argc > 1 ? argv[1] : "nobody");
    }
    execvp(argv[2], argv + 2);
    err(127, "%s", argv[2]);
}
END
    gcc -static -O -w -o sbin/gosu "$BATS_FILE_TMPDIR/become.c"
    ln sbin/gosu sbin/su-exec
    cat >guarded.sh <<'END'
#!/bin/sh
set -e
# started as root: becomes the shop and comes here again
if [ "$1" = 'sh' -a "$(id -u)" = '0' ]; then
    exec gosu shop "$0" "$@"
fi
exec "$@"
END
    printf '#!/bin/sh\nset -e\n# always\nexec su-exec shop:shop "$@"\n' >always.sh
    printf 'exec su-exec shop:shop "$@"\n' >plain.sh
    chmod 755 ./*.sh
}
setup() {
    make_bundle
    edit '.process.noNewPrivileges = false |
          .process.env |= map(if startswith("PATH=") then "PATH=/sbin:/bin" else . end) |
          ["CAP_CHOWN", "CAP_SETUID", "CAP_SETGID", "CAP_KILL"] as $all |
          .process.capabilities = {bounding: $all, effective: $all, permitted: $all}'
}
teardown() { cleanup; }

edits_launcher() { set_policy '{"rules": {"user.launcher": "edit"}}'; }

assert_denied() { # TEXT...
    local text
    run -1 --separate-stderr run_wrapped
    [[ -z $output ]]
    for text in 'denied [user.launcher]' "$@"; do
        assert_has "${stderr_lines[0]}" "$text"
    done
    no_container
}

# What bare does with it, too.
assert_shop() { # OUTPUT
    assert_has "$1" 'uid=999(shop) gid=998(shop)'
    assert_hasnt "$1" '(root)'
}

@test "bare, the launchers of these tests become somebody else" {
    starts gosu shop sh -c 'id; echo "[$0 $1]"' a b
    run -0 run_bare
    assert_shop "$output"
    assert_has "$output" '[a b]'
}

@test "a launcher is told before the start, with the ways out" {
    starts gosu shop id
    assert_denied 'changes the user to shop' 'without gosu' user.when 'starts as user 999:998 then'
    starts su-exec 4711:4712 id
    assert_denied 'to 4711:4712' 'as user 4711:4712 then'
}

@test "with warn it starts, and fails as told" {
    set_policy '{"rules": {"user.launcher": "warn"}}'
    starts gosu shop id
    run ! run_wrapped
    assert_has "$output" 'cannot become shop: Operation not permitted'
}

@test "exempt from user.root it does what it does bare" {
    set_policy '{"user": {"when": "never"}}'
    starts gosu shop id
    run -0 run_wrapped
    assert_shop "$output"
}

@test "with edit the program runs as the user that is named, with its arguments" {
    edits_launcher
    starts gosu shop sh -c 'id; echo "[$0 $1] $HOME"; grep -E "Cap(Eff|Prm|Amb)|NoNew" /proc/self/status' 'a b' $'c\n"'
    run -0 run_wrapped
    assert_shop "$output"
    assert_has "$output" $'[a b c\n"] /srv'
    assert_has "$output" $'CapEff:\t0000000000000000'
    assert_has "$output" $'NoNewPrivs:\t1'
    [[ $(jq -c .process.args[0] "$bundle/config.json") == '"sh"' ]]
}

@test "with edit a user and group by number" {
    edits_launcher
    starts /sbin/su-exec 4711:4712 id
    run -0 run_wrapped
    assert_has "$output" 'uid=4711 gid=4712'
    assert_hasnt "$output" '(root)'
}

@test "with edit the launcher's launcher stays" {
    edits_launcher
    starts env A=b su-exec shop:data sh -c 'id; echo $A'
    run -0 run_wrapped
    assert_has "$output" 'uid=999(shop) gid=997(data)'
    assert_has "$output" $'\nb'
}

@test "with edit nobody becomes root, nor keeps root's group" {
    edits_launcher
    starts gosu root id
    assert_denied 'that is root'
    starts gosu 0:5 id
    assert_denied 'that is root'
    starts gosu 5:root id
    assert_denied 'group 0'
    starts gosu who id
    assert_denied '/etc/passwd does not say'
}

@test "exec follows to the user that was named" {
    edits_launcher
    starts gosu shop sleep 1000
    wrapped run --detach --bundle "$bundle" "$id" >"$BATS_TEST_TMPDIR/log" 2>&1 </dev/null 3>&-
    make_process 0 0 id
    run -0 wrapped exec --process "$BATS_TEST_TMPDIR/process.json" "$id"
    assert_shop "$output"
}

@test "a docker-entrypoint.sh that does it for root only runs lowered" {
    starts /guarded.sh sh -c id
    run -0 run_bare
    assert_shop "$output"
    run -0 run_wrapped
    assert_normal_user "$output"
}

@test "a script that does it always is told, with its line" {
    starts /always.sh id
    assert_denied 'line 4 of /always.sh' 'su-exec shop:shop' 'id -u'
    edits_launcher
    assert_denied 'what a script calls cannot be changed'
    starts sh /plain.sh id
    assert_denied 'line 1 of /plain.sh'
}

@test "busybox by the name of an applet is looked through" {
    starts busybox sh -c 'exec /no/such'
    run -1 run_wrapped
    assert_has "$output" 'denied [entry.found]'
}

@test "the prestart hook refuses, and names the wrapper" {
    add_hook prestart
    starts gosu shop id
    run run_bare
    assert_refused user.launcher ocinorm-runtime
    edits_launcher
    run run_bare
    assert_refused user.launcher /process/args ocinorm-runtime
}

@test "under the prestart hook a guarded script runs lowered" {
    add_hook prestart
    starts /guarded.sh sh -c id
    run -0 run_bare
    assert_normal_user "$output"
}

@test "precreate leaves the launcher out, as the wrapper does" {
    edits_launcher
    starts gosu shop id
    (cd "$bundle" && "$bin/ocinorm-hook" --config "$policy" precreate <config.json >edited.json &&
        mv edited.json config.json)
    run -0 run_bare
    assert_shop "$output"
}
