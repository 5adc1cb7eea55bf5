#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2016,SC2030,SC2031,SC2154
# The prestart hook alone, without the wrapper: what the container's first process sees.
load ../lib.bash
load ../hook.bash

setup_file() {
    local rootfs=$BATS_FILE_TMPDIR/rootfs
    make_rootfs "$rootfs"
    ln -s busybox "$rootfs/bin/mount"
    printf '#!/bin/sh\necho "script $*"\nid\n' >"$rootfs/srv/app.sh"
    chmod 755 "$rootfs/srv/app.sh"
    mkdir "$rootfs/srv/deep"
    ln -s ../../bin/sh "$rootfs/srv/deep/sh"
    ln -s /srv/deep "$rootfs/srv/links"
    mkdir -p "$rootfs/etc/hidden" "$rootfs/opt/vol" "$rootfs/opt/ports"
    echo secret | tee "$rootfs/etc/secret" >"$rootfs/etc/hidden/secret"
    touch "$rootfs/opt/sh"
    chmod o+x "$BATS_RUN_TMPDIR" "$BATS_FILE_TMPDIR" # for user namespaces
}

setup() {
    make_bundle
    add_hook prestart
    grant CAP_SETUID CAP_SETGID
    edit '.linux.resources.cpu = {quota: 150000, period: 100000}'
}

teardown() { cleanup; }

@test "the first process has the policy's user, groups, home and variables" {
    edit '.process.user.additionalGids = [0, 10, 44]'
    container_runs 'id; env; grep -E "^(Cap|NoNew|Uid|Groups)" /proc/self/status; echo $$'
    run -0 run_bare
    assert_normal_user "$output"
    assert_has "$output" 'groups=44'
    assert_has "$output" 'HOME=/srv'
    assert_has "$output" 'GOMAXPROCS=2'
    [[ $(grep -cE $'^Cap(Inh|Prm|Eff|Amb):\t0000000000000000$' <<<"$output") == 4 ]]
    assert_has "$output" $'NoNewPrivs:\t1'
    assert_has "$output" $'Uid:\t1001\t1001\t1001\t1001'
    [[ ${lines[-1]} == 1 ]]
    no_container
}

@test "createRuntime does the same" {
    add_hook createRuntime
    container_runs 'id; env'
    run -0 run_bare
    assert_normal_user "$output"
    assert_has "$output" 'GOMAXPROCS=2'
}

@test "both stages together do it once" {
    edit '.hooks.createRuntime = (.hooks.prestart | .[0].args[-1] = "createRuntime")'
    container_runs 'id; env; cat /proc/self/mountinfo'
    run -0 run_bare
    assert_normal_user "$output"
    assert_has "$output" GOMAXPROCS=2
    assert_hasnt "$(below_root "$output")" 'tmpfs ocinorm'
    create
    [[ $(below_root "$(<"/proc/$init/mountinfo")" | grep -c " /bin/busybox .* tmpfs ocinorm") == 1 ]]
    [[ $(wc -l <<<"$helper_pid") == 1 ]]
    destroy
}

@test "without the runtime's own no_new_privs, and with a writable rootfs" {
    edit '.process.noNewPrivileges = false | .root.readonly = false'
    container_runs 'id; grep NoNew /proc/self/status; touch /tmp/ours && ls -ln /tmp/ours; rm /tmp/ours'
    run -0 run_bare
    assert_normal_user "$output"
    assert_has "$output" $'NoNewPrivs:\t1'
    assert_has "$output" '1001     1001'
}

@test "arguments, working directory, stdin, stdout and exit status are the container's" {
    edit '.process.cwd = "/srv"'
    starts /bin/sh -c 'echo "[$0][$1][$2]"; pwd; cat; echo oops >&2; exit 42' 'a b' '' '*'
    run -42 --separate-stderr run_bare <<<"from outside"
    [[ $output == $'[a b][][*]\n/srv\nfrom outside' && $stderr == oops ]]
}

