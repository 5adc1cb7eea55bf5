#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2016,SC2154
# user.volumes with Podman: named volumes and -v, by the wrapper and by the hook.
load ../lib.bash
load lab.bash

setup_file() { setup_lab; }
teardown_file() { lab_down; }
setup() {
    set_policy '{"rules": {"user.volumes": "edit"},
        "volumes": {"allow": ["/run/ocinorm-podman/root/volumes/*/_data", "/run/ocinorm-podman/data"]}}'
    rm -rf "$lab/data"
    mkdir -m 0700 "$lab/data"
}
teardown() {
    remove_all
    no_hook
    podman volume rm --all --force >/dev/null 2>&1 || true
}

wrapper_maps() { [[ $low == crun || $(runc --version) != 'runc version 1.1.'* ]]; }

# The container that wrote as root goes on as 1001, and as root again.
assert_goes_on() { # PODMAN-OPTION...
    run -0 seen podman run --rm -v "$lab/data:/data" -v named:/named "$app" \
        sh -c 'umask 077; echo yesterday | tee /data/old >/named/old; id -u'
    run -0 seen "$@" run --rm -v "$lab/data:/data" -v named:/named "$app" \
        sh -c 'id; umask 077; cat /data/old /named/old; echo today >/data/new; echo today >/named/new'
    assert_normal_user "$output"
    [[ $(grep -c yesterday <<<"$output") == 2 ]]
    [[ $(stat -c %u:%g "$lab/data"/* "$lab/root/volumes/named/_data"/* | sort -u) == 0:0 ]]
    no_hook
    run -0 seen podman run --rm -v "$lab/data:/data" -v named:/named "$app" \
        sh -c 'cat /data/new /named/new; ls -ln /data /named'
    [[ $(grep -c today <<<"$output") == 2 ]]
    assert_hasnt "$output" 1001
}

@test "volumes: through the wrapper" {
    if wrapper_maps; then
        assert_goes_on podman --runtime ocinorm
    else
        run seen podman --runtime ocinorm run --rm -v "$lab/data:/data" "$app" sh -c 'id; ls /data || echo closed'
        assert_normal_user "$output"
        assert_has "$output" closed
    fi
}

@test "volumes: through the createRuntime hook" {
    use_hook createRuntime
    assert_goes_on podman
}

@test "volumes: restarted, and exec" {
    wrapper_maps || return 0
    run_detached --runtime ocinorm run -d --name again -v "$lab/data:/data" "$app" \
        sh -c 'echo x >>/data/starts; id; sleep 1000'
    logs_of again 1 podman >/dev/null
    podman restart --time 0 again 3>&-
    logs_of again 2 podman >/dev/null
    run -0 seen podman exec again sh -c 'id; echo exec >>/data/starts'
    assert_normal_user "$output"
    [[ $(grep -c . "$lab/data/starts") == 3 ]]
    [[ $(stat -c %u:%g "$lab/data/starts") == 0:0 ]]
}

@test "volumes: a read-only one is read, resolv.conf and hosts are not mapped" {
    use_hook createRuntime
    (umask 077 && echo text >"$lab/data/file")
    run -0 seen podman run --rm -v "$lab/data:/data:ro" "$app" \
        sh -c 'cat /data/file; touch /data/new || echo closed; grep " /etc/" /proc/self/mountinfo'
    assert_has "$output" text
    assert_has "$output" closed
    assert_hasnt "$output" idmapped
}
