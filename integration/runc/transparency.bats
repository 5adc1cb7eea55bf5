#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2016,SC2030,SC2031,SC2154,SC2317
# The wrapper beside the bare runtime: each command line of commands.txt runs twice in the same place,
# bare and wrapped, and must give the same status, stdout, stderr, files and config.json.
load ../lib.bash

setup_file() { make_rootfs "$BATS_FILE_TMPDIR/rootfs"; }

setup() {
    make_bundle
    edit '.process.args = ["/bin/true"]'
    template=$BATS_TEST_TMPDIR/template.json
    cp "$bundle/config.json" "$template"
    # Apply does not know the container's id, the wrapper does.
    set_policy '{"rules": {"env.otel": "off"}}'
}

teardown() { cleanup; }

# ---- the words of the rows ------------------------------------------------------------------

rt() { timeout --foreground 600 "${mode[@]}" --root "$state" "$@"; }

# The status so far is the row's; what follows only looks.
ended() {
    local status=$?
    ((row_status != 0)) || row_status=$status
}

runs() { edit '.process.args = ["/bin/sh", "-c", $script]' --arg script "$1"; }

detached() { rt run --detach --bundle "$bundle" "$id" >said 2>&1 && within 600 grep -q up said; }

is() { [[ $(bare state "$id" 2>/dev/null | jq -r .status) == "$1" ]]; }
stopped() { ended; within 600 is stopped && echo stopped; }
killed_later() { within 600 is running && bare kill "$id" KILL; }

is_init() { [[ $(<"$1") == "$(bare state "$id" | jq .pid)" ]] && echo "init's pid"; }
runs_program() { [[ $(readlink "/proc/$(<"$1")/exe") == */"$2" ]]; }
is_program() { within 600 runs_program "$@" && echo "the pid of $2"; }

process() { # SCRIPT [PROGRAM]
    jq --arg script "$1" --arg program "${2:-/bin/sh}" \
        '.process | .args = [$program, "-c", $script] | .cwd = "/tmp" | .env += ["A=b"]' \
        "$config" >p.json
}

# Not script(1): at the end of its input it types something, and without one it does not end itself.
# crun 1.8, bare or not, now and then prints the first words as if they were an error: only what is
# asked for is kept.
on_terminal() { # PATTERN ARGUMENT...
    /usr/bin/python3 -c 'import os, pty, sys
sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))' \
        "${mode[@]}" --root "$state" "${@:2}" </dev/null | grep -oE "$1"
}

terminal() { # [TEXT]
    /usr/bin/python3 "$root/tests/lib/recvtty.py" "$PWD/tty" "${1:+$1$'\n'}" >screen &
    within 600 test -S tty
}

resources() { echo '{"memory": {"limit": 33554432}, "pids": {"limit": 77}}'; }

# Not every controller's hierarchy begins where ours does, and other tests' directories come and go.
limits() {
    { find /sys/fs/cgroup -path "*$lane_cgroup/memory.limit*" -o -path "*$lane_cgroup/pids.max" \
        2>/dev/null || true; } | sort | xargs cat
}

# Numbers are another's each time, and runc leaves out those that are 0.
shape() { jq -c '[.id, .type, (.data | keys)]'; }

# ---- one run --------------------------------------------------------------------------------

prepare() { # CONTAINER
    local start=(run --detach)
    case $1 in
        -) return ;;
        made) start=(create) ;;
    esac
    if [[ $1 != over ]]; then
        edit '.process.args = ["/bin/sleep", "1000"]'
    fi
    rt "${start[@]}" --bundle "$bundle" "$id" || return
    case $1 in
        over) within 600 is stopped ;;
        runs) within 600 is_sleeping ;;
    esac
}

# The runtime may be back before its process has become the container's.
is_sleeping() { [[ $(tr '\0' ' ' <"/proc/$(bare state "$id" | jq .pid)/cmdline") == '/bin/sleep 1000 ' ]]; }

# What two runs of the same command line in the same place cannot have in common.
mask() { # PID-OF-INIT FILE...
    local masks=(
        -e 's/(time=|"time":|"created": ?)"[^"]*"/\1TIME/'           # a record of a log, a start
        -e 's/[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]*(\.[0-9]+)?Z/TIME/'  # a start in the table of list
        -e 's/ +[0-9]+ [0-9:]{5}( +\? +[0-9:]{8} )/ C TIME\1/'       # a load and a start in that of ps
        -e "s/ *\\b$1\\b */ INIT /"                                  # in tables, with their columns
        -e '/^(ID|NAME) +PID /s/ +/ /g'                              # whose widths these two make
    )
    sed -Ei "${masks[@]}" "${@:2}"
}