@test "a terminal is a terminal" {
    edit '.process.terminal = true'
    container_runs 'tty; id -u'
    run -0 script -qec "'$low_path' --root '$state' run --bundle '$bundle' '$id'" /dev/null </dev/null
    assert_has "$output" /dev/pts/
    assert_has "$output" 1001
}

@test "limits, cgroup, seccomp, namespaces, mask and open files are the same as without the hook" {
    edit '.process.rlimits = [{type: "RLIMIT_NOFILE", soft: 111, hard: 222}] |
          .linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", syscalls: [{names: ["swapon"],
              action: "SCMP_ACT_ERRNO"}]} | .process.user.umask = 63'
    container_runs 'cat /proc/self/limits; cat /proc/self/cgroup
                    grep -E "^(Seccomp|SigBlk|SigIgn|SigCgt|Cpus_allowed|Umask)" /proc/self/status
                    ls /proc/1/fd; cat /proc/1/oom_score_adj; cat /proc/1/cmdline'
    run -0 run_bare
    with=$output
    edit 'del(.hooks)'
    run -0 run_bare
    diff <(echo "$output") <(echo "$with")
}

@test "entrypoints: absolute, relative, through PATH, links, a script" {
    while read -r cwd command; do
        read -ra words <<<"$command"
        starts "${words[@]}"
        edit '.process.cwd = $cwd' --arg cwd "$cwd"
        run -0 run_bare </dev/null
        assert_normal_user "$output"
        started=$((started + 1))
    done <<'END'
/ /bin/busybox id
/bin ./busybox id
/srv ../bin/busybox id
/ id
/ busybox id
/ /srv/links/sh -c id
/srv deep/sh -c id
/ /srv/app.sh one two
/srv ./app.sh
END
    [[ $started == 9 ]]
}

@test "a script keeps its name and its arguments, also one whose interpreter is a script" {
    starts /srv/app.sh one 'two three'
    run -0 run_bare
    [[ ${lines[0]} == 'script one two three' ]]
    printf '#!/srv/first.sh\n' >"$rootfs/srv/second.sh"
    printf '#!/bin/sh\necho "$0 $*"; id\n' >"$rootfs/srv/first.sh"
    chmod 755 "$rootfs"/srv/{first,second}.sh
    starts /srv/second.sh one
    run -0 run_bare
    [[ ${lines[0]} == '/srv/first.sh /srv/second.sh one' ]]
    assert_normal_user "$output"
}

@test "entrypoints from bind mounts: a directory and a file" {
    mkdir -p "$BATS_TEST_TMPDIR/vol/bin"
    cp "$(command -v busybox)" "$BATS_TEST_TMPDIR/vol/bin/sh"
    edit '.mounts += [
        {destination: "/opt/vol", type: "bind", source: $vol, options: ["bind"]},
        {destination: "/opt/sh", type: "bind", source: ($vol + "/bin/sh"), options: ["bind", "ro"]}]' \
        --arg vol "$BATS_TEST_TMPDIR/vol"
    sum=$(sha256sum <"$BATS_TEST_TMPDIR/vol/bin/sh")
    for program in /opt/vol/bin/sh /opt/sh; do
        starts "$program" -c 'id; readlink /proc/$$/exe'
        run -0 run_bare
        assert_normal_user "$output"
        [[ ${lines[-1]} == "$program" ]]
    done
    [[ $sum == "$(sha256sum <"$BATS_TEST_TMPDIR/vol/bin/sh")" ]]
}

@test "a user namespace" {
    user_namespace
    container_runs 'id; env; cat /proc/self/uid_map; grep -E "^Cap(Eff|Prm)" /proc/self/status'
    run -0 run_bare
    assert_normal_user "$output"
    assert_has "$output" GOMAXPROCS=2
    assert_has "$output" 100000
    [[ $(grep -cE $'^Cap(Prm|Eff):\t0000000000000000$' <<<"$output") == 2 ]]
}

