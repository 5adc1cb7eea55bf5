#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2016,SC2030,SC2031,SC2034,SC2154
# What the hook leaves until the start, and what is left of it afterwards: nothing.
load ../lib.bash
load ../hook.bash

setup_file() {
    local rootfs=$BATS_FILE_TMPDIR/rootfs applet
    make_rootfs "$rootfs"
    for applet in awk cut dirname ln mount readlink sed sort stat; do ln -s busybox "$rootfs/bin/$applet"; done
    cp "$(command -v busybox)" "$rootfs/srv/busybox" # another file than the one that is covered
    chmod o+x "$BATS_RUN_TMPDIR" "$BATS_FILE_TMPDIR" # for user namespaces
}

setup() {
    make_bundle
    add_hook prestart
    grant CAP_SETUID CAP_SETGID
}

teardown() {
    bare delete --force "$id-peer" >/dev/null 2>&1 || true
    cleanup
    no_helper
}

is_reaped() { [[ ! -e /proc/$1 ]]; } # PID
is_gone() { has_ended "$1" && has_no_helper; } # PID

# All that a program can see of how it was started. Numbers of mounts differ from run to run; and crun
# gives another user also /dev/null, which the hook never does. OCINORM_HTTP_... are policy's own variables.
look='echo "0 $0"; readlink /proc/$$/exe; id; env
    cut -d" " -f4- /proc/self/mountinfo; awk "{ print \$2, \$6 }" /proc/self/maps | sort -u
    ls -lan /dev | grep -v null | sed "s/ [A-Z][a-z][a-z] .*[0-9]:[0-9][0-9] / /"; cat /proc/self/limits
    ls /proc/$$/fd; cat /proc/$$/cmdline; grep -v -E "Pid|State|ctxt|Vm|Rss|Hugetlb|Name|allowed|TracerPid|Core" /proc/$$/status
    cat /proc/self/attr/current 2>&1; cat /proc/self/cgroup; grep TracerPid /proc/$$/status'

@test "the program sees what it sees through the wrapper, and nothing of ours" {
    printf '#!/bin/sh\n%s\n' "$look" >"$BATS_TEST_TMPDIR/look.sh"
    chmod 755 "$BATS_TEST_TMPDIR/look.sh"
    edit '.linux.maskedPaths += ["/etc/group"] | .process.env += ["A=b c"] | .process.cwd = "/srv" |
          .mounts += [{destination: "/opt", type: "bind", source: $dir, options: ["rbind", "ro"]}]' \
        --arg dir "$BATS_TEST_TMPDIR"
    mkdir -p "$rootfs/opt"
    for program in '/bin/sh -c look' 'sh -c look' '../bin/sh -c look' /opt/look.sh; do
        read -ra words <<<"$program"
        starts "${words[@]/look/"$look"}"
        [[ $program == */look.sh ]] && starts /opt/look.sh
        edit 'del(.hooks)'
        cp "$bundle/config.json" "$BATS_TEST_TMPDIR/bare.json"
        run run_bare </dev/null
        plain=$output # its paths and mounts may have any name
        run -0 run_wrapped </dev/null
        wanted=$output
        assert_normal_user "$wanted"
        for stage in "${stages[@]}"; do
            cp "$BATS_TEST_TMPDIR/bare.json" "$bundle/config.json"
            add_hook "$stage"
            run -0 run_bare </dev/null
            diff <(echo "$wanted") <(echo "$output")
            ! grep -vxF -f <(echo "$plain") <<<"$output" | grep -v -F OCINORM_HTTP_ | grep -i ocinorm || false
        done
    done
}

