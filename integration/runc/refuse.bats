#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2016,SC2030,SC2031,SC2154
# What does not start, what is said about it, and what is left of the bundle.
load ../lib.bash

setup_file() {
    make_rootfs "$BATS_FILE_TMPDIR/rootfs"
    make_elf arm64 "$BATS_FILE_TMPDIR/rootfs/bin/foreign"
}
setup() {
    make_bundle
    log=$BATS_TEST_TMPDIR/log
}
teardown() { cleanup; }

unchanged() { cmp "$bundle/config.json" "$BATS_TEST_TMPDIR/${1:-original.json}"; }

@test "a program for arm64 is refused in a sentence" {
    edit '.process.args = ["/bin/foreign"]'
    cp "$bundle/config.json" "$BATS_TEST_TMPDIR/foreign.json"
    run -1 --separate-stderr run_wrapped
    [[ -z $output ]]
    [[ ${stderr_lines[0]} == 'ocinorm: denied [platform.arch]: '* ]]
    assert_has "${stderr_lines[0]}" arm64
    assert_has "${stderr_lines[0]}" amd64
    assert_has "${stderr_lines[0]}" '; '
    no_container
    unchanged foreign.json
}

@test "at level warn, the program for arm64 is the runtime's to refuse" {
    set_policy '{"rules": {"platform.arch": "warn"}}'
    edit '.process.args = ["/bin/foreign"]'
    run run_wrapped --log "$log"
    [[ $status -ne 0 ]]
    assert_has "$(<"$log")" platform.arch
    assert_hasnt "$output" 'ocinorm: denied'
}

@test "an entrypoint that is not there is refused" {
    edit '.process.args = ["nowhere"]'
    run -1 --separate-stderr run_wrapped
    [[ ${stderr_lines[0]} == 'ocinorm: denied [entry.found]: '* ]]
    assert_has "${stderr_lines[0]}" nowhere
    no_container
}

@test "a denial reaches the runtime's log, as JSON and as text" {
    edit '.process.args = ["nowhere"]'
    run -1 run_wrapped --log "$log" --log-format json
    [[ $(jq -r .level <"$log") == error ]]
    assert_has "$(jq -r .msg <"$log")" '[entry.found]'
    jq -er '.time | fromdateiso8601' <"$log"
    run -1 run_wrapped --log "$log.text" --log-format text
    grep -E '^time="[0-9TZ:+-]+" level=error msg=".*\[entry\.found\].*"$' "$log.text"
}

@test "an unknown policy key starts nothing, and the log names file, line and key" {
    printf '{\n  "version": 1,\n  "usr": {}\n}\n' >"$policy"
    echo '{"level":"info","msg":"older","time":"2026-01-01T00:00:00Z"}' >"$log"
    run -1 run_wrapped --log "$log" --log-format json
    [[ $(jq -sr '.[0].msg' <"$log") == older ]]
    message=$(jq -sr 'last | select(.level == "error") | .msg' <"$log")
    assert_has "$message" "$policy"
    assert_has "$message" :3
    assert_has "$message" usr
    assert_has "$message" user
    assert_has "$output" "$message"
    no_container
    unchanged
}

@test "with a broken policy, containers can still be listed, killed and deleted" {
    start_sleeper
    printf '{"runtimes": ["%s"], "usr": {}}' "$low_path" >"$policy"
    run -0 wrapped list
    assert_has "$output" "$id"
    run -0 wrapped kill "$id" KILL
    run -0 wrapped delete --force "$id"
    no_container
}

@test "config.json that is no JSON is refused with line and column" {
    echo '{"process": ' >"$bundle/config.json"
    run -1 --separate-stderr run_wrapped
    [[ ${stderr_lines[0]} =~ ^'ocinorm: error: '.*config\.json:\ ?[0-9]+:[0-9]+ ]]
    no_container
}

@test "a bundle without config.json is an error that names it" {
    rm "$bundle/config.json"
    run -1 --separate-stderr run_wrapped
    assert_has "${stderr_lines[0]}" "$bundle/config.json"
    no_container
}

