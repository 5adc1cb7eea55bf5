# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034,SC2154 # bin and root are set by lib.bash
# A dockerd of our own: data, state, socket, no bridge. ocinorm is registered in daemon.json.

lab=/run/ocinorm-docker
policy=/etc/ocinorm/config.json
app=live.local/app:1
limits=(--cpus 1.5 --memory 128m) # 2 CPUs, rounded up; nine tenths of 128 MiB
export DOCKER_HOST=unix://$lab/sock

# What README.md tells an operator to write, and where this Docker keeps its things. "recorder" is a
# runtime that keeps what Docker wrote, then goes on as ocinorm.
write_daemon_json() {
    sed '1,/^```json$/d; /^```$/,$d' "$BATS_TEST_DIRNAME/README.md" |
        jq --arg lab "$lab" --arg bin "$bin" '
            .runtimes.ocinorm.path = $bin + "/ocinorm-runtime" |
            .runtimes.recorder.path = $lab + "/recorder" |
            . + {
                "data-root": ($lab + "/data"), "exec-root": ($lab + "/exec"), pidfile: ($lab + "/pid"),
                hosts: ["unix://" + $lab + "/sock"], "storage-driver": "vfs", bridge: "none",
                iptables: false, ip6tables: false, "ip-forward": false, "ip-masq": false,
                "cgroup-parent": "/ocinorm-docker"
            }' >"$lab/daemon.json"
    cat >"$lab/recorder" <<END
#!/bin/sh
for word; do
    [ "\$before" != --bundle ] || [ -e "$lab/recorded.json" ] || cp "\$word/config.json" "$lab/recorded.json"
    before=\$word
done
exec "$bin/ocinorm-runtime" "\$@"
END
    chmod 0755 "$lab/recorder"
}

lab_up() {
    rm -rf "$lab"
    mkdir -p "$lab"
    own_etc "$lab/etc"
    make_rootfs "$lab/app"
    make_elf arm64 "$lab/app/foreign"
    write_daemon_json
    start_daemon "$lab/log" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin dockerd --config-file "$lab/daemon.json"
    within 600 docker version >/dev/null 2>&1
    tar -C "$lab/app" -c . | docker import -c 'ENV PATH=/bin' -c 'CMD ["/bin/sh"]' - "$app"
}

# What a test file has in common.
setup_lab() { lab_up >"$BATS_FILE_TMPDIR/up.log" 2>&1 || { cat "$BATS_FILE_TMPDIR/up.log" "$lab/log" >&2; return 1; }; }

lab_down() {
    local pid
    remove_all
    pid=$(cat "$lab/pid")
    kill "$pid"
    within 600 has_ended "$pid" || true
    umount --lazy /etc
    find /sys/fs/cgroup -depth -type d -path '*/ocinorm-docker*' -exec rmdir {} + 2>/dev/null || true
}

remove_all() { docker ps --all --quiet | xargs -r docker rm --force >/dev/null 2>&1; }

run_ocinorm() { docker run --network none --runtime ocinorm "$@" 3>&-; }

# The file that the runtime was given.
config_of() { # CONTAINER
    find "$lab/exec" -path "*/$(docker inspect --format '{{.Id}}' "$1")/config.json"
}

assert_fitting_variables() { # OUTPUT-OF-ENV
    assert_has "$1" GOMAXPROCS=2
    assert_has "$1" GOMEMLIMIT=120795955
}