@test "pipes and files are the new user's as through the wrapper, and /dev/null stays the node's" {
    local dir=$BATS_TEST_TMPDIR
    container_runs 'ls -lnL /proc/self/fd/0 /proc/self/fd/1 /proc/self/fd/2 | awk "{ print \$1, \$3 }"
        echo out >>/dev/stdout && echo err >>/dev/stderr && echo opened'
    cp "$bundle/config.json" "$dir/hooked.json"
    for how in wrapped bare; do
        [[ $how == bare ]] || edit 'del(.hooks)'
        echo in | "$how" run --bundle "$bundle" "$id" 2>&1 | cat >"$dir/$how.pipe"
        # Whoever creates and starts gives its own files.
        echo in >"$dir/in"
        "$how" create --bundle "$bundle" "$id" <"$dir/in" >"$dir/$how.file" 2>&1 3>&-
        init=$(bare state "$id" | jq .pid)
        "$how" start "$id"
        within 600 has_ended "$init"
        owners=$(stat -c '%u' "$dir/in" "$dir/$how.file")
        echo "$owners" >>"$dir/$how.file"
        destroy
        cp "$dir/hooked.json" "$bundle/config.json"
    done
    for kind in pipe file; do
        diff <(sort "$dir/wrapped.$kind") <(sort "$dir/bare.$kind")
    done
    grep -qx opened "$dir/bare.pipe"
    [[ $(grep -cx 1001 "$dir/bare.file") == 2 ]]
    # Not the node's own: what crun gives away where it changes the user itself, others see, too.
    mknod "$dir/null" c 1 3
    bare create --bundle "$bundle" "$id" <"$dir/null" >"$dir/out" 2>&1 3>&-
    init=$(bare state "$id" | jq .pid)
    bare start "$id"
    within 600 has_ended "$init"
    assert_has "$(cat "$dir/out")" 'crw-rw-rw- 0' # the container's own: runtimes open it anew
    [[ $(stat -c %u "$dir/null") == 0 ]]
}

@test "a terminal is the new user's" {
    edit '.process.terminal = true'
    container_runs 'stat -c "owner %u" -L /proc/self/fd/1; echo again >/dev/stdout && echo opened'
    for stage in "${stages[@]}"; do
        add_hook "$stage"
        run -0 script -qec "'$low_path' --root '$state' run --bundle '$bundle' '$id'" /dev/null </dev/null
        assert_has "$output" 'owner 1001'
        assert_has "$output" opened
    done
}

@test "in a user namespace its standard files are its user's" {
    user_namespace
    container_runs 'id; ls -lnL /proc/self/fd/1; echo again >>/dev/stdout && echo opened'
    run_bare 2>&1 </dev/null | cat >"$BATS_TEST_TMPDIR/out"
    assert_has "$(cat "$BATS_TEST_TMPDIR/out")" opened
}

# Its own memory and its page tables; the rest is the program file's, which all helpers share. It gives back
# what the hook had when the hook has ended.
is_small() {
    memory=$(awk '/^Private_Dirty|^Swap:/ { sum += $2 } END { print sum }' "/proc/$helper_pid/smaps_rollup")
    tables=$(awk '/^VmPTE/ { print $2 }' "/proc/$helper_pid/status")
    ((memory + tables <= 300))
}

