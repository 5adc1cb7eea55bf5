#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2016,SC2030,SC2031,SC2034,SC2154
# user.volumes: volumes that belong to root, as the lowered user finds them, and what is on the disk
# afterwards. Every way in which a mount can be mapped: by runc and crun, which the wrapper tells to, and by
# the hook itself.
load ../hook.bash
OCN_LOW=crun
load ../lib.bash

volumes=/run/volumes # enter.sh: a /run of our own

setup_file() { make_rootfs "$BATS_FILE_TMPDIR/rootfs"; }

setup() {
    ways=(hook-runc hook-crun wrapper-crun)
    ! runc_maps || ways+=(wrapper-runc)
    mkdir -p "$volumes"
}

teardown() {
    ! declare -F leave >/dev/null || leave
    # What was mounted last goes first.
    awk -v at="$volumes" 'index($5, at) == 1 { print $5 }' /proc/self/mountinfo | tac |
        while read -r mount; do umount "$mount"; done
    rm -rf "$volumes"
}

runc_maps() { [[ $(runc --version) != 'runc version 1.1.'* ]]; }

# A bundle of its own for WAY, with a policy that maps below $volumes/data.
begin() { # WAY
    ! declare -F leave >/dev/null || leave
    leave() { cleanup || true; no_helper; }
    way=$1
    low=${1#*-}
    rm -rf "${BATS_TEST_TMPDIR:?}/bundle" "${BATS_TEST_TMPDIR:?}/etc"
    make_bundle
    edit '.root.readonly = false'
    set_policy '{"rules": {"user.volumes": "edit"}, "volumes": {"allow": ["/run/volumes/data/**"]}}'
    ! is_hook || grant CAP_SETUID CAP_SETGID
    log=$BATS_TEST_TMPDIR/log
    rm -f "$log"
}

is_hook() { [[ $way == hook-* ]]; }

# A bind mount of @1 at @2, with more options.
bind() { # SOURCE DESTINATION [OPTION...]
    edit '.mounts += [{destination: $to, type: "bind", source: $from, options: (["rbind"] + $options)}]' \
        --arg from "$1" --arg to "$2" --argjson options "$(json_list "${@:3}")"
}

# A directory of root's that nobody else may enter.
roots_volume() { # NAME
    mkdir -p "$volumes/data/$1"
    chmod 0755 "$volumes" "$volumes/data"
    chmod 0700 "$volumes/data/$1"
    chown 0:0 "$volumes/data/$1"
}

# The script as the container's root, without ocinorm.
as_root() { # SCRIPT
    container_runs "$1"
    bare run --bundle "$bundle" "$id"
}

# The script in the way under test.
lowered() { # SCRIPT
    container_runs "$1"
    if is_hook; then
        add_hook createRuntime
        bare run --bundle "$bundle" "$id"
    else
        wrapped --log "$log" run --bundle "$bundle" "$id"
    fi
}

# Back to the bundle that nobody has edited.
again() {
    cp "$bundle/config.json" "$BATS_TEST_TMPDIR/used.json"
    edit '.process.user = {uid: 0, gid: 0} | del(.hooks) | .annotations = {} |
          .mounts |= map(del(.uidMappings, .gidMappings)) | .process.env = ["PATH=/bin"] |
          .process.capabilities = $before[0].process.capabilities | .process.noNewPrivileges = false' \
        --slurpfile before "$BATS_TEST_TMPDIR/original.json"
    ! is_hook || grant CAP_SETUID CAP_SETGID
}

# Of the last `ls -ln`.
seen_owner() { awk -v name="$1" '$NF == name { print $3, $4 }' <<<"$output"; } # NAME

on_disk() { stat -c '%u:%g %a' "$@"; } # FILE...

@test "what root wrote yesterday is the user's today, root's tomorrow, and root's on the disk all the time" {
    for each in "${ways[@]}"; do
        begin "$each"
        roots_volume "$each"
        bind "$volumes/data/$each" /data
        run -0 as_root 'umask 077; echo yesterday >/data/old; id -u'
        assert_has "$output" 0
        run -0 lowered 'id; umask 077; cat /data/old; echo today >>/data/old; echo new >/data/new; ls -ln /data'
        assert_normal_user "$output"
        assert_has "$output" yesterday
        [[ $(on_disk "$volumes/data/$each"/{old,new} | sort -u) == '0:0 600' ]]
        again
        run -0 as_root 'cat /data/old /data/new; ls -ln /data'
        [[ ${lines[*]:0:3} == 'yesterday today new' ]]
        assert_hasnt "$output" 1001
    done
}

@test "other ids stay as they are, and the user's own files are root's" {
    for each in "${ways[@]}"; do
        begin "$each"
        roots_volume "$each"
        bind "$volumes/data/$each" /data
        (cd "$volumes/data/$each" && touch of-{1,1000,1001,1002,65534,4000000000} &&
            for owner in 1 1000 1001 1002 65534 4000000000; do chown "$owner:$owner" "of-$owner"; done)
        run -0 lowered 'ls -ln /data'
        for owner in 1 1000 1002 65534 4000000000; do
            [[ $(seen_owner "of-$owner") == "$owner $owner" ]]
        done
        [[ $(seen_owner of-1001) == '0 0' ]]
        [[ $(stat -c %u "$volumes/data/$each/of-1001") == 1001 ]]
    done
}

@test "at warn it is told, and nothing is mapped" {
    begin wrapper-crun
    roots_volume closed
    bind "$volumes/data/closed" /data
    set_policy '{"volumes": {"allow": ["/run/volumes/data/**"]}}'
    run lowered 'ls /data'
    assert_has "$output" denied
    assert_has "$(<"$log")" 'volume /data: user 1001:1001 cannot read it, which is 0:0'\''s with mode 0700'
    assert_has "$(<"$log")" 'rules.user.volumes \"edit\"'
    [[ $(jq -c '[.mounts[] | has("uidMappings")] | any' "$bundle/config.json") == false ]]
}

@test "at deny it is refused" {
    begin wrapper-crun
    roots_volume closed
    bind "$volumes/data/closed" /data
    set_policy '{"rules": {"user.volumes": "deny"}}'
    run -1 lowered id
    assert_has "$output" 'denied [user.volumes]: volume /data'
    assert_hasnt "$output" 'edit'
}

@test "an old runc would ignore a mapping: it gets none, and that is told" {
    begin wrapper-runc
    roots_volume closed
    bind "$volumes/data/closed" /data
    run lowered 'ls /data && echo it is there'
    if runc_maps; then
        assert_has "$output" 'it is there'
    else
        assert_hasnt "$output" 'it is there'
        assert_has "$(<"$log")" 'runc 1.1.'
        assert_has "$(<"$log")" 'ignores the mapping of a mount; update it (runc 1.2, crun 1.8.1), or use the createRuntime hook'
        [[ $(jq -c '[.mounts[] | has("uidMappings")] | any' "$bundle/config.json") == false ]]
    fi
}

@test "a runtime is asked once, and again when it was updated" {
    begin wrapper-crun
    cp "$low_path" "$BATS_TEST_TMPDIR/asked"
    printf '#!/bin/sh\n[ "$1" != --version ] || echo asked >>"%s"\nexec "%s" "$@"\n' \
        "$BATS_TEST_TMPDIR/asks" "$low_path" >"$BATS_TEST_TMPDIR/asked"
    low_path=$BATS_TEST_TMPDIR/asked
    set_policy '{"rules": {"user.volumes": "edit"}, "volumes": {"allow": ["/run/volumes/data/**"]}}'
    roots_volume closed
    bind "$volumes/data/closed" /data
    for _ in 1 2 3; do
        run -0 lowered 'ls /data && echo open'
        assert_has "$output" open
        again
    done
    [[ $(<"$BATS_TEST_TMPDIR/asks") == asked ]]
    touch -d '2001-01-01' "$low_path"
    run -0 lowered 'ls /data && echo open'
    [[ $(grep -c asked "$BATS_TEST_TMPDIR/asks") == 2 ]]
    # What others could write is not believed.
    chmod 0777 /run/ocinorm
    again
    run -0 lowered 'ls /data && echo open'
    chmod 0755 /run/ocinorm
    [[ $(grep -c asked "$BATS_TEST_TMPDIR/asks") == 3 ]]
}

@test "a token of the kubelet's, 0600 on a tmpfs, is readable; what engines mount by themselves is not mapped" {
    for each in "${ways[@]}"; do
        begin "$each"
        local token=$volumes/data/$each/volumes/kubernetes.io~projected/token
        mkdir -p "$token"
        mount -t tmpfs -o mode=1777 tmpfs "$token"
        mkdir "$token/..2026_12_01"
        (umask 077 && echo the-token >"$token/..2026_12_01/token")
        ln -s ..2026_12_01 "$token/..data"
        ln -s ..data/token "$token/token"
        echo 'nameserver 192.0.2.1' >"$volumes/data/resolv.conf"
        bind "$token" /var/run/secrets/kubernetes.io/serviceaccount ro
        bind "$volumes/data/resolv.conf" /etc/resolv.conf ro
        run -0 lowered 'cat /var/run/secrets/kubernetes.io/serviceaccount/token; grep -E " /(var|etc/resolv)" /proc/self/mountinfo'
        [[ ${lines[0]} == the-token ]]
        assert_has "$(grep /serviceaccount <<<"$output")" idmapped
        assert_hasnt "$(grep /etc/resolv.conf <<<"$output")" idmapped
        [[ $(on_disk "$token/..data/token") == '0:0 600' ]]
    done
}

@test "at warn a token that the user cannot read is told, by its name" {
    begin wrapper-crun
    local token=$volumes/data/kubernetes.io~projected/token
    mkdir -p "$token/..2026_12_01"
    chmod 1777 "$token"
    (umask 077 && echo the-token >"$token/..2026_12_01/token")
    chmod 0755 "$token/..2026_12_01"
    ln -s ..2026_12_01 "$token/..data"
    bind "$token" /var/run/secrets/kubernetes.io/serviceaccount ro
    set_policy '{}'
    run -0 lowered id
    assert_has "$(<"$log")" 'cannot read its file token, which is 0:0'\''s with mode 0600'
    assert_has "$(<"$log")" fsGroup
}

@test "nothing is told of what the user can use" {
    begin wrapper-crun
    roots_volume open
    chmod 0755 "$volumes/data/open"
    mkdir -m 1777 "$volumes/data/any"
    bind "$volumes/data/open" /read-only ro
    bind "$volumes/data/any" /any
    echo 127.0.0.1 >"$volumes/hosts"
    bind "$volumes/hosts" /etc/hosts
    bind "$volumes/hosts" /dev/termination-log
    bind /dev/null /null
    set_policy '{}'
    run -0 lowered id
    [[ ! -e $log ]] || assert_hasnt "$(<"$log")" user.volumes
}

# ramfs stands for NFS and the like: no kernel maps it.
@test "a file system that cannot be mapped stays as it is, and that is told" {
    for each in "${ways[@]}"; do
        begin "$each"
        roots_volume "$each"
        mount -t ramfs ramfs "$volumes/data/$each"
        bind "$volumes/data/$each" /data
        run -0 lowered 'id; touch /data/new || echo closed; grep " /data " /proc/self/mountinfo'
        assert_normal_user "$output"
        assert_has "$output" closed
        assert_hasnt "$output" idmapped
        is_hook || assert_has "$(<"$log")" 'its file system (ramfs) cannot be idmapped'
    done
}

@test "flags stay: what is read-only, nosuid, nodev, noexec is so when it is mapped" {
    for each in "${ways[@]}"; do
        begin "$each"
        roots_volume "$each"
        bind "$volumes/data/$each" /data ro nosuid nodev noexec
        (umask 077 && echo text >"$volumes/data/$each/file")
        run -0 lowered 'cat /data/file; touch /data/new || echo closed; grep " /data " /proc/self/mountinfo'
        assert_has "$output" text
        assert_has "$output" closed
        [[ $(grep ' /data ' <<<"$output" | tail -n 1) =~ \ /data\ ro,nosuid,nodev,noexec.*idmapped ]]
        [[ ! -e $volumes/data/$each/new ]]
    done
}

@test "rbind: what is mounted below is there, and as it was" {
    for each in "${ways[@]}"; do
        begin "$each"
        roots_volume "$each"
        mkdir "$volumes/data/$each/below"
        mount -t tmpfs -o mode=0755 tmpfs "$volumes/data/$each/below"
        touch "$volumes/data/$each/below/file"
        bind "$volumes/data/$each" /data
        run -0 lowered 'touch /data/new; ls -ln /data/below; touch /data/below/new || echo closed'
        if [[ $low$(crun --version) == 'cruncrun version 1.8'* ]] && ! is_hook; then
            assert_has "$(<"$log")" 'something is mounted below it, which crun 1.8.1 would leave out'
            continue
        fi
        [[ $(seen_owner file) == '0 0' ]]
        assert_has "$output" closed
        [[ $(on_disk "$volumes/data/$each/new") == '0:0 644' ]]
    done
}

# A disk is shared with every mount namespace by default: a clone of it must not carry what is mounted on it back.
# As a node's disk is by default. crun would carry what is mounted below a mapped mount to its peers.
@test "a mount that is shared with the node: crun is not asked to map it, unless the mount has a propagation" {
    for each in "${ways[@]}"; do
        begin "$each"
        roots_volume "$each"
        mkdir -m 0700 "$volumes/below"
        mount -t tmpfs -o mode=0700 tmpfs "$volumes/data/$each"
        mount --make-shared "$volumes/data/$each"
        mkdir "$volumes/data/$each/below"
        bind "$volumes/data/$each" /data
        bind "$volumes/below" /data/below
        see_mounts
        run -0 lowered 'touch /data/new && echo it is open; ls / >/dev/null'
        same_mounts
        if [[ $each == wrapper-crun ]]; then
            assert_hasnt "$output" 'it is open'
            assert_has "$(<"$log")" 'its mount is shared with the node, and crun 1.'
        else
            assert_has "$output" 'it is open'
        fi
        umount "$volumes/data/$each"
        rmdir "$volumes/below"
    done
}

@test "volumes in each other are both mapped, and nothing of it appears on the node" {
    for each in "${ways[@]}"; do
        begin "$each"
        roots_volume "$each-outer"
        roots_volume "$each-inner"
        mkdir "$volumes/data/$each-outer/inner"
        mount -t tmpfs -o mode=0700 tmpfs "$volumes/data/$each-outer"
        mount --make-shared "$volumes/data/$each-outer"
        mkdir -m 0700 "$volumes/data/$each-outer/inner"
        bind "$volumes/data/$each-outer" /data rprivate
        bind "$volumes/data/$each-inner" /data/inner
        see_mounts
        run -0 lowered 'touch /data/new /data/inner/new && echo open; grep idmapped /proc/self/mountinfo'
        assert_has "$output" open
        same_mounts
        [[ $(on_disk "$volumes/data/$each-outer/new" "$volumes/data/$each-inner/new" | sort -u) == '0:0 644' ]]
        # And while it runs.
        again
        container_runs 'sleep 1000'
        if is_hook; then
            add_hook createRuntime
            bare run --detach --bundle "$bundle" "$id" >"$BATS_TEST_TMPDIR/sleeper.log" 2>&1 </dev/null 3>&-
        else
            wrapped run --detach --bundle "$bundle" "$id" >"$BATS_TEST_TMPDIR/sleeper.log" 2>&1 </dev/null 3>&-
        fi
        same_mounts
        bare delete --force "$id"
        umount "$volumes/data/$each-outer"
    done
}

@test "several containers on one volume, one of them as root" {
    for each in "${ways[@]}"; do
        begin "$each"
        roots_volume "$each"
        bind "$volumes/data/$each" /data
        container_runs 'umask 077; echo roots >/data/roots; until cat /data/users 2>/data/try; do sleep 0.1; done; ls -ln /data/users'
        bare run --bundle "$bundle" "$id" >"$BATS_TEST_TMPDIR/root.log" 2>&1 </dev/null 3>&- &
        local other=$! first=$id
        within 60 test -s "$volumes/data/$each/roots"
        id=$id-b
        edit '.linux.cgroupsPath += "-b"'
        run -0 lowered 'umask 077; cat /data/roots; echo users >/data/users'
        assert_has "$output" roots
        wait "$other"
        assert_has "$(<"$BATS_TEST_TMPDIR/root.log")" users
        assert_hasnt "$(<"$BATS_TEST_TMPDIR/root.log")" 1001
        cleanup || true
        id=$first
    done
}

# As the kubelet prepares it: bound below volume-subpaths, of what lies in the pod's volume.
@test "subPath: it is what it was bound of" {
    for each in "${ways[@]}"; do
        begin "$each"
        roots_volume "$each"
        mkdir -p "$volumes/data/$each/sub" "$volumes/subpaths/0" "$volumes/subpaths/1" "$volumes/elsewhere"
        chmod 0700 "$volumes/data/$each/sub" "$volumes/elsewhere"
        mount --bind "$volumes/data/$each/sub" "$volumes/subpaths/0"
        mount --bind "$volumes/elsewhere" "$volumes/subpaths/1"
        bind "$volumes/subpaths/0" /sub
        bind "$volumes/subpaths/1" /host
        run -0 lowered 'touch /sub/new && echo open; touch /host/new || echo closed; grep -E " /(sub|host) " /proc/self/mountinfo'
        assert_has "$output" open
        assert_has "$output" closed
        [[ $(on_disk "$volumes/data/$each/sub/new") == '0:0 644' ]]
        assert_hasnt "$(grep ' /host ' <<<"$output")" idmapped
        is_hook || assert_has "$(<"$log")" 'volumes.allow of the policy does not name /run/volumes/subpaths/1'
        umount "$volumes/subpaths/0" "$volumes/subpaths/1"
    done
}

@test "a volume that somebody else than root could exchange is never mapped" {
    begin wrapper-crun
    roots_volume secret
    mkdir -m 0777 "$volumes/data/open"
    ln -s ../secret "$volumes/data/open/link"
    mkdir -m 0700 "$volumes/data/open/dir"
    bind "$volumes/data/open/link" /link
    bind "$volumes/data/open/dir" /dir
    run -0 lowered 'ls /link || echo closed; grep -E " /(link|dir) " /proc/self/mountinfo'
    assert_has "$output" closed
    assert_hasnt "$output" idmapped
    assert_has "$(<"$log")" 'others than root can change /run/volumes/data/open'
}

@test "what is the node's own is never mapped, wherever it is bound" {
    begin wrapper-crun
    roots_volume own
    mount --bind /etc "$volumes/data/own"
    bind "$volumes/data/own" /own
    set_policy '{"rules": {"user.volumes": "edit"}, "volumes": {"allow": ["/run/**"]}}'
    bind /run /all
    run -0 lowered 'touch /own/new || echo closed; grep " /own " /proc/self/mountinfo'
    assert_has "$output" closed
    assert_hasnt "$output" idmapped
    assert_has "$(<"$log")" "is the node's own, and is never mapped"
    umount "$volumes/data/own"
}

@test "a second pass changes nothing, and a restart maps again" {
    begin wrapper-crun
    roots_volume data
    bind "$volumes/data/data" /data
    for _ in 1 2; do
        run -0 lowered 'touch /data/new && echo open'
        assert_has "$output" open
        cp "$bundle/config.json" "$BATS_TEST_TMPDIR/once.json"
        run -0 wrapped run --bundle "$bundle" "$id"
        assert_has "$output" open
        cmp "$bundle/config.json" "$BATS_TEST_TMPDIR/once.json"
        again
    done
}

@test "exec finds the volume as the container does" {
    for each in "${ways[@]}"; do
        [[ $each == wrapper-* ]] || continue
        begin "$each"
        roots_volume "$each"
        bind "$volumes/data/$each" /data
        start_sleeper
        make_process 0 0 'id -u; touch /data/by-exec; ls -ln /data'
        run -0 wrapped exec --process "$BATS_TEST_TMPDIR/process.json" "$id"
        assert_has "$output" 1001
        assert_has "$output" by-exec
        [[ $(on_disk "$volumes/data/$each/by-exec") == '0:0 644' ]]
    done
}

@test "emptyDir with fsGroup: the group stays" {
    for each in "${ways[@]}"; do
        begin "$each"
        roots_volume "$each"
        chown 0:2000 "$volumes/data/$each"
        chmod 2777 "$volumes/data/$each"
        bind "$volumes/data/$each" /data
        edit '.process.user.additionalGids = [2000]'
        run -0 lowered 'touch /data/new; ls -lnd /data /data/new'
        [[ $(seen_owner /data/new) == '1001 2000' ]]
        [[ $(on_disk "$volumes/data/$each/new") == '0:2000 644' ]]
    done
}

@test "a volume at a link of the image, a file as a volume, the program and its directory on a volume" {
    for each in "${ways[@]}"; do
        begin "$each"
        roots_volume "$each"
        ln -sfn /srv "$rootfs/to-srv"
        cp "$rootfs/bin/busybox" "$volumes/data/$each/busybox"
        chmod 0700 "$volumes/data/$each/busybox"
        (umask 077 && echo text >"$volumes/data/$each.file")
        bind "$volumes/data/$each" /to-srv/inside
        bind "$volumes/data/$each.file" /file
        edit '.process.cwd = "/srv/inside"'
        ! is_hook || grant CAP_DAC_OVERRIDE # as engines have it: root starts what has become another's
        mkdir -p "$rootfs/srv/inside"
        starts /srv/inside/busybox sh -c 'id; cat /file; touch new; ls -ln /proc/self/cwd/'
        if is_hook; then
            add_hook createRuntime
            run -0 run_bare
        else
            run -0 run_wrapped
        fi
        assert_normal_user "$output"
        assert_has "$output" text
        [[ $(on_disk "$volumes/data/$each/new") == '0:0 644' ]]
    done
}

@test "what is shared with the node, and what has a user namespace, is not mapped" {
    for each in hook-runc hook-crun; do
        begin "$each"
        roots_volume "$each"
        mount --bind "$volumes/data/$each" "$volumes/data/$each"
        mount --make-shared "$volumes/data/$each"
        bind "$volumes/data/$each" /data rshared
        edit '.linux.rootfsPropagation = "shared"'
        see_mounts
        run -0 lowered 'id; grep " /data " /proc/self/mountinfo'
        assert_normal_user "$output"
        assert_hasnt "$output" idmapped
        same_mounts
        umount "$volumes/data/$each"
    done
    begin wrapper-crun
    roots_volume users
    bind "$volumes/data/users" /data
    user_namespace
    run lowered 'id'
    [[ $(jq -c '[.mounts[] | has("uidMappings")] | any' "$bundle/config.json") == false ]]
}

@test "the node's mounts are the same afterwards, and no helper is left" {
    for each in "${ways[@]}"; do
        begin "$each"
        roots_volume "$each"
        bind "$volumes/data/$each" /data
        see_mounts
        run -0 lowered 'touch /data/new'
        same_mounts
        no_helper
    done
}

# The program is exchanged all the time: sooner or later that happens between the look and the cover.
@test "whoever starts as root after all, because the hook failed and the policy says so, finds root's volume" {
    begin hook-runc
    roots_volume data
    bind "$volumes/data/data" /data
    set_policy '{"onError": "warn", "rules": {"user.volumes": "edit"}, "volumes": {"allow": ["/run/volumes/data/**"]}}'
    own=$BATS_TEST_TMPDIR/rootfs
    cp -a "$rootfs" "$own"
    edit '.root.path = $own' --arg own "$own"
    container_runs 'id -u; umask 077; touch /data/new; grep " /data " /proc/self/mountinfo'
    add_hook createRuntime
    start_daemon /dev/null bash -c 'while :; do cp "$1" "$1.new" && mv "$1.new" "$1"; done' exchange "$own/bin/busybox"
    local exchange=$! failed=0 tries
    for ((tries = 0; tries < 100 && failed < 3; tries++)); do
        run run_bare
        if [[ ${lines[0]-} == 0 ]]; then
            failed=$((failed + 1))
            assert_hasnt "$output" idmapped
        fi
        [[ ! -e $volumes/data/data/new || $(on_disk "$volumes/data/data/new") == '0:0 600' ]]
        rm -f "$volumes/data/data/new"
    done
    kill "$exchange"
    within 60 has_ended "$exchange"
    ((failed >= 1))
    no_helper
}
