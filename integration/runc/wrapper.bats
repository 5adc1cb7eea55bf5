#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2016,SC2030,SC2031,SC2154
# The wrapper behaves as the bare runtime does; transparency.bats compares the two line by line.
load ../lib.bash

setup_file() { make_rootfs "$BATS_FILE_TMPDIR/rootfs"; }
setup() { make_bundle; }
teardown() { cleanup; }

@test "--version prints the runtime's lines, and then its own" {
    run -0 wrapped --version
    [[ ${lines[-1]} == 'ocinorm-runtime '[0-9]* ]]
    [[ $(head -n -1 <<<"$output") == "$(bare --version)" ]]
}

@test "success is silent" {
    container_runs true
    run -0 run_wrapped --log "$BATS_TEST_TMPDIR/log"
    [[ -z $output ]]
    [[ ! -s $BATS_TEST_TMPDIR/log ]]
}

@test "create and start, with a pid file" {
    container_runs 'id >/proc/1/fd/1; sleep 1000'
    wrapped create --bundle "$bundle" --pid-file "$BATS_TEST_TMPDIR/pid" "$id" \
        >"$BATS_TEST_TMPDIR/out" 2>&1 </dev/null 3>&-
    wrapped start "$id"
    [[ $(bare state "$id" | jq .pid) == "$(<"$BATS_TEST_TMPDIR/pid")" ]]
    within 600 test -s "$BATS_TEST_TMPDIR/out"
    assert_normal_user "$(<"$BATS_TEST_TMPDIR/out")"
    [[ $(awk '/^Uid:/ { print $2 }' "/proc/$(<"$BATS_TEST_TMPDIR/pid")/status") == 1001 ]]
}

@test "a container may be named create" {
    id=create
    run -0 run_wrapped
    assert_normal_user "$output"
}

@test "the bundle is the working directory by default" {
    cd "$bundle"
    run -0 wrapped run "$id"
    assert_normal_user "$output"
}

@test "-b DIR and --bundle=DIR" {
    run -0 wrapped run -b "$bundle" "$id"
    assert_normal_user "$output"
    cp "$BATS_TEST_TMPDIR/original.json" "$bundle/config.json"
    run -0 wrapped run "--bundle=$bundle" "$id"
    assert_normal_user "$output"
}

@test "global flags before the command" {
    run -0 wrapped --debug --log="$BATS_TEST_TMPDIR/log" --log-format=json run --bundle "$bundle" "$id"
    assert_normal_user "$output"
}

@test "the exit status is the container's" {
    container_runs 'exit 42'
    run -42 run_wrapped
}

@test "a terminal works" {
    edit '.process.terminal = true'
    container_runs 'test -t 0 && test -t 1 && tty; id'
    run -0 script -qec "'$bin/ocinorm-runtime' --root '$state' run --bundle '$bundle' $id" \
        /dev/null </dev/null
    assert_has "$output" /dev/
    assert_has "$output" uid=1001
}

# As an engine starts it: created, the terminal's other end sent through a socket, started.
@test "a terminal behind a console socket works, for create and for exec" {
    edit '.process.terminal = true'
    container_runs 'tty; id; read -r word; echo "got $word"; sleep 1000'
    screen one typed create --bundle "$bundle" "$id"
    wrapped start "$id"
    within 600 grep -q got "$BATS_TEST_TMPDIR/one.screen" || true
    output=$(<"$BATS_TEST_TMPDIR/one.screen")
    assert_has "$output" /dev/pts/0
    assert_has "$output" 'got typed'
    assert_normal_user "$output"
    make_process 0 0 'tty; id'
    jq .terminal=true "$BATS_TEST_TMPDIR/process.json" >"$BATS_TEST_TMPDIR/terminal.json"
    screen two '' exec --detach --process "$BATS_TEST_TMPDIR/terminal.json" "$id"
    wait "$receiver"
    assert_has "$(<"$BATS_TEST_TMPDIR/two.screen")" /dev/pts/1
    assert_normal_user "$(<"$BATS_TEST_TMPDIR/two.screen")"
}
screen() { # NAME TEXT COMMAND ARGUMENT...
    local socket=$BATS_TEST_TMPDIR/$1
    /usr/bin/python3 "$root/tests/lib/recvtty.py" "$socket" "${2:+$2$'\n'}" >"$socket.screen" 3>&- &
    receiver=$!
    within 600 test -S "$socket"
    wrapped "$3" --console-socket "$socket" "${@:4}" >/dev/null 2>&1 </dev/null 3>&-
}