# What it has to kill itself, runc waits for by tenths of a second.
end_container() { # PID-OF-INIT
    if [[ $1 =~ ^[1-9] ]]; then
        { kill -KILL "$1" && within 1 has_ended "$1"; } 2>/dev/null || true
    fi
    bare delete --force "$id" >/dev/null 2>&1 || true
}

# Leaves in the files of @1 what a row gave.
see() { # DIRECTORY CONTAINER COMMAND-LINE; mode, config
    local row_status=0 init=''
    rm -rf "$work" "$bundle" "$state"
    mkdir -p "$work" "$bundle" "$1"
    sed "s|$cgroup|$lane_cgroup|" "$config" >"$bundle/config.json"
    (
        cd "$work"
        prepare "$2" >"$work.log" 2>&1 || { echo "no container"; exit 99; }
        set +e -o pipefail
        eval "$3"
        ended
        exit "$row_status"
    ) >"$1/stdout" 2>"$1/stderr" </dev/null 3>&- && row_status=0 || row_status=$?
    echo "$row_status" >"$1/status"
    [[ ! -d $state/$id ]] || init=$(bare state "$id" 2>/dev/null | jq .pid) || true
    mask "${init:-none}" "$1/stdout" "$1/stderr"
    # jq is one of the readers that do not take everything.
    jq -S . "$bundle/config.json" >"$1/config.json" 2>/dev/null ||
        /usr/bin/python3 -m json.tool --sort-keys "$bundle/config.json" "$1/config.json"
    (cd "$work" && ls -A) >"$1/files"
    [[ ! -d $state/$id ]] || end_container "$init"
}

# ---- two runs -------------------------------------------------------------------------------

own_words() { # STATUS-COLUMN KIND
    [[ $1 == *'*' || ($1 == *+ && $2 != @(exempt|off)) ]]
}

# The bare run gave what the row says, and the wrapped one the same.
check_row() { # NAME STATUS KIND
    local expected=${2%[*+]} status
    status=$(<"$seen/bare/status")
    if [[ $expected == n && $status == 0 || $expected != n && $status != "$expected" ]] ||
        ((status == 99 || status == 124)); then
        printf '%s: the bare runtime gives %s, not %s\n' "$1" "$status" "$expected"
        cat "$work.log" "$seen"/bare/std*
        return 1
    fi
    if own_words "$2" "$3" && [[ $(<"$seen/wrapped/status") == 1 ]] &&
        head -n 1 "$seen/wrapped/stderr" | grep -q '^ocinorm: '; then
        cp "$seen"/bare/{status,stderr} "$seen/wrapped"
    fi
    # Where nothing starts, nothing is changed either.
    if [[ $3 == changed ]] && ! grep -q io.ocinorm. "$seen/wrapped/config.json"; then
        echo "$1" >>"$lane/untouched"
        cp "$seen"/{bare,wrapped}/config.json
    fi
    diff -r -U 3 "$seen/bare" "$seen/wrapped" && return
    printf -- '---- %s: not the same, see above\n' "$1"
    return 1
}