@test "a read-only bundle is an error, and config.json stays whole" {
    run -1 --separate-stderr unshare --mount --propagation private sh -c \
        'mount --bind "$0" "$0" && mount -o remount,bind,ro "$0" && exec "$@"' "$bundle" \
        "$bin/ocinorm-runtime" --root "$state" run --bundle "$bundle" "$id"
    [[ ${stderr_lines[0]} == 'ocinorm: error: '* ]]
    assert_has "${stderr_lines[0]}" 'Read-only file system'
    no_container
    unchanged
}

@test "a full disk is an error, and config.json stays whole" {
    run -1 --separate-stderr unshare --mount --propagation private sh -c '
        mount -t tmpfs -o size=64k tmpfs "$0" && cp "$1" "$0/config.json" || exit 99
        cat /dev/zero >"$0/filler" 2>/dev/null
        shift
        "$@"; status=$?
        cat "$0/config.json"; ls -A "$0"
        exit $status' "$bundle" "$BATS_TEST_TMPDIR/original.json" \
        "$bin/ocinorm-runtime" --root "$state" run --bundle "$bundle" "$id"
    [[ ${stderr_lines[0]} == 'ocinorm: error: '* ]]
    assert_has "${stderr_lines[0]}" 'No space left on device'
    [[ $output == "$(<"$BATS_TEST_TMPDIR/original.json")"$'\nconfig.json\nfiller' ]]
    no_container
}

@test "a kill at any system call leaves the old config.json or the new one" {
    jq '.runtimes = ["/bin/true"]' "$policy" >"$policy.new" && mv "$policy.new" "$policy"
    create=("$bin/ocinorm-runtime" create --bundle "$bundle" "$id")
    strace -qq -o "$BATS_TEST_TMPDIR/trace" "${create[@]}"
    cp "$bundle/config.json" "$BATS_TEST_TMPDIR/new.json"
    run ! unchanged
    # What comes after the last execve is /bin/true.
    sed -i '1d; /^execve(/,$d' "$BATS_TEST_TMPDIR/trace"
    mapfile -t calls < <(sed 's/(.*//' "$BATS_TEST_TMPDIR/trace" | awk '{ print $1 ":" ++n[$1] }')
    ((${#calls[@]} > 10))
    old=0 new=0 left=
    for call in "${calls[@]}"; do
        cp "$BATS_TEST_TMPDIR/original.json" "$bundle/config.json"
        strace -qq -o /dev/null -e inject="${call%:*}:signal=KILL:when=${call#*:}" "${create[@]}" \
            >/dev/null 2>&1 || true
        # Between naming the new file and renaming it; nothing else is ever left.
        left+=$(find "$bundle" -mindepth 1 -not -name config.json -printf %f)
        if unchanged >/dev/null; then
            old=$((old + 1))
        elif unchanged new.json >/dev/null; then
            new=$((new + 1))
        else
            echo "killed at $call: config.json is neither the old nor the new one" >&2
            return 1
        fi
    done
    echo "old: $old, new: $new, left: $left"
    ((old > 0 && new > 0))
    [[ $left =~ ^(\.config\.json\.ocinorm){0,2}$ ]]
}

# The call that asks for a file without a name fails, as it does on such a file system.
@test "a file system without O_TMPFILE gets a file with a name" {
    jq '.runtimes = ["/bin/true"]' "$policy" >"$policy.new" && mv "$policy.new" "$policy"
    create=("$bin/ocinorm-runtime" create --bundle "$bundle" "$id")
    strace -qq -o "$BATS_TEST_TMPDIR/trace" -e trace=openat "${create[@]}"
    cp "$bundle/config.json" "$BATS_TEST_TMPDIR/new.json"
    number=$(grep '^openat(' "$BATS_TEST_TMPDIR/trace" | grep -n O_TMPFILE | cut -d: -f1)
    cp "$BATS_TEST_TMPDIR/original.json" "$bundle/config.json"
    strace -qq -o "$BATS_TEST_TMPDIR/trace" -e trace=openat,renameat \
        -e inject=openat:error=EOPNOTSUPP:when="$number" "${create[@]}"
    grep -q 'O_TMPFILE.*EOPNOTSUPP' "$BATS_TEST_TMPDIR/trace"
    unchanged new.json
    [[ $(ls -A "$bundle") == config.json ]]
}