@test "preserved descriptors reach the container" {
    container_runs 'cat <&3'
    echo 'through descriptor 3' >"$BATS_TEST_TMPDIR/file"
    run -0 wrapped run --preserve-fds 1 --bundle "$bundle" "$id" 3<"$BATS_TEST_TMPDIR/file"
    assert_has "$output" 'through descriptor 3'
}

@test "runtimes that name the wrapper itself do not loop" {
    ln -s "$bin/ocinorm-runtime" "$BATS_TEST_TMPDIR/alias"
    jq -n --arg self "$bin/ocinorm-runtime" --arg alias "$BATS_TEST_TMPDIR/alias" \
        --arg low "$low_path" '{runtimes: [$self, $alias, $low]}' >"$policy"
    run -0 timeout 600 "$bin/ocinorm-runtime" --root "$state" run --bundle "$bundle" "$id"
    assert_normal_user "$output"
}

@test "only the wrapper itself among the runtimes is an error" {
    jq -n --arg self "$bin/ocinorm-runtime" '{runtimes: [$self, "/nowhere/runc"]}' >"$policy"
    run -1 --separate-stderr timeout 600 "$bin/ocinorm-runtime" --root "$state" list
    assert_has "${stderr_lines[0]}" 'ocinorm: error: '
    assert_has "${stderr_lines[0]}" runtimes
}

@test "a runtime is found by its name on PATH" {
    jq -n --arg low "$low" '{runtimes: ["no-such-runtime", $low]}' >"$policy"
    run -0 run_wrapped
    assert_normal_user "$output"
}

@test "config.json keeps its owner and mode, and nothing else lies in the bundle" {
    chown 12:34 "$bundle/config.json"
    chmod 0640 "$bundle/config.json"
    run -0 run_wrapped
    [[ $(stat -c '%u:%g %a' "$bundle/config.json") == '12:34 640' ]]
    [[ $(ls -A "$bundle") == config.json ]]
}

@test "without root, the wrapper edits and becomes the runtime" {
    here=$(mktemp -d /tmp/ocinorm-rootless.XXXXXX)
    cp "$bin/ocinorm-runtime" "$bundle/config.json" "$here"
    cp -a "$rootfs" "$here/rootfs"
    jq --arg rootfs "$here/rootfs" '.root.path = $rootfs' "$bundle/config.json" >"$here/config.json"
    printf '#!/bin/sh\nprintf "%%s\\n" "$@"\nexit 7\n' >"$here/runtime"
    printf '{"runtimes": ["%s"]}' "$here/runtime" >"$here/policy.json"
    chmod 0755 "$here" "$here/runtime"
    chown -R 65534:65534 "$here"
    run env OCINORM_CONFIG="$here/policy.json" setpriv --reuid 65534 --regid 65534 --clear-groups \
        --bounding-set=-all --no-new-privs "$here/ocinorm-runtime" --root /x create --bundle "$here" c1
    edited=$(jq -c .process.user "$here/config.json")
    rm -r "$here"
    [[ $status -eq 7 ]]
    [[ $output == $'--root\n/x\ncreate\n--bundle\n'"$here"$'\nc1' ]]
    assert_has "$edited" '"uid":1001'
}