# Every second row, in a place of its own; what is found goes to files there.
compare_lane() { # LANE KIND PATTERN BARE-CONFIG
    local name runtime container status line number=0 lane=$BATS_TEST_TMPDIR/$1
    local work=$lane/work bundle=$lane/bundle state=$lane/state seen=$lane/seen
    mkdir "$lane"
    touch "$lane"/{rows,differences,untouched}
    lane_cgroup=$cgroup-$1 id=$id-$1
    while IFS='|' read -r name runtime container status line; do
        read -r name <<<"$name"
        runtime=${runtime// /} container=${container// /} status=${status// /}
        [[ $name != '#'* && $runtime == @("*"|"$low") && $line =~ $3 ]] || continue
        number=$((number + 1))
        ((number % 2 == $1)) || continue
        rm -rf "$seen"
        mode=("$low_path") config=$4
        see "$seen/bare" "$container" "$line"
        mode=("$bin/ocinorm-runtime") config=$template
        see "$seen/wrapped" "$container" "$line"
        if check_row "$name" "$status" "$2" >>"$lane/differences"; then
            echo "same: $name"
        else
            echo "different: $name"
        fi >>"$lane/rows"
    done <"$root/integration/commands.txt"
    # Not their parent, in which the other lane is at work.
    rmdir /sys/fs/cgroup{,/*}"$lane_cgroup" 2>/dev/null || true
}

compare() { # KIND PATTERN BARE-CONFIG
    compare_lane 0 "$@" 3>&- &
    compare_lane 1 "$@" 3>&-
    wait "$!"
    cat "$BATS_TEST_TMPDIR"/[01]/{differences,rows}
    (($(cat "$BATS_TEST_TMPDIR"/[01]/rows | wc -l) - $(cat "$BATS_TEST_TMPDIR"/[01]/untouched | wc -l) >= 40))
    run ! grep -q '^different' "$BATS_TEST_TMPDIR"/[01]/rows
}

# What the wrapper reads.
starts='rt.* (create|run) .*bundle|--process|-p p.json'

@test "every command line, on a container that is exempt" {
    set_policy '{"exempt": {"annotations": {"test.example/exempt": "yes"}}}'
    jq '.annotations["test.example/exempt"] = "yes"' "$bundle/config.json" >"$template"
    compare exempt . "$template"
}

@test "what starts a process, where every rule is off" {
    set_policy "$("$bin/ocinorm" config show --format json --config "$policy" | jq '{rules: (.policy.rules | map_values("off"))}')"
    compare off "$starts" "$template"
}

@test "what starts a process, on a container that needs no change" {
    "$bin/ocinorm" apply --bundle "$bundle" --config "$policy"
    cp "$bundle/config.json" "$template"
    compare fits "$starts" "$template"
}

@test "what starts a process, on a container that is changed: as if it had been applied before" {
    "$bin/ocinorm" apply --bundle "$bundle" --config "$policy"
    cp "$bundle/config.json" "$BATS_TEST_TMPDIR/applied.json"
    run ! cmp "$template" "$bundle/config.json"
    compare changed "$starts" "$BATS_TEST_TMPDIR/applied.json"
}

# What the runtime is born with, seen by a program in its place.
@test "the runtime gets the caller's process: words, variables, directory, signals, limits, descriptors" {
    local runtime=$BATS_TEST_TMPDIR/runc line seen
    cat >"$runtime" <<'END'
#!/bin/sh
printf '%s\n' "$@" "$PWD" "$(umask)"
tr '\0' '\n' </proc/$$/environ
grep -E '^(Sig|Shd)(Blk|Ign|Cgt|Pnd)|^Cap|^NoNew|^Uid|^Groups' /proc/self/status
cat /proc/$$/limits /proc/$$/oom_score_adj /proc/$$/cgroup
ps -o pid=,ppid=,pgid=,sid=,ni= $$
ls -l /proc/self/fd | awk '{ print $9, $11 }' | sed 's/\(pipe\|socket\|.proc\).*/\1/'
END
    chmod 755 "$runtime"
    jq --arg runtime "$runtime" '.runtimes = [$runtime]' "$policy" >"$policy.new" && mv "$policy.new" "$policy"
    make_process 1001 1001 id
    for line in "create --bundle $bundle $id" "exec --process $BATS_TEST_TMPDIR/process.json $id" \
        "--root /x delete --force $id" 'list --format=json'; do
        for mode in "$runtime" "$bin/ocinorm-runtime"; do
            seen=$(
                cd "$bundle"
                umask 027
                ulimit -n 512
                trap '' USR1 PIPE
                exec 3>&- 5</etc/passwd 7>>"$BATS_TEST_TMPDIR/seven"
                # shellcheck disable=SC2086 # words
                ODD=$'a\nb' setsid --wait nice -n 3 "$mode" $line 2>&1
            )
            # How many blanks there are hangs on how long the number is.
            echo "$seen" | sed -E 's/^ *[0-9]+ +[0-9]+ +[0-9]+ +[0-9]+ +(-?[0-9]+)$/N N N N \1/' \
                >"$BATS_TEST_TMPDIR/${mode##*/}.seen"
        done
        grep -q 'ODD=a' "$BATS_TEST_TMPDIR/runc.seen"
        diff "$BATS_TEST_TMPDIR"/{runc,ocinorm-runtime}.seen
    done
}