@test "shared, slave and private propagation: nothing appears on the host" {
    container_runs 'id; sleep 1000'
    export -f list_mounts
    for propagation in shared rshared slave rslave private rprivate; do
        edit '.linux.rootfsPropagation = $p' --arg p "$propagation"
        # A host whose mounts are shared, as systemd makes them, and which goes away with its mounts.
        run -0 unshare --mount --propagation private bash -c '
            mount --make-rshared /
            list_mounts >"$4/before"
            "$1" --root "$2" create --bundle "$3" "$5" >"$4/out" 2>&1 </dev/null 3>&-
            list_mounts | diff "$4/before" -
            "$1" --root "$2" start "$5"
            for i in {1..6000}; do grep -q uid= "$4/out" && break; sleep 0.1; done
            list_mounts >"$4/during"
            "$1" --root "$2" delete --force "$5"
            cat "$4/out"' \
            sh "$low_path" "$state" "$bundle" "$BATS_TEST_TMPDIR" "$id"
        assert_normal_user "$output"
        diff "$BATS_TEST_TMPDIR"/{before,during}
    done
}

@test "an entrypoint on a volume that is shared with the host is refused" {
    mkdir -p "$BATS_TEST_TMPDIR/vol"
    cp "$(command -v busybox)" "$BATS_TEST_TMPDIR/vol/sh"
    edit '.linux.rootfsPropagation = "shared" | .mounts += [{destination: "/opt/vol", type: "bind",
              source: $vol, options: ["rbind", "rshared"]}]' --arg vol "$BATS_TEST_TMPDIR/vol"
    starts /opt/vol/sh -c id
    export -f list_mounts
    run unshare --mount --propagation private bash -c 'mount --make-rshared /
        list_mounts >"$5/before"
        "$1" --root "$2" run --bundle "$3" "$4"; status=$?
        list_mounts >"$5/after"
        exit $status' \
        sh "$low_path" "$state" "$bundle" "$id" "$BATS_TEST_TMPDIR"
    diff "$BATS_TEST_TMPDIR"/{before,after}
    assert_refused '[user.root]' 'shared with the host' ocinorm-runtime
}

@test "what covers a file of a volume hears nothing of what the host mounts there" {
    mkdir -p "$BATS_TEST_TMPDIR/vol"
    cp "$(command -v busybox)" "$BATS_TEST_TMPDIR/vol/sh"
    edit '.mounts += [{destination: "/opt/vol", type: "bind", source: $vol,
              options: ["rbind", "rslave"]}]' --arg vol "$BATS_TEST_TMPDIR/vol"
    starts /opt/vol/sh -c 'id; cat /proc/self/mountinfo'
    run -0 unshare --mount --propagation private bash -c 'mount --make-rshared /
        "$1" --root "$2" create --bundle "$3" "$4" >"$5" 2>&1 </dev/null 3>&-
        cat "/proc/$("$1" --root "$2" state "$4" | jq .pid)/mountinfo"
        "$1" --root "$2" start "$4"
        for i in {1..6000}; do grep -q "/opt/vol" "$5" && break; sleep 0.1; done
        cat "$5"
        "$1" --root "$2" delete --force "$4"' \
        sh "$low_path" "$state" "$bundle" "$id" "$BATS_TEST_TMPDIR/out"
    assert_normal_user "$output"
    if [[ $low == runc ]]; then # crun has made it private before
        grep -q ' /opt/vol .* master:' <<<"$output"
    fi
    mounts=$(grep '/vol/sh .*tmpfs ocinorm' <<<"$output") # once: before the start
    [[ $(wc -l <<<"$mounts") == 1 ]]
    assert_hasnt "$mounts" master:
    assert_hasnt "$mounts" shared:
}