@test "a create has one child, writes nothing below the rootfs, and talks to no network" {
    jq '.runtimes = ["/bin/true"]' "$policy" >"$policy.new" && mv "$policy.new" "$policy"
    trace=$BATS_TEST_TMPDIR/trace
    touch "$BATS_TEST_TMPDIR/before"
    strace -f -y -o "$trace" "$bin/ocinorm-runtime" create --bundle "$bundle" "$id"
    grep -q 'rename' "$trace"
    grep -q "$rootfs" "$trace"
    # The confined parser, which is gone and reaped before the runtime is there.
    [[ $(grep -cE '^[0-9]+ +(clone3?|v?fork)\(' "$trace") -eq 1 ]]
    order=$(grep -oE '^[0-9]+ +(<... wait4 resumed>.*WIFEXITED|wait4.*WIFEXITED|wait4.*WIFSIGNALED|<... wait4 resumed>.*WIFSIGNALED|execve\("/bin/true")' "$trace" |
        grep -oE 'wait4|execve' | tr '\n' ' ')
    [[ $order == 'wait4 execve ' ]]
    run ! grep -E '^[0-9]+ +socket\(' "$trace"
    run ! grep -E "$rootfs.*(O_WRONLY|O_RDWR|O_CREAT|O_TRUNC)" "$trace"
    run ! grep -E "^[0-9]+ +(mkdir|unlink|rename|link|symlink|mknod|chmod|chown|utime|truncate|setxattr|mount)[a-z0-9]*\(.*$rootfs" "$trace"
    [[ -z $(find "$rootfs" -newer "$BATS_TEST_TMPDIR/before") ]]
}

@test "an exec talks to no network either" {
    start_sleeper
    make_process 0 0 id
    jq '.runtimes = ["/bin/true"]' "$policy" >"$policy.new" && mv "$policy.new" "$policy"
    trace=$BATS_TEST_TMPDIR/trace
    strace -f -o "$trace" "$bin/ocinorm-runtime" --root "$state" exec \
        --process "$BATS_TEST_TMPDIR/process.json" "$id"
    [[ $(jq .user.uid "$BATS_TEST_TMPDIR/process.json") == 1001 ]]
    grep -q 'execve("/bin/true"' "$trace"
    run ! grep -E '^[0-9]+ +(socket|connect|bind)\(' "$trace"
}

# Below $tracer is the wrapper, and below that the child. (strace's own words may come in any order.)
has_filter() {
    child=$(pgrep -P "$(pgrep -d, -P "$tracer")" 2>/dev/null) &&
        grep -qx $'Seccomp:\t2' "/proc/$child/status" 2>/dev/null
}

# What it has open but the socket, 3, it has opened itself, for reading. (While it makes its rules, it has
# these open, too; strace holds it before its answer.)
only_reads() {
    local fd flags
    for fd in "/proc/$child/fd"/*; do
        [[ -L $fd ]] || return 1
        [[ ${fd##*/} == 3 ]] && continue
        flags=$(sed -n 's/^flags:\t//p' "/proc/$child/fdinfo/${fd##*/}" 2>/dev/null) && [[ $flags ]] || return 1
        ((8#$flags & 3)) && return 1
    done
    return 0
}

# strace holds the child up when it answers (what it says first is the policy), so that there is time
# to look at it from outside: 5 s, on a busy machine perhaps too little.
look_at_child() {
    local seen=1
    cp "$BATS_TEST_TMPDIR/original.json" "$bundle/config.json"
    strace -f -o /dev/null -e trace=sendto -e inject=sendto:delay_enter=5000000:when=2 \
        "$bin/ocinorm-runtime" create --bundle "$bundle" "$id" 3>&- &
    tracer=$!
    until has_ended "$tracer"; do
        has_filter && only_reads && status=$(<"/proc/$child/status") && only_reads && seen=0 && break
        sleep 0.02
    done
    wait "$tracer"
    return "$seen"
}

@test "the child that parses has a filter, one capability at most, and no user of its own" {
    jq '.runtimes = ["/bin/true"]' "$policy" >"$policy.new" && mv "$policy.new" "$policy"
    within 300 look_at_child
    assert_has "$status" $'Seccomp:\t2'
    assert_has "$status" $'NoNewPrivs:\t1'
    assert_has "$status" $'CapEff:\t0000000000000004'
    assert_has "$status" $'CapPrm:\t0000000000000004'
    assert_has "$status" $'Uid:\t65534\t65534\t65534\t65534'
    [[ ! -e /proc/$child ]]
}