@test "created, and started 11 s later: the helper is there, small, elsewhere, and gone with the start" {
    for stage in "${stages[@]}"; do
        add_hook "$stage"
        create
        [[ $(wc -l <<<"$helper_pid") == 1 ]]
        # None of the container's control groups, namespaces (but the mounts) and descriptors.
        ! grep -F "$cgroup" "/proc/$helper_pid/cgroup" || false
        [[ $(readlink "/proc/$helper_pid/ns/pid") == "$(readlink /proc/self/ns/pid)" ]]
        ! comm -12 <(readlink "/proc/$init"/fd/* | sort) <(readlink "/proc/$helper_pid"/fd/* | sort) |
            grep -v -x /dev/null || false
        within 60 is_small || { echo "memory $memory KiB, page tables $tables KiB" && false; }
        [[ $stage == prestart ]] && sleep 11 # longer than a helper may sleep
        bare start "$id"
        assert_normal_user "$(whole_output)"
        no_helper
        destroy
    done
}

@test "created and deleted without a start: nothing stays" {
    see_mounts
    for stage in "${stages[@]}"; do
        add_hook "$stage"
        create
        bare delete --force "$id"
        within 120 is_gone "$init"
        within 120 is_reaped "$helper_pid"
        no_container
    done
    same_mounts
}

@test "a killed runtime leaves nothing" {
    edit '.hooks.createRuntime = [{path: "/bin/sleep", args: ["sleep", "1000"]}]'
    "$low_path" --root "$state" create --bundle "$bundle" "$id" >/dev/null 2>&1 </dev/null 3>&- &
    runtime=$!
    within 600 pgrep -P "$runtime" -x sleep
    sleeper=$(pgrep -P "$runtime" -x sleep)
    kill -9 "$runtime" "$sleeper"
    wait "$runtime" 2>/dev/null || true
    bare delete --force "$id" >/dev/null 2>&1 || true
    no_helper
}

@test "kill -9 of the helper: the container ends before a word of it, as root or not" {
    for stage in "${stages[@]}"; do
        add_hook "$stage"
        create
        kill -9 "$helper_pid"
        within 60 has_ended "$init"
        run bare start "$id"
        [[ $status -ne 0 ]]
        assert_hasnt "$output$(cat "$said_file")" uid=
        destroy
    done
}

# A busy machine takes its time: how long for the same, with nobody stopped.
measure_usual() {
    local begun=$SECONDS
    create
    destroy
    usual=$((SECONDS - begun))
}

@test "a stopped helper holds the container and its deletion for 8 s at most" {
    measure_usual
    create
    kill -STOP "$helper_pid"
    bare start "$id" >/dev/null 2>&1 </dev/null 3>&- &
    starter=$!
    sleep 2
    [[ ! -s $said_file ]] # held
    begun=$SECONDS
    run -0 bare delete --force "$id"
    ((SECONDS - begun <= 12 + 5 * usual))
    within 60 is_gone "$init"
    wait "$starter" || true
    assert_hasnt "$(cat "$said_file")" uid=
    no_container
}

@test "a stopped helper ends the container by itself" {
    measure_usual
    create
    begun=$SECONDS
    kill -STOP "$helper_pid"
    within 60 is_gone "$init"
    ((SECONDS - begun <= 12 + 5 * usual))
    assert_hasnt "$(cat "$said_file")" uid=
    destroy
}

# As somebody with another view of the same files can: a volume's other user, the host.
@test "the covered file is moved away: what the runtime starts instead is killed, and it says why" {
    mkdir -p "$BATS_TEST_TMPDIR"/{vol,upper,work}
    printf '#!/srv/busybox sh\necho EVIL; id\n' >"$BATS_TEST_TMPDIR/evil"
    edit '.mounts += [{destination: "/opt/vol", type: "bind", source: $vol, options: ["bind"]}]' \
        --arg vol "$BATS_TEST_TMPDIR/vol"
    starts /opt/vol/app
    export -f bare create json_list helper
    export low_path state bundle id policy BATS_TEST_TMPDIR
    for stage in "${stages[@]}"; do
        add_hook "$stage"
        printf '#!/bin/sh\necho GOOD; id\n' >"$BATS_TEST_TMPDIR/vol/app"
        chmod 755 "$BATS_TEST_TMPDIR"/{vol/app,evil}
        : >"$BATS_TEST_TMPDIR/syslog"
        unshare --mount --propagation private bash -euc '
            mount -t overlay -o "lowerdir=/dev,upperdir=$0/upper,workdir=$0/work" overlay /dev
            busybox syslogd -n -O "$0/syslog" 3>&- &
            for _ in {1..6000}; do test -S /dev/log && break; sleep 0.1; done
            create
            mv "$0/vol/app" "$0/vol/moved"
            cp -p "$0/evil" "$0/vol/app"
            bare start "$id" || true
            for _ in {1..6000}; do grep -q "the runtime executed" "$0/syslog" && break; sleep 0.1; done
            kill $!
            rm /dev/log' "$BATS_TEST_TMPDIR"
        no_helper
        said=$(cat "$BATS_TEST_TMPDIR/said")
        assert_hasnt "$said" uid=
        assert_hasnt "$said" EVIL
        assert_has "$said" 'ocinorm: error: the container was killed before it could run as root: the runtime executed /opt/vol/app, '
        assert_has "$(cat "$BATS_TEST_TMPDIR/syslog")" 'the runtime executed /opt/vol/app'
        assert_has "$(cat "$BATS_TEST_TMPDIR/syslog")" " container=$id"
        bare delete --force "$id" || true
        rm "$BATS_TEST_TMPDIR"/vol/*
    done
}

@test "a program that names itself as its interpreter does not run for ever" {
    mkdir "$BATS_TEST_TMPDIR/vol"
    printf '#!/proc/self/exe\n' >"$BATS_TEST_TMPDIR/vol/app"
    chmod 755 "$BATS_TEST_TMPDIR/vol/app"
    set_policy '{"rules": {"entry.interpreter": "off", "entry.found": "off", "user.access": "off"}}'
    edit '.mounts += [{destination: "/opt/vol", type: "bind", source: $vol, options: ["bind"]}]' \
        --arg vol "$BATS_TEST_TMPDIR/vol"
    starts /opt/vol/app
    run timeout 600 "$low_path" --root "$state" run --bundle "$bundle" "$id" </dev/null
    [[ $status -ne 0 && $status -ne 124 ]]
    no_helper
}

@test "exec of the covered program: not before the start, and afterwards as every other" {
    container_runs 'id; sleep 1000'
    create
    run bare exec "$id" /bin/sh -c id
    [[ $status -ne 0 ]]
    assert_hasnt "$output" uid=
    bare start "$id"
    within 600 grep -q uid=1001 "$said_file"
    run -0 bare exec "$id" /bin/sh -c 'id; readlink /proc/$$/exe'
    assert_has "$output" 'uid=0'
    assert_has "$output" /bin/busybox
    assert_hasnt "$output" ocinorm
}

@test "a startContainer hook that is the covered file is refused, another one runs" {
    edit '.hooks.startContainer = [{path: "/bin/sleep", args: ["sleep", "0"]}]'
    run run_bare
    assert_refused '[user.root]' /bin/sleep startContainer ocinorm-runtime
    edit '.hooks.startContainer = [{path: "/srv/busybox", args: ["busybox", "sleep", "0"]}]'
    run -0 run_bare
    assert_normal_user "$output"
    # One that runs it fails, and with it the start.
    edit '.hooks.startContainer = [{path: "/srv/busybox", args: ["busybox", "sh", "-c", "/bin/id"]}]'
    run run_bare
    [[ $status -ne 0 ]]
    assert_hasnt "$output" uid=
    destroy
}

@test "signals before the start, and a pause, are as without the hook" {
    create
    bare pause "$id"
    bare resume "$id"
    kill -STOP "$init"
    kill -CONT "$init"
    kill -WINCH "$init"
    bare start "$id"
    assert_normal_user "$(whole_output)"
    no_helper
}

@test "a process that is traced already is refused" {
    program attack
    edit '.hooks.prestart |= [{path: "/bin/sh", env: ["PATH=/usr/sbin:/usr/bin:/sbin:/bin"],
              args: ["sh", "-c", ("pid=$(jq .pid); " + $attack + " hold $pid >/dev/null 2>&1 &
                  until grep -q \"TracerPid:.[1-9]\" /proc/$pid/status; do sleep 0.1; done")]}] + .' \
        --arg attack "$BATS_TEST_TMPDIR/attack"
    run run_bare
    assert_refused '[user.root]' 'traced already' ocinorm-runtime
}

# Root in a container that shares the node's processes, with a runtime's usual capabilities.
@test "the helper cannot be entered from a container of the node's pid namespace, but killed" {
    program attack
    create
    other=$BATS_TEST_TMPDIR/other
    mkdir -p "$other"
    jq '.process.args = ["/opt/attack", $pid] | del(.hooks) |
        .linux.namespaces |= map(select(.type != "pid")) | .linux.cgroupsPath += "-other" |
        .mounts += [{destination: "/opt", type: "bind", source: $dir, options: ["bind"]}]' \
        --arg pid "$helper_pid" --arg dir "$BATS_TEST_TMPDIR" "$bundle/config.json" >"$other/config.json"
    mkdir -p "$rootfs/opt"
    run bare run --bundle "$other" "$id-other"
    [[ $(grep -cE '^(getfd|memory|exe|descriptors|seize): ' <<<"$output") == 5 ]]
    assert_hasnt "$output" DONE
    bare start "$id"
    assert_normal_user "$(whole_output)"
}

@test "in a shared pid namespace nobody traces the process before it is lowered" {
    program attack
    mkdir -p "$rootfs/opt" "$BATS_TEST_TMPDIR/peer"
    edit '.mounts += [{destination: "/opt", type: "bind", source: $dir, options: ["bind"]}]' \
        --arg dir "$BATS_TEST_TMPDIR"
    jq 'del(.hooks) | .process.args = ["/bin/sleep", "1000"] | .linux.cgroupsPath += "-peer"' \
        "$bundle/config.json" >"$BATS_TEST_TMPDIR/peer/config.json"
    bare run --detach --bundle "$BATS_TEST_TMPDIR/peer" "$id-peer" >/dev/null 2>&1 </dev/null 3>&-
    peer=$(bare state "$id-peer" | jq .pid)
    edit '.linux.namespaces |= map(if .type == "pid" then .path = $path else . end)' \
        --arg path "/proc/$peer/ns/pid"
    container_runs 'id; sleep 1000'
    create
    inside=$(awk '/^NSpid/ { print $NF }' "/proc/$init/status")
    run bare exec "$id-peer" /opt/attack "$inside"
    assert_has "$output" 'seize: Operation not permitted'
    # The helper is not even there.
    run -0 bare exec "$id-peer" /bin/ps -o comm # without arguments, and the paths in them
    assert_has "$output" sleep
    assert_hasnt "$output" ocinorm
    bare start "$id"
    within 600 grep -q uid=1001 "$said_file"
    run bare exec "$id-peer" /opt/attack "$inside"
    assert_hasnt "$output" DONE
    bare delete --force "$id-peer"
}

# "int $0x80": exit_group(7), as the smallest program for an i386.
@test "a 32-bit program: started where this kernel runs one, else not, as without the hook" {
    [[ $(uname -m) == x86_64 ]] || skip "no i386"
    mkdir "$BATS_TEST_TMPDIR/vol"
    printf '.globl _start\n_start: movl $7, %%ebx\nmovl $252, %%eax\nint $0x80\n' >"$BATS_TEST_TMPDIR/i386.s"
    as --32 -o "$BATS_TEST_TMPDIR/i386.o" "$BATS_TEST_TMPDIR/i386.s"
    ld -m elf_i386 -o "$BATS_TEST_TMPDIR/vol/app" "$BATS_TEST_TMPDIR/i386.o"
    edit 'del(.hooks) | .linux.seccomp = null |
          .mounts += [{destination: "/opt/vol", type: "bind", source: $vol, options: ["bind"]}]' \
        --arg vol "$BATS_TEST_TMPDIR/vol"
    starts /opt/vol/app
    run run_bare
    alone=$status
    add_hook prestart
    run run_bare
    if [[ $alone == 7 ]]; then
        [[ $status == 7 ]]
    else
        assert_refused 'this amd64 host runs no 32-bit programs'
    fi
}

lie() { # SYSTEM-CALL... [ARGS-JSON] : the container's seccomp profile says that they went well
    jq -nc --argjson args "${2:-[]}" '{names: ($names | split(" ")), action: "SCMP_ACT_ERRNO", errnoRet: 0, args: $args}' \
        --arg names "$1"
}

@test "a seccomp profile that answers for the kernel: what is not lowered is killed, and it says why" {
    local equal='[{"index": 0, "value": 38, "op": "SCMP_CMP_EQ"}]' all
    all=$(lie "setgroups setresgid capset")
    edit '.process.noNewPrivileges = false | .process.user.additionalGids = [0, 2000]'
    container_runs 'echo ran; id'
    cp "$bundle/config.json" "$BATS_TEST_TMPDIR/honest.json"
    for lies in "$all, $(lie setresuid '[{"index": 0, "value": 1001, "op": "SCMP_CMP_EQ"}]'),
        {\"names\": [\"setresuid\"], \"action\": \"SCMP_ACT_ERRNO\", \"errnoRet\": 1,
         \"args\": [{\"index\": 1, \"value\": 0, \"op\": \"SCMP_CMP_EQ\"}]}" \
        "$(lie prctl "$equal")" "$(lie setresgid)" "$(lie setgroups)"; do
        cp "$BATS_TEST_TMPDIR/honest.json" "$bundle/config.json"
        edit '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", syscalls: ['"$lies"']}'
        run run_bare
        # crun makes some of these calls itself below the filter, and fails.
        if [[ $low == runc ]]; then
            assert_has "$output" 'killed before it could run as root'
            assert_has "$output" 'not lowered as it was decided'
        fi
        assert_hasnt "$output" ran
        [[ $status -ne 0 ]]
        no_helper
    done
    cp "$BATS_TEST_TMPDIR/honest.json" "$bundle/config.json"
    edit '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", syscalls: []}'
    run -0 run_bare
    assert_normal_user "$output"
}

@test "many at the same time: each is lowered, none leaves anything" {
    local count=${OCN_STARTS:-20} number started=()
    see_mounts
    for ((number = 0; number < count; number++)); do
        mkdir -p "$BATS_TEST_TMPDIR/many/$number"
        jq '.linux.cgroupsPath += $n' --arg n "-$number" "$bundle/config.json" \
            >"$BATS_TEST_TMPDIR/many/$number/config.json"
        bare run --bundle "$BATS_TEST_TMPDIR/many/$number" "$id-$number" \
            >"$BATS_TEST_TMPDIR/many/$number/out" 2>&1 </dev/null 3>&- &
        started+=("$!")
    done
    for job in "${started[@]}"; do wait "$job"; done
    [[ $(cat "$BATS_TEST_TMPDIR"/many/*/out | grep -c '^uid=1001') == "$count" ]]
    no_helper
    no_container
    same_mounts
}