@test "low ports are what is left, where the policy says so" {
    set_policy '{"user": {"lowPorts": true}}'
    container_runs 'id; grep ^Cap /proc/self/status'
    run -0 run_bare
    assert_normal_user "$output"
    [[ $(grep -cE $'^Cap(Inh|Prm|Eff|Amb):\t0000000000000400$' <<<"$output") == 4 ]]
    edit '.process.capabilities |= map_values(. - ["CAP_NET_BIND_SERVICE"])'
    run run_bare
    assert_refused '[user.capabilities]' CAP_NET_BIND_SERVICE ocinorm-runtime
}

@test "low ports, and a program whose file has capabilities: the kernel leaves less, and it starts" {
    set_policy '{"user": {"lowPorts": true}}'
    for file in cap_net_bind_service+ep:400 cap_setuid,cap_net_bind_service+ep:400 cap_setuid+ep:0; do
        cp --remove-destination "$rootfs/bin/busybox" "$rootfs/opt/ports/grep"
        setcap "${file%:*}" "$rootfs/opt/ports/grep"
        edit '.process.args = ["/opt/ports/grep", "-E", "^(Cap|Uid|Gid)", "/proc/self/status"]'
        run -0 run_bare
        assert_has "$output" $'Uid:\t1001\t1001\t1001\t1001'
        assert_has "$output" $'Gid:\t1001\t1001\t1001\t1001'
        for set in Prm Eff; do
            assert_has "$output" "$(printf 'Cap%s:\t%016x' "$set" "0x${file#*:}")"
        done
        assert_has "$output" $'CapAmb:\t0000000000000000'
    done
}

@test "without the capabilities it is refused, and the message says what to do" {
    for missing in CAP_SETUID CAP_SETGID; do
        edit '.process.capabilities |= map_values(. - [$name])' --arg name "$missing"
        run run_bare
        assert_refused "denied [user.root]: the hook cannot lower uid 0" "$missing" ocinorm-runtime
        edit '.process.capabilities |= map_values(. + [$name])' --arg name "$missing"
    done
}

@test "at level warn the user stays, and the variables are set all the same" {
    set_policy '{"rules": {"user.root": "warn"}}'
    edit '.process.capabilities |= map_values([])'
    container_runs 'id; env'
    run -0 run_bare
    assert_has "$output" uid=0
    assert_has "$output" GOMAXPROCS=2
}

@test "with apply verify the hook changes nothing" {
    set_policy '{"hook": {"apply": "verify"}}'
    run run_bare
    assert_refused 'denied [user.root]' ocinorm-runtime
}

@test "the /dev of CRI-O and Podman (noexec), and one that is nearly full" {
    for options in '["nosuid","noexec","strictatime","mode=755","size=65536k"]' \
        '["nosuid","strictatime","mode=755","size=4k"]'; do
        edit '.mounts |= map(if .destination == "/dev" then .options = $options else . end)' \
            --argjson options "$options"
        run -0 run_bare
        assert_normal_user "$output"
    done
}

@test "a /dev that is not the container's own, and one that nobody can write" {
    mkdir "$BATS_TEST_TMPDIR/dev"
    mknod -m 666 "$BATS_TEST_TMPDIR/dev/null" c 1 3
    edit '.mounts |= map(if .destination == "/dev" then {destination: "/dev", type: "bind",
              source: $dev, options: ["bind"]} else . end)' --arg dev "$BATS_TEST_TMPDIR/dev"
    run -0 run_bare
    assert_normal_user "$output"
    [[ -z $(find "$BATS_TEST_TMPDIR/dev" -name '*ocinorm*') ]]
    edit '.mounts |= map(if .destination == "/dev" then {destination: "/dev", type: "tmpfs",
              source: "tmpfs", options: ["ro"]} else . end)'
    run -0 run_bare
    assert_normal_user "$output"
}

