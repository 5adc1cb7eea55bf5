# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034,SC2094,SC2154 # shared with lib.bash; names of files, not files
# A Podman of our own: storage, state, hooks directory and containers.conf. The low-level runtime is
# runc, in the folder podman-crun it is crun.

low=runc
[[ $BATS_TEST_DIRNAME != *-crun ]] || low=crun
lab=/run/ocinorm-podman
policy=/etc/ocinorm/config.json
app=live.local/app:1
limits=(--cpus 1.5 --memory 128m) # 2 CPUs, rounded up; nine tenths of 128 MiB
export PODMAN_IGNORE_CGROUPSV1_WARNING=1

podman() {
    command podman --root "$lab/root" --runroot "$lab/runroot" --tmpdir "$lab/tmp" --storage-driver vfs "$@"
}

# The files that README.md tells an operator to write, with the programs under test in them.
readme_file() { # FILE
    awk -v file="$1:" '$0 == file { found = 1; next } found && /^```$/ { exit } found && !/^```/' \
        "$BATS_TEST_DIRNAME/../podman/README.md" |
        sed "s#/usr/[a-z/.]*/\(ocinorm-[a-z]*\)#$bin/\1#"
}

# "plain" is the same program, but Podman does not know that it can log in JSON. Not every machine may
# raise limits.
configure() {
    local dir=/etc/containers/containers.conf.d name
    rm -rf "$dir"
    mkdir -p "$dir" /etc/ocinorm/hooks.d
    for name in ocinorm ocinorm-hook; do
        readme_file "$dir/$name.conf" >"$dir/$name.conf"
    done
    cat >"$dir/live.conf" <<END
[containers]
netns = "none"
default_ulimits = ["nofile=1024:4096", "nproc=1024:4096"]
[engine]
cgroup_manager = "cgroupfs"
events_logger = "none"
runtime = "$low"
[engine.runtimes]
plain = ["$bin/ocinorm-runtime"]
END
}

set_policy() { # JSON
    jq --arg low "$(command -v "$low")" '. + {runtimes: [$low]}' <<<"$1" >"$policy"
}

# Every container of this Podman gets the hook, until no_hook.
use_hook() { # STAGE [PROGRAM]
    readme_file /etc/ocinorm/hooks.d/ocinorm.json |
        jq --arg stage "$1" --arg program "${2:-}" \
            '.stages = [$stage] | .hook.args[1] = $stage | if $program != "" then .hook.path = $program else . end' \
            >/etc/ocinorm/hooks.d/ocinorm.json
}

no_hook() { rm -f /etc/ocinorm/hooks.d/ocinorm.json; }

# Podman gives the runtime an environment of its own, so the policy is where it is on a node.
lab_up() {
    rm -rf "$lab"
    mkdir -p "$lab"
    own_etc "$lab/etc"
    configure
    make_rootfs "$lab/app"
    make_elf arm64 "$lab/app/foreign"
    tar -C "$lab/app" -cf "$lab/app.tar" .
    podman import --quiet --change ENV=PATH=/bin --change CMD=/bin/sh "$lab/app.tar" "$app"
}

lab_down() {
    remove_all
    umount --lazy /etc
    rm -rf "$lab"
    # Podman leaves empty control groups behind. One that is in use stays.
    find /sys/fs/cgroup -depth -type d -path '*/libpod_parent*' -exec rmdir {} + 2>/dev/null || true
}

# What a test file has in common.
setup_lab() { lab_up >"$BATS_FILE_TMPDIR/up.log" 2>&1 || { cat "$BATS_FILE_TMPDIR/up.log" >&2; return 1; }; }
remove_all() {
    podman pod rm --force --all --time 0
    podman rm --force --all --time 0
} >/dev/null 2>&1

# Of a container that was removed: no state of the runtime, no control group, no file.
assert_gone() { within 600 is_gone "$1"; } # CONTAINER-ID

is_gone() { # CONTAINER-ID
    # What is hidden (integration/enter.sh), Podman and crun take for a directory.
    [[ ! -e /run/$low/$1 &&
        -z $(find /sys/fs/cgroup -path "*$1*" ! -path '*/unified/*') &&
        -z $(find "$lab" -name "*$1*") ]]
}

# A container in the background. bats waits for whoever holds descriptor 3.
run_detached() { podman "$@" >"$BATS_TEST_TMPDIR/detached.log" 2>&1 </dev/null 3>&- || { cat "$BATS_TEST_TMPDIR/detached.log" >&2; return 1; }; }

# The file that the runtime was given.
config_of() { # CONTAINER
    podman inspect --format '{{.OCIConfigPath}}' "$1"
}

assert_fitting_variables() { # OUTPUT-OF-ENV
    assert_has "$1" GOMAXPROCS=2
    assert_has "$1" GOMEMLIMIT=120795955
}

# A container that prints env and id is started, restarted, and stopped and started again.
assert_normal_thrice() { # CONTAINER
    logs_of "$1" 1 podman >/dev/null
    podman restart --time 0 "$1" 3>&-
    logs_of "$1" 2 podman >/dev/null
    podman stop --time 0 "$1"
    podman start "$1" 3>&-
    run -0 logs_of "$1" 3 podman
    [[ $(grep -c 'uid=1001(app) gid=1001(app)$' <<<"$output") -eq 3 ]]
    [[ $(grep -c '^GOMAXPROCS=2$' <<<"$output") -eq 3 ]]
}
