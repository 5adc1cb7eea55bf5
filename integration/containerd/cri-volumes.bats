#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2016,SC2030,SC2031,SC2154
# user.volumes in pods: volumes as the kubelet prepares them, by the built-in volumes.allow. The handlers are in
# lab.bash: runc and crun behind the wrapper, and the hook on both.

load ../lib.bash
load lab.bash

app=live.local/app:1
pod=/var/lib/kubelet/pods/8c1e7f0a

setup_file() {
    lab_up >"$BATS_FILE_TMPDIR/up.log" 2>&1 || { cat "$BATS_FILE_TMPDIR/up.log" >&2; return 1; }
    for name in policy policy-crun; do
        jq '.rules["user.volumes"] = "edit"' "$lab/$name.json" >"$lab/$name.new"
        mv "$lab/$name.new" "$lab/$name.json"
    done
    # The root of this node is an overlay, which no kernel maps.
    mkdir -p /var/lib/kubelet
    mount -t tmpfs -o mode=0700 tmpfs /var/lib/kubelet
    (umask 027 && mkdir -p $pod/{volumes/kubernetes.io~{empty-dir,secret,projected},volume-subpaths})
}
teardown_file() { lab_down; }

setup() {
    [[ -S $lab/sock ]] || { tail -n 5 "$lab/log" >&2; return 1; }
    handlers=(hook crun hook-crun)
    [[ $(runc --version) == 'runc version 1.1.'* ]] || handlers+=(ocinorm)
}

# A directory of root's in the pod's volumes.
volume() { # KIND NAME MODE
    local at=$pod/volumes/kubernetes.io~$1/$2
    mkdir -m "$3" "$at"
    echo "$at"
}

# As the kubelet writes one: a tmpfs, the files behind "..data".
secret() { # KIND NAME FILE-MODE
    local at
    at=$(volume "$1" "$2" 0755)
    mount -t tmpfs -o mode=1777 tmpfs "$at"
    mkdir -m 0755 "$at/..2026_12_01_01_31_15.1"
    echo "of $2" >"$at/..2026_12_01_01_31_15.1/token"
    chmod "$3" "$at/..2026_12_01_01_31_15.1/token"
    ln -s ..2026_12_01_01_31_15.1 "$at/..data"
    ln -s ..data/token "$at/token"
    echo "$at"
}

@test "CRI: a token 0600, a Secret 0400, an emptyDir of root's" {
    for handler in "${handlers[@]}"; do
        token=$(secret projected "token-$handler" 0600)
        key=$(secret secret "key-$handler" 0400)
        cache=$(volume empty-dir "cache-$handler" 0755)
        (umask 077 && echo yesterday >"$cache/old")
        run -0 cri mounted "$handler" default "$app" \
            "/var/run/secrets/kubernetes.io/serviceaccount=$token=ro /key=$key=ro /cache=$cache" /bin/sh -c \
            'id; cd /var/run/secrets/kubernetes.io/serviceaccount; cat token /key/token /cache/old; echo today >/cache/new; touch /key/x || echo closed'
        assert_normal_user "$output"
        assert_has "$output" "of token-$handler"
        assert_has "$output" "of key-$handler"
        assert_has "$output" yesterday
        assert_has "$output" closed
        [[ $(stat -c %u:%g "$cache"/{old,new} "$token/token" | sort -u) == 0:0 ]]
        [[ $(<"$cache/new") == today ]]
    done
}

@test "CRI: without ocinorm the same volume is root's, before and after" {
    cache=$(volume empty-dir both 0700)
    run -0 cri mounted runc default "$app" "/cache=$cache" /bin/sh -c 'umask 077; echo first >/cache/file'
    run -0 cri mounted "${handlers[0]}" default "$app" "/cache=$cache" /bin/sh -c \
        'id -u; cat /cache/file; echo second >>/cache/file'
    assert_has "$output" first
    run -0 cri mounted runc default "$app" "/cache=$cache" /bin/sh -c 'id -u; cat /cache/file; ls -ln /cache'
    assert_has "$output" second
    assert_hasnt "$output" 1001
}

@test "CRI: a subPath of a volume is mapped, one of a hostPath is not" {
    for handler in "${handlers[@]}"; do
        cache=$(volume empty-dir "sub-$handler" 0755)
        mkdir -m 0700 "$cache/sub" "/run/host-$handler"
        mkdir -p "$pod/volume-subpaths/$handler/app/"{0,1}
        mount --bind "$cache/sub" "$pod/volume-subpaths/$handler/app/0"
        mount --bind "/run/host-$handler" "$pod/volume-subpaths/$handler/app/1"
        run -0 cri mounted "$handler" default "$app" \
            "/sub=$pod/volume-subpaths/$handler/app/0 /host=$pod/volume-subpaths/$handler/app/1" /bin/sh -c \
            'touch /sub/new && echo open; touch /host/new || echo closed'
        assert_has "$output" open
        assert_has "$output" closed
        [[ $(stat -c %u:%g "$cache/sub/new") == 0:0 ]]
        umount "$pod/volume-subpaths/$handler/app/"{0,1}
        rmdir "/run/host-$handler"
    done
}

@test "CRI: the kubelet's own files are not mapped, and the sandbox's are not" {
    echo 192.0.2.1 example >"$pod/etc-hosts"
    for handler in "${handlers[@]}"; do
        run -0 cri mounted "$handler" default "$app" "/etc/hosts=$pod/etc-hosts" /bin/sh -c \
            'id -u; cat /etc/hosts; grep -E " /(etc/|dev/shm)" /proc/self/mountinfo'
        assert_has "$output" 1001
        assert_has "$output" '192.0.2.1 example'
        assert_hasnt "$output" idmapped
    done
}

@test "CRI: what an old runc would ignore, is not written for it" {
    [[ $(runc --version) == 'runc version 1.1.'* ]] || return 0
    cache=$(volume empty-dir ignored 0700)
    run cri mounted ocinorm default "$app" "/cache=$cache" /bin/sh -c 'id -u; ls /cache || echo closed'
    assert_has "$output" closed
}