@test "whoever runs the same program again gets it as it is" {
    set_policy '{"user": {"when": "never"}, "env": {"set": {"TEAM": "a"}}}'
    container_runs '/bin/env; echo --; TEAM=b GOMAXPROCS=7 /bin/env; echo --; /bin/busybox id -u'
    run -0 run_bare
    first=${output%%--*} second=${output#*--}
    assert_has "$first" TEAM=a
    assert_has "$first" GOMAXPROCS=2
    assert_has "$second" TEAM=b
    assert_has "$second" GOMAXPROCS=7
    [[ ${lines[-1]} == 0 ]]
}

@test "masked paths stay masked" {
    edit '.linux.maskedPaths += ["/etc/secret", "/etc/hidden", "/no/such"]'
    container_runs 'cat /etc/secret; ls /etc/hidden; cat /etc/passwd'
    run -0 run_bare
    [[ ${lines[0]} == root:* ]]
}

@test "before the start nobody in the container can write what covers, and it is no inode of the host" {
    mkdir "$rootfs/opt/other"
    cp "$(command -v busybox)" "$rootfs/opt/other/busybox"
    edit '.root.readonly = false'
    grant CAP_DAC_OVERRIDE CAP_FOWNER CAP_CHOWN
    program_sum=$(sha256sum <"$bin/ocinorm-entry")
    busybox_sum=$(sha256sum <"$rootfs/bin/busybox")
    create
    run -0 bare exec "$id" /opt/other/busybox sh -c 'cd /bin
        other() { /opt/other/busybox "$@" 2>&1 || echo refused; }
        (echo evil >busybox) 2>&1 || echo refused
        other rm -f busybox
        other mv busybox elsewhere
        other chmod 777 busybox
        other umount /bin/busybox
        other mount -o remount,rw /bin/busybox
        other stat -c "device %d" busybox'
    [[ $(grep -c ^refused <<<"$output") == 6 ]]
    device=$(awk '$1 == "device" { print $2 }' <<<"$output")
    ! stat -c %d "$bin/ocinorm-entry" "$rootfs/bin/busybox" /tmp /dev | grep -xF "$device" || false
    bare start "$id"
    assert_normal_user "$(whole_output)"
    [[ $program_sum == "$(sha256sum <"$bin/ocinorm-entry")" ]]
    [[ $busybox_sum == "$(sha256sum <"$rootfs/bin/busybox")" ]]
    rm -r "$rootfs/opt/other"
}

@test "an image cannot make the hook load code of its own" {
    printf '%s\n' '#include <stdio.h>' \
        '__attribute__((constructor)) static void go(void) { FILE *f = fopen(MARK, "w"); if (f) fclose(f); }' |
        "${CC:-cc}" -shared -fPIC -DMARK="\"$BATS_TEST_TMPDIR/mark\"" -x c - -o "$bundle/x.so"
    LD_PRELOAD=$bundle/x.so /bin/true # the trap works
    rm "$BATS_TEST_TMPDIR/mark"
    edit '[["LD_PRELOAD", "LD_AUDIT", "LD_LIBRARY_PATH", "GCONV_PATH", "LOCPATH", "NLSPATH",
            "MALLOC_TRACE", "GLIBC_TUNABLES"][] | . + "=/proc/self/cwd/x.so"] as $evil |
          .process.env += $evil | .hooks.prestart[0].env += $evil'
    cp "$bundle/x.so" "$rootfs/x.so"
    run -0 run_bare
    assert_normal_user "$output"
    [[ ! -e $BATS_TEST_TMPDIR/mark ]]
}

