#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2030,SC2031 # each test has an environment of its own
# shellcheck disable=SC2154,SC2016 # bin is set by lib.bash; scripts stand in single quotes
# ocinorm doctor: a tree that is right, broken one thing at a time; and this machine, in mount
# namespaces of their own.

load ../lib.bash

# A node below $node, where everything is right: containerd by file, with the wrapper as a runtime
# and the hook in another's base spec; Podman, CRI-O and Docker with the wrapper.
setup() {
    node=$BATS_TEST_TMPDIR/node
    mkdir -p "$node"/{etc/{ocinorm/conf.d,containerd/conf.d,crio/crio.conf.d,docker},run,usr/{s,}bin} \
        "$node"/etc/containers/containers.conf.d "$node"/usr/libexec/{ocinorm,oci/hooks.d}
    cp "$bin/ocinorm-runtime" "$node/usr/bin/"
    cp "$bin/ocinorm-hook" "$node/usr/libexec/oci/hooks.d/"
    cp "$bin/ocinorm-entry" "$node/usr/libexec/ocinorm/"
    mkdir "$node/bin"
    cp "$(command -v busybox)" "$node/bin/sh"
    for program in sbin/runc bin/containerd bin/crio bin/podman; do
        printf '#!/bin/sh\necho "$0" was run >>/ran\n' >"$node/usr/$program"
        chmod 0755 "$node/usr/$program"
    done
    echo '{"user": {"uid": 2000}}' >"$node/etc/ocinorm/conf.d/10-node.json"
    drop_in=$node/etc/containerd/conf.d/99-ocinorm.toml
    echo 'imports = ["/etc/containerd/conf.d/*.toml"]' >"$node/etc/containerd/config.toml"
    cat >"$drop_in" <<'EOF'
version = 2
[plugins."io.containerd.grpc.v1.cri".containerd]
  default_runtime_name = "runc"
  [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
    runtime_type = "io.containerd.runc.v2"
  [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.ocinorm.options]
    BinaryName = "/usr/bin/ocinorm-runtime"
  [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.hooked]
    base_runtime_spec = "/etc/containerd/spec.json"
EOF
    echo '{"hooks": {"prestart": [{"path": "/usr/libexec/oci/hooks.d/ocinorm-hook"}]}}' \
        >"$node/etc/containerd/spec.json"
    printf '[crio.runtime.runtimes.ocinorm]\nruntime_path = "/usr/bin/ocinorm-runtime"\n' \
        >"$node/etc/crio/crio.conf.d/99-ocinorm.conf"
    printf '[engine.runtimes]\nocinorm = ["/nowhere", "/usr/bin/ocinorm-runtime"]\n' \
        >"$node/etc/containers/containers.conf.d/99-ocinorm.conf"
    echo '{"runtimes": {"safe": {"path": "/usr/bin/ocinorm-runtime"}}, "default-runtime": "safe"}' \
        >"$node/etc/docker/daemon.json"
}

doctor() { "$bin/ocinorm" doctor --root "$node" "$@"; }

# One thing is wrong: AREA, NAME, a part of the text, a part of the fix.
assert_broken() {
    run -1 doctor --format json
    [[ $(jq -r .verdict <<<"$output") == broken ]]
    local row
    row=$(jq -c --arg area "$1" --arg name "$2" \
        '.checks[] | select(.status == "fail" and .area == $area and .name == $name)' <<<"$output")
    assert_has "$(jq -r .text <<<"$row")" "$3"
    assert_has "$(jq -r .fix <<<"$row")" "$4"
    run -1 doctor
    assert_has "$output" "$3"
    assert_has "$output" "fix: "
    assert_has "${lines[-1]}" "broken: "
}

@test "a tree where everything is right: 0, and every engine and handler is named" {
    run -0 doctor
    for part in "profile unknown" "10-node.json" "namespace kube-system" "others         runc" "default        safe" \
        "/usr/libexec/ocinorm/ocinorm-entry" "k3s, rke2" "/usr/sbin/runc" "ok: "; do
        assert_has "$output" "$part"
    done
    run -0 doctor --format json
    for engine in containerd crio podman; do
        jq -e --arg engine "$engine" '.checks[] | select(.area == $engine and .name == "ocinorm" and
            .status == "ok" and (.text | startswith("/usr/bin/ocinorm-runtime, version ")))' <<<"$output"
    done
    jq -e '.checks[] | select(.area == "docker" and .name == "safe" and .status == "ok")' <<<"$output"
    jq -e '.checks[] | select(.area == "containerd" and .name == "hooked" and .status == "ok" and
        (.text | contains("ocinorm-hook")))' <<<"$output"
}