# strace stays behind (-D), so that the runtime waits for the hook and for nothing else. The helper has
# a socket of the node's own for syslog.
@test "the hook and its helper talk to no network" {
    local stage trace
    for stage in "${stages[@]}"; do
        trace=$BATS_TEST_TMPDIR/$stage.trace
        add_hook "$stage" /bin/sh -c 'exec strace -D -f -o "$0" "$@" 2>"$0.stderr" >&2' "$trace"
        container_runs id
        run -0 run_bare
        assert_normal_user "$output"
        within 60 grep -qE 'ptrace\(PTRACE_SEIZE' "$trace"
        no_helper
        run ! grep -E '^[0-9]+ +(socket|connect|bind)\((AF_[^U]|[0-9]+, \{sa_family=AF_[^U])' "$trace"
    done
}

@test "tens of thousands of groups: as many as the plan takes, and else the wrapper is named" {
    edit '.process.user.additionalGids = [range(16000)]'
    container_runs 'id -u; grep ^Groups /proc/self/status | wc -w'
    run run_bare
    [[ $status -eq 0 ]] || { said; return 1; }
    [[ ${lines[0]} == 1001 ]]
    ((lines[1] == 1 + 16000 - 2)) # without 0 and 10, which are root's
    edit '.process.user.additionalGids = [range(65536)]'
    run run_bare
    assert_refused 'denied [user.' 'that ocinorm-entry takes' 'start it through ocinorm-runtime'
    set_policy '{"onError": "warn"}'
    run run_bare
    assert_refused 'denied [user.'
}