@test "links in the rootfs lead nowhere outside it" {
    local evil=$BATS_TEST_TMPDIR/evil outside=$BATS_TEST_TMPDIR/outside before
    before=$(ls -d /tmp/entry 2>&1 || true)
    make_rootfs "$evil"
    make_rootfs "$outside"
    edit '.root.path = $evil' --arg evil "$evil"
    rm -r "${evil:?}/etc" && ln -s ../../../../../../../../../../etc "$evil/etc"
    run -0 run_bare # no home from the host's passwd, and no user by a name
    assert_normal_user "$output"
    rm -r "${evil:?}/bin" && ln -s "$outside/bin" "$evil/bin"
    run run_bare
    assert_refused '[entry.found]'
    ln -sfn "/proc/self/root$outside/bin" "$evil/bin"
    run run_bare
    [[ $status -ne 0 ]]
    assert_hasnt "$output" uid=
    [[ -z $(find "$outside" -newer "$bundle/config.json" ! -type d) && $(ls -d /tmp/entry 2>&1) == "$before" ]]
}

@test "an entrypoint that is a FIFO, a device or endless neither hangs nor fills memory" {
    local evil=$BATS_TEST_TMPDIR/evil
    make_rootfs "$evil"
    edit '.root.path = $evil' --arg evil "$evil"
    mkfifo "$evil/bin/fifo"
    mknod "$evil/bin/zero" c 1 5
    truncate -s 1T "$evil/bin/huge"
    chmod 755 "$evil/bin/"{fifo,zero,huge}
    for name in fifo zero; do
        starts "/bin/$name"
        run timeout 600 "$low_path" --root "$state" run --bundle "$bundle" "$id"
        [[ $status -ne 124 ]]
        assert_refused '[entry.found]'
    done
    starts /bin/huge
    run timeout 600 "$low_path" --root "$state" run --bundle "$bundle" "$id"
    [[ $status -ne 124 && $status -ne 0 ]]
}

@test "a rootfs that changes while the hook works: lowered or refused, and the host untouched" {
    local evil=$BATS_TEST_TMPDIR/evil victim=$BATS_TEST_TMPDIR/victim
    make_rootfs "$evil"
    mkdir -p "$victim" "$evil/a"
    cp "$(command -v busybox)" "$victim/sh"
    cp "$(command -v busybox)" "$evil/a/sh"
    edit '.root.path = $evil' --arg evil "$evil"
    starts /a/sh -c id
    sums=$(sha256sum "$victim/sh")
    (while sleep 0.004; do
        mv -T "$evil/a" "$evil/b" && ln -s "$victim" "$evil/a" && rm "$evil/a" && mv -T "$evil/b" "$evil/a"
    done) 2>/dev/null 3>&- &
    local changer=$! started=0
    see_mounts
    for _ in {1..40}; do
        output=$(run_bare 2>&1 || true)
        assert_hasnt "$output" uid=0
        if [[ $output == *uid=1001* ]]; then started=$((started + 1)); fi
        bare delete --force "$id" >/dev/null 2>&1 || true
    done
    kill "$changer"
    wait "$changer" 2>/dev/null || true
    ((started > 0))
    same_mounts
    [[ $sums == "$(sha256sum "$victim/sh")" ]]
}

@test "another file than the one that was judged is not started" {
    cp "$(command -v busybox)" "$BATS_TEST_TMPDIR/other"
    edit '.hooks.prestart |= [{path: "/bin/sh", env: ["PATH=/usr/sbin:/usr/bin:/sbin:/bin"],
              args: ["sh", "-c", ("nsenter -t $(jq .pid) -m mount --bind " + $other + " " + $rootfs
                                  + "/bin/busybox")]}] + .' \
        --arg other "$BATS_TEST_TMPDIR/other" --arg rootfs "$rootfs"
    run run_bare
    assert_refused 'is not the file any more that was judged'
}