@test "looking changes nothing, and runs nothing of a captured tree" {
    find "$node" -printf '%p %m %T@ %s\n' | sort >"$BATS_TEST_TMPDIR/before"
    run -0 doctor
    find "$node" -printf '%p %m %T@ %s\n' | sort | diff "$BATS_TEST_TMPDIR/before" -
}

@test "broken: the policy" {
    echo '{"user": {"uid": "root"}}' >"$node/etc/ocinorm/conf.d/20-bad.json"
    assert_broken policy valid "20-bad.json:1: /user/uid" "ocinorm config check"
}

@test "broken: switched off" {
    touch "$node/etc/ocinorm/disabled"
    assert_broken policy "switched off" "as if ocinorm were not there" "/etc/ocinorm/disabled"
}

@test "broken: the handler names a program that is not there" {
    rm "$node/usr/bin/ocinorm-runtime"
    assert_broken containerd ocinorm "/usr/bin/ocinorm-runtime does not exist" "ocinorm uninstall containerd"
    assert_broken crio ocinorm "does not exist" "ocinorm uninstall crio"
    assert_broken podman ocinorm "does not exist" "ocinorm uninstall podman"
    assert_broken docker safe "does not exist" "ocinorm uninstall docker"
}

@test "broken: the handler's program is not executable" {
    chmod 0644 "$node/usr/bin/ocinorm-runtime"
    assert_broken containerd ocinorm "is not executable" "ocinorm install containerd"
}

@test "broken: the handler's program is another's, or an ocinorm-hook" {
    cp /bin/true "$node/usr/bin/ocinorm-runtime"
    assert_broken containerd ocinorm "is not ocinorm-runtime, but none of ocinorm's programs" \
        "ocinorm install containerd"
    cp "$bin/ocinorm-hook" "$node/usr/bin/ocinorm-runtime"
    assert_broken containerd ocinorm "is not ocinorm-runtime, but ocinorm-hook" \
        "ocinorm install containerd"
}

@test "broken: what is registered as the hook is the wrapper" {
    sed -i 's,/usr/libexec/oci/hooks.d/ocinorm-hook,/usr/bin/ocinorm-runtime,' "$node/etc/containerd/spec.json"
    assert_broken containerd hooked "is not ocinorm-hook, but ocinorm-runtime" \
        "ocinorm uninstall containerd"
    # Nor is it said, where that is the only one, that the drop-in is not imported.
    sed -i '/ocinorm.options\]\|BinaryName/d' "$drop_in"
    run -1 doctor
    assert_hasnt "$output" "does not import it"
}

@test "broken: CRI-O is led past the handler's program" {
    local drop_in=$node/etc/crio/crio.conf.d/99-ocinorm.conf
    cp "$drop_in" "$BATS_TEST_TMPDIR/before"
    echo 'inherit_default_runtime = true' >>"$drop_in"
    assert_broken crio ocinorm "inherit_default_runtime leads crio past /usr/bin/ocinorm-runtime" "out of the table of ocinorm"
    cp "$BATS_TEST_TMPDIR/before" "$drop_in"
    echo 'platform_runtime_paths = { "linux/amd64" = "/usr/bin/crun" }' >>"$drop_in"
    assert_broken crio ocinorm "platform_runtime_paths leads crio past /usr/bin/ocinorm-runtime" "out of the table of ocinorm"
}

@test "broken: a later file of CRI-O's has another default runtime, or another table of the handler" {
    local directory=$node/etc/crio/crio.conf.d
    sed -i '1i [crio.runtime]\ndefault_runtime = "ocinorm"' "$directory/99-ocinorm.conf"
    run -0 doctor
    mkdir "$directory/zz"
    printf '[crio.runtime]\ndefault_runtime = "runc"\n' >"$directory/zz/site.conf"
    assert_broken crio default "runc, though /etc/crio/crio.conf.d/99-ocinorm.conf says ocinorm" "later file"
    # The last table counts, whole: it names no program.
    printf '[crio.runtime.runtimes.ocinorm]\nruntime_root = "/run/x"\n' >"$directory/zz/site.conf"
    assert_broken crio ocinorm "its table has no runtime_path" "out of the file that is read later"
}