@test "a hundred starts leave no mount, file or process behind" {
    count() {
        no_helper # it ends a little after its container
        find /run /tmp "$bundle" "$rootfs" "$state" \
            -path "$BATS_TEST_TMPDIR/count.*" -prune -o -print 2>/dev/null | sort
        list_mounts
        pgrep -f -- "--config $policy" || true
    }
    hundred() {
        run_bare >/dev/null
        count >"$BATS_TEST_TMPDIR/count.before"
        for _ in {1..100}; do
            run_bare >/dev/null
        done
        count >"$BATS_TEST_TMPDIR/count.after"
        diff "$BATS_TEST_TMPDIR"/count.{before,after}
    }
    export -f bare run_bare count hundred list_mounts within helper has_no_helper no_helper
    export low_path state bundle rootfs id policy BATS_TEST_TMPDIR
    # A /run and a /tmp in which nobody else is at work.
    unshare --mount --propagation private bash -euc '
        mount -t tmpfs tmpfs /run
        mkdir /run/{0,1}
        mount --bind "$0" /run/0
        mount --bind "$1" /run/1
        mount -t tmpfs tmpfs /tmp
        mkdir -p "$0" "$1"
        mount --move /run/0 "$0"
        mount --move /run/1 "$1"
        hundred' "$BATS_RUN_TMPDIR" "$bin"
}

build_without() {
    without=$BATS_TEST_TMPDIR/without
    "${CC:-cc}" -O1 -o "$without" "$root/integration/without.c"
}

number_of() { # SYSTEM-CALL
    printf '#include <asm/unistd.h>\n__NR_%s\n' "$1" | "${CC:-cc}" -E -P - | tail -n 1
}

calls=(fsopen fsconfig fsmount open_tree move_mount mount_setattr pidfd_open ptrace)

@test "on a kernel that lacks a call it is refused" {
    build_without
    for name in "${calls[@]}"; do
        add_hook prestart "$without" "$(number_of "$name")"
        run run_bare
        assert_refused '[user.root]' "$name" ocinorm-runtime
    done
}

@test "what was begun is taken back: a container that starts in spite of it shows no trace" {
    build_without
    container_runs 'id; ls -a /dev; cat /proc/self/mountinfo'
    for name in "${calls[@]}"; do
        add_hook prestart /bin/sh -c '"$@" || exit 0' sh "$without" "$(number_of "$name")"
        run -0 run_bare
        assert_has "$output" uid=0
        assert_hasnt "$(below_root "$output")" 'tmpfs ocinorm '
        assert_hasnt "$output" '/bin/busybox '
    done
}

@test "a hook that dies in the middle stops the container, whatever onError says" {
    build_without
    set_policy '{"onError": "warn"}'
    for name in fsopen move_mount open_tree ptrace; do
        add_hook prestart "$without" "!$(number_of "$name")"
        run run_bare
        assert_refused 'ocinorm: error: preparing the container crashed'
    done
}

@test "without ocinorm-entry or a container nothing can be decided" {
    cp "$bin/ocinorm-hook" "$BATS_TEST_TMPDIR/ocinorm-hook"
    if [[ ! -e /usr/libexec/ocinorm/ocinorm-entry ]]; then
        edit '.hooks.prestart[0].path = $hook' --arg hook "$BATS_TEST_TMPDIR/ocinorm-hook"
        run run_bare
        assert_refused 'ocinorm: error: ' ocinorm-entry
    fi
    hook=("$bin/ocinorm-hook" --config "$policy" prestart)
    run -2 "${hook[@]}" <<<"{\"bundle\": \"$bundle\"}"
    assert_has "$output" 'names no container process'
    run -1 "${hook[@]}" <<<"{\"bundle\": \"$bundle\", \"pid\": $$}"
    assert_has "$output" 'no mount namespace of its own'
    run -2 "${hook[@]}" <<<"{\"bundle\": \"$bundle\", \"pid\": 4194303}"
    assert_has "$output" 'cannot open the container'
    run -2 unshare --mount --propagation private sh -c 'umount -l /proc; exec "$@"' sh "${hook[@]}" \
        <<<"{\"bundle\": \"$bundle\", \"pid\": $$}"
    assert_has "$output" 'ocinorm: error: '
}