@test "CRI-O's hook is looked for where its hooks_dir says" {
    local directory=$node/etc/crio/crio.conf.d
    printf '[crio.runtime]\nhooks_dir = ["/etc/site/hooks.d"]\n' >"$directory/99-ocinorm.conf"
    mkdir -p "$node/etc/site/hooks.d"
    echo '{"version": "1.0.0", "hook": {"path": "/usr/libexec/oci/hooks.d/ocinorm-hook"}}' \
        >"$node/etc/site/hooks.d/99-ocinorm.json"
    run -0 doctor --format json
    jq -e '.checks[] | select(.area == "crio" and .name == "hook" and .status == "ok" and
        (.text | contains("ocinorm-hook")))' <<<"$output"
}

@test "broken: the drop-in is imported, but there is nothing of ocinorm in it" {
    sed -i '/ocinorm.options\]\|BinaryName\|hooked\|base_runtime_spec/d' "$drop_in"
    assert_broken containerd drop-in "no runtime or hook of" "ocinorm install containerd --force"
}

@test "broken: the drop-in is not imported" {
    echo 'version = 2' >"$node/etc/containerd/config.toml"
    assert_broken containerd drop-in "does not import it" "ocinorm install containerd"
}

@test "broken: the drop-in is no TOML" {
    echo '[plugins' >"$drop_in"
    assert_broken containerd configuration "99-ocinorm.toml" "correct"
}

@test "broken: the base spec is missing, or names a hook that is" {
    rm "$node/usr/libexec/oci/hooks.d/ocinorm-hook"
    assert_broken containerd hooked "ocinorm-hook does not exist" "ocinorm uninstall containerd"
    rm "$node/etc/containerd/spec.json"
    assert_broken containerd hooked "base_runtime_spec, does not exist" "--mode hook"
}

@test "broken: ocinorm-entry is missing, and a hook is registered" {
    rm "$node/usr/libexec/ocinorm/ocinorm-entry"
    assert_broken programs ocinorm-entry "does not exist" "install ocinorm again"
    # Without the hook nobody needs it.
    sed -i '/hooked\]\|base_runtime_spec/d' "$drop_in"
    run -0 doctor
    # It may lie beside the hook, or, where there is none, the wrapper.
    cp "$bin/ocinorm-entry" "$node/usr/bin/"
    run -0 doctor
    assert_has "$output" "/usr/bin/ocinorm-entry"
    rm -r "$node"
    setup
    mv "$node/usr/libexec/ocinorm/ocinorm-entry" "$node/usr/libexec/oci/hooks.d/"
    run -0 doctor
    assert_has "$output" "/usr/libexec/oci/hooks.d/ocinorm-entry"
}

@test "broken: no low-level runtime" {
    rm "$node/usr/sbin/runc"
    assert_broken programs runtime "no low-level runtime is found (runc, crun)" "install runc or crun"
    echo '{"runtimes": ["/opt/runc"]}' >"$node/etc/ocinorm/config.json"
    assert_broken programs runtime "(/opt/runc)" "\"runtimes\""
}

@test "nothing registered is no failure, and says how" {
    rm -r "$node"/etc/{containerd,crio,containers,docker}/*
    run -0 doctor
    assert_has "$output" "not registered"
    assert_has "$output" "ocinorm install containerd"
}

@test "what ocinorm install has put there is right, and its loss is noticed" {
    for engine in containerd crio podman; do
        rm -r "$node"/etc/{containerd,crio,containers}
        mkdir -p "$node"/etc/{containerd,crio,containers}
        echo 'version = 2' >"$node/etc/containerd/config.toml"
        rm "$node/usr/bin/$engine"
        "$bin/ocinorm" install "$engine" --root "$node"
        run -0 doctor
        assert_has "$output" "ocinorm        /usr/bin/ocinorm-runtime, version"
        find "$node/etc" -name '99-ocinorm*' -delete
        echo 'version = 2' >"$node/etc/containerd/config.toml"
        assert_broken "$engine" ocinorm "is not registered any more" "ocinorm install $engine"
        "$bin/ocinorm" uninstall "$engine" --root "$node" --force
        run -0 doctor
    done
}

@test "links are followed inside of the tree only" {
    mkdir "$BATS_TEST_TMPDIR/outside"
    mv "$node/usr/bin/ocinorm-runtime" "$BATS_TEST_TMPDIR/outside/"
    ln -s "$BATS_TEST_TMPDIR/outside/ocinorm-runtime" "$node/usr/bin/ocinorm-runtime"
    assert_broken containerd ocinorm "does not exist" "ocinorm install"
    rm "$node/usr/bin/ocinorm-runtime"
    mkdir "$node/opt"
    mv "$BATS_TEST_TMPDIR/outside/ocinorm-runtime" "$node/opt/"
    ln -s /opt/ocinorm-runtime "$node/usr/bin/ocinorm-runtime"
    run -0 doctor
}

@test "what cannot be looked at: 2" {
    run -2 "$bin/ocinorm" doctor --root "$BATS_TEST_TMPDIR/nowhere"
    assert_has "$output" "nowhere"
    run -2 "$bin/ocinorm" doctor --bogus
    run -2 "$bin/ocinorm" doctor --format yaml
    run -2 "$bin/ocinorm" doctor extra
}

# ---- this machine -----------------------------------------------------------------------------

# A script in a mount namespace with its own /etc/containerd, and nobody's policy.
on_machine() { # SCRIPT
    mkdir -p "$BATS_TEST_TMPDIR"/{containerd,ocinorm}
    BIN=$bin TMP=$BATS_TEST_TMPDIR unshare --mount --propagation private bash -euc '
        mount --bind "$TMP/containerd" /etc/containerd
        [[ ! -d /etc/ocinorm ]] || mount --bind "$TMP/ocinorm" /etc/ocinorm
        '"$1"
}

handler() { # PROGRAM
    printf 'version = 2\n[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.ocinorm]\n'
    printf 'runtime_type = "io.containerd.runc.v2"\n'
    printf '[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.ocinorm.options]\nBinaryName = "%s"\n' "$1"
}

@test "this machine: what is needed of the kernel was tried, versions are the programs' own" {
    run -0 on_machine '"$BIN/ocinorm" doctor --format json'
    jq -e '.checks[] | select(.name == "confined read" and .status == "ok" and (.text | test("tried: ")))' <<<"$output"
    for name in 'entry mounts' 'entry trace'; do
        jq -e --arg name "$name" '.checks[] | select(.name == $name and .status == "ok" and (.text | test("tried: ")))' \
            <<<"$output"
    done
    assert_has "$output" "$(runc --version | head -n 1)"
    assert_has "$output" "$(containerd --version)"
}

@test "this machine: a crun that gives the node's /dev/null away is told" {
    local says
    for version in 1.8.1 1.23.1 1.24 1.28; do
        printf '#!/bin/sh\necho crun version %s\n' "$version" >"$BATS_TEST_TMPDIR/crun"
        chmod 755 "$BATS_TEST_TMPDIR/crun"
        run -0 on_machine 'mount --bind "$TMP" /usr/local/bin; "$BIN/ocinorm" doctor --format json'
        says=$(jq -r '.checks[] | select(.name == "crun devices") | "\(.area) \(.status) \(.text) \(.fix)"' <<<"$output")
        case $version in
        1.8.1 | 1.23.1) assert_has "$says" 'programs note this crun gives a device' ;;
        *) [[ -z $says ]] ;;
        esac
    done
}

@test "this machine: nothing is left of what was tried" {
    run -0 on_machine 'see() { cut -d" " -f1-3,6- /proc/self/mountinfo | sort; ls -d /tmp/program /tmp/dev 2>&1 || true; }
        see >"$TMP/before"
        "$BIN/ocinorm" doctor
        see | diff "$TMP/before" -'
}

@test "this machine: containerd's own word counts, for a handler and for a configuration it refuses" {
    mkdir -p "$BATS_TEST_TMPDIR/containerd"
    handler "$bin/ocinorm-runtime" >"$BATS_TEST_TMPDIR/containerd/config.toml"
    run -0 on_machine '"$BIN/ocinorm" doctor'
    assert_has "$output" "$bin/ocinorm-runtime, version"
    echo 'version = "two"' >"$BATS_TEST_TMPDIR/containerd/config.toml"
    run -1 on_machine '"$BIN/ocinorm" doctor'
    assert_has "$output" "containerd refuses its configuration, and would not start again"
}

@test "this machine: a program on a noexec mount" {
    mkdir -p "$BATS_TEST_TMPDIR/containerd" "$BATS_TEST_TMPDIR/noexec"
    handler "$BATS_TEST_TMPDIR/noexec/ocinorm-runtime" >"$BATS_TEST_TMPDIR/containerd/config.toml"
    run -1 on_machine 'mount -t tmpfs -o noexec none "$TMP/noexec"
        cp "$BIN/ocinorm-runtime" "$TMP/noexec/"
        "$BIN/ocinorm" doctor'
    assert_has "$output" "mounted noexec?"
}

@test "this machine: a drop-in that the running containerd has not read" {
    mkdir -p "$BATS_TEST_TMPDIR/containerd/conf.d" "$BATS_TEST_TMPDIR/run"
    printf 'version = 2\nimports = ["/etc/containerd/conf.d/*.toml"]\n' >"$BATS_TEST_TMPDIR/containerd/config.toml"
    handler "$bin/ocinorm-runtime" >"$BATS_TEST_TMPDIR/containerd/conf.d/99-ocinorm.toml"
    socket='mount --bind "$TMP/run" /run; mkdir -p /run/containerd
        python3 -c "import socket; socket.socket(socket.AF_UNIX).bind(\"/run/containerd/containerd.sock\")"'
    run -0 on_machine "$socket; \"\$BIN/ocinorm\" doctor"
    touch -d 'now + 1 hour' "$BATS_TEST_TMPDIR/containerd/conf.d/99-ocinorm.toml"
    rm -r "$BATS_TEST_TMPDIR/run/containerd"
    run -1 on_machine "$socket; \"\$BIN/ocinorm\" doctor"
    assert_has "$output" "which has not read it"
    assert_has "$output" "systemctl restart containerd.service"
}

@test "this machine: kernels that lack something" {
    "${CC:-cc}" -O1 -o "$BATS_TEST_TMPDIR/without" "$root/integration/without.c"
    number() { printf '#include <sys/syscall.h>\nSYS_%s\n' "$1" | "${CC:-cc}" -E - | tail -n 1; }
    for call in fsopen move_mount open_tree mount_setattr; do
        run -1 on_machine "\"\$TMP/without\" $(number "$call") \"\$BIN/ocinorm\" doctor"
        assert_has "$output" "fail    entry mounts"
        assert_has "$output" "use the runtime wrapper"
    done
    for call in ptrace pidfd_open; do
        run -1 on_machine "\"\$TMP/without\" $(number "$call") \"\$BIN/ocinorm\" doctor"
        assert_has "$output" "fail    entry trace"
        assert_has "$output" "use the runtime wrapper"
    done
    run -0 on_machine "\"\$TMP/without\" $(number landlock_create_ruleset) \"\$BIN/ocinorm\" doctor"
    assert_has "$output" "answered; no Landlock"
    # The confined child dies of a call that it needs.
    run -1 on_machine "\"\$TMP/without\" '!$(number setresuid)' \"\$BIN/ocinorm\" doctor"
    assert_has "$output" "fail    confined read"
}

@test "this machine: what root in a container may not do is unknown, exit status 2" {
    run -2 on_machine 'exec setpriv --bounding-set -sys_admin "$BIN/ocinorm" doctor'
    assert_has "$output" "unknown entry mounts   not tried: this takes CAP_SYS_ADMIN"
}

@test "this machine, without root: what takes root is unknown, exit status 2" {
    chmod 0755 "$BATS_TEST_TMPDIR"
    run -2 on_machine 'exec setpriv --reuid 65534 --regid 65534 --clear-groups "$BIN/ocinorm" doctor'
    assert_has "$output" "unknown entry mounts"
    assert_has "$output" "as root"
}

@test "this machine: a runtime that makes no idmapped mounts is told, and one that does is not" {
    local version=1.1.99 fake=$BATS_TEST_TMPDIR/runtime before
    before=$(ls /run/ocinorm 2>&1) || true
    printf '#!/bin/sh\n[ "$1" = features ] || echo "runc version $(cat "%s")"\n' "$fake.version" >"$fake"
    chmod 0755 "$fake"
    echo "$version" >"$fake.version"
    jq -n --arg runtime "$fake" '{runtimes: [$runtime]}' >"$BATS_TEST_TMPDIR/volumes.json"
    run "$bin/ocinorm" doctor --config "$BATS_TEST_TMPDIR/volumes.json"
    assert_has "$output" 'runc 1.1.99 makes no idmapped mounts'
    assert_has "$output" 'createRuntime hook'
    printf '#!/bin/sh\ncase $1 in features) echo "{\\"linux\\":{\\"mountExtensions\\":{\\"idmap\\":{\\"enabled\\":true}}}}";; *) echo "runc version 1.2.5";; esac\n' >"$fake"
    run "$bin/ocinorm" doctor --config "$BATS_TEST_TMPDIR/volumes.json"
    assert_hasnt "$output" 'idmapped'
    [[ $(ls /run/ocinorm 2>&1) == "$before" ]] # the doctor changes nothing
}
