#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Container starts under trouble: tests/soak.sh MINUTES [SEED [DIRECTORY OF OUR PROGRAMS]], as root.
# Through the wrapper and the hook, on runc and crun, some at a time, while ocinorm's processes are
# stopped and killed at any moment, bundles are full or read-only, containers are deleted under way,
# and policies change. After each start: the container is wholly right or was refused, config.json is
# the old one or the new one, and nothing is left behind. Prints the seed and what became of how many;
# what fails leaves its directory. It all happens in namespaces of its own (mounts, processes, /run
# and /tmp). A seed draws the same lots again; the times are the machine's. SOAK_TROUBLE=deleted (an
# expression) keeps to some of the troubles.
set -euo pipefail
PATH=$PATH:/usr/sbin:/sbin

minutes=${1:?for how many minutes?}
seed=${2:-$RANDOM}
root=$(cd -- "$(dirname -- "$0")/.." && pwd)
workers=4
cases=6 # of a worker in a round
hybrid=/sys/fs/cgroup/unified
lowered='cap=0000000000000000 nnp=1'

# What is wrong while the container starts | what may become of it through the wrapper | through the
# hook | and what more where a process of ours is killed. "right" is what the policy says, "refused"
# nothing at all, "original" the container as its bundle has it.
troubles='
nothing   | right         | right         | refused
full      | refused       | right         | refused
read-only | refused       | right         | refused
deleted   | right refused | right refused | refused
policies  | right refused | right refused | refused
onError   | right         | right         | refused original
'

# Which process is killed: WHERE | PROGRAM | WHICH | LATEST MICROSECOND of its life
victims='
wrapper | ocinorm-runtime | parent | 12000
wrapper | ocinorm-runtime | child  | 8000
hook    | ocinorm-hook    | parent | 12000
hook    | ocinorm-hook    | child  | 6000
hook    | ocinorm-entry   | parent | 2000
'

# ---- outside --------------------------------------------------------------------------------

prepare_programs() { # DIRECTORY OF OUR PROGRAMS
    mkdir "$work/bin"
    cp "$1"/ocinorm{,-hook,-runtime,-entry} "$work/bin/"
    "${CC:-cc}" -std=c11 -D_GNU_SOURCE -O2 -o "$work/bin/strike" "$root/tests/lib/strike.c"
}

prepare_rootfs() {
    local applet
    mkdir -p "$work/rootfs"/{bin,dev,etc,proc,sys,tmp}
    cp "$(command -v busybox)" "$work/rootfs/bin/busybox"
    for applet in sh id sed; do
        ln -s busybox "$work/rootfs/bin/$applet"
    done
    printf 'root:x:0:0:root:/root:/bin/sh\napp:x:1001:1001:app:/srv:/bin/sh\n' >"$work/rootfs/etc/passwd"
    printf 'root:x:0:\napp:x:1001:\n' >"$work/rootfs/etc/group"
}

# Apply, which tells what a whole config.json is, does not know the container's id.
policy() { # UID NAME [MORE]
    jq -n --argjson uid "$1" --arg name "$2" --argjson more "${3:-null}" \
        '{user: {uid: $uid, gid: $uid}, env: {when: "always", set: {SOAK: $name}},
          rules: {"env.otel": "off"}} + $more' \
        >"$work/policies/$2"
}

# The line that the container prints says all that ocinorm changes.
prepare_bundle() {
    # shellcheck disable=SC2016 # the container's shell
    local script='echo "uid=$(id -u) gid=$(id -g) groups=$(id -G) cap=$(sed -n "s/^CapEff:.//p" /proc/self/status)" \
        "nnp=$(sed -n "s/^NoNewPrivs:.//p" /proc/self/status) home=$HOME max=$GOMAXPROCS soak=$SOAK"'
    (cd "$work" && runc spec)
    jq --arg script "$script" --arg rootfs "$work/rootfs" '
        .process.terminal = false | .process.noNewPrivileges = false | .process.args = ["/bin/sh", "-c", $script] |
        .process.env = ["PATH=/bin", "HOME=/root"] | .process.user.additionalGids = [0, 44] |
        .process.capabilities |= map_values(. + ["CAP_SETUID", "CAP_SETGID"]) |
        .root = {path: $rootfs, readonly: true} | .annotations = {long: ("x" * 4096)} |
        .linux.resources.cpu = {quota: 150000, period: 100000}' "$work/config.json" >"$work/template.json"
    mkdir "$work/policies"
    policy 1001 A
    policy 2002 B
    policy 1001 warn '{"onError": "warn"}'
    echo '{"usr": {}}' >"$work/policies/broken"
}

outside() {
    local status=0
    ((EUID == 0)) || { echo "soak: needs root" >&2; exit 2; }
    work=$(mktemp -d "${TMPDIR:-/tmp}/ocinorm-soak.XXXXXX")
    echo "soak: $minutes min, seed $seed"
    prepare_programs "$1"
    prepare_rootfs
    prepare_bundle
    export SOAK_INSIDE=$work
    timeout --foreground --kill-after 10 $((minutes * 60 + 1200)) \
        unshare --mount --propagation private --pid --fork --mount-proc --kill-child \
        bash "$0" "$minutes" "$seed" || status=$?
    find /sys/fs/cgroup -depth -type d -path "*/ocinorm-soak-$seed*" -exec rmdir {} + 2>/dev/null || true
    if ((status == 0)); then
        rm -rf "$work"
    else
        echo "soak: FAILED ($status); see $work"
    fi
    exit "$status"
}

# ---- one case: a container's start, and what became of it -----------------------------------

note() { echo "$*" >>"$case/failures"; }

# Lots are never drawn in a subshell: there bash has other random numbers than the seed's.
pick() { # VARIABLE WORD...
    local number=$((RANDOM % ($# - 1) + 2))
    printf -v "$1" %s "${!number}"
}

draw() { # VARIABLE TABLE PATTERN
    local drawn
    mapfile -t drawn < <(grep -E -- "$3" <<<"$2")
    printf -v "$1" %s "${drawn[RANDOM % ${#drawn[@]}]}"
}

column() { # ROW NUMBER
    cut -d'|' -f"$2" <<<"$1" | xargs
}

add_hook() {
    local stage
    pick stage prestart createRuntime
    jq --arg hook "$work/bin/ocinorm-hook" --arg policy "$policy" --arg stage "$stage" \
        '.hooks = {($stage): [{path: $hook, args: [$hook, "--config", $policy, $stage], env: ["PATH=/bin"]}]}' \
        "$bundle/config.json" >"$case/config.json"
    mv "$case/config.json" "$bundle/config.json"
}

make_case() {
    local low_path
    low_path=$(command -v "$low")
    rm -rf "$case"
    mkdir -p "$bundle"
    set_policy A
    jq --arg cgroup "/ocinorm-soak-$seed/$id" '.linux.cgroupsPath = $cgroup' "$work/template.json" \
        >"$bundle/config.json"
    if [[ $mode == hook ]]; then
        add_hook
        start=("$low_path" --root "$state" run --bundle "$bundle" "$id")
    else
        start=("$work/bin/ocinorm-runtime" --root "$state" run --bundle "$bundle" "$id")
    fi
    cp "$bundle/config.json" "$case/original.json"
}

# As an admin would, in one step.
set_policy() { # NAME
    jq --arg low "$(command -v "$low")" '. + {runtimes: [$low]}' "$work/policies/$1" >"$policy.new"
    mv "$policy.new" "$policy"
}

# There is no page free, or one, and the new file needs two.
make_full() {
    mount -t tmpfs -o size=64k,mode=755 tmpfs "$bundle"
    cp "$case/original.json" "$bundle/config.json"
    cat /dev/zero >"$bundle/filler" 2>/dev/null || true
    truncate -s "-$((RANDOM % 2 * 4096))" "$bundle/filler"
}

begin_nothing() { :; }
begin_full() { make_full; }
begin_read_only() { mount --bind "$bundle" "$bundle" && mount -o remount,bind,ro "$bundle"; }
begin_deleted() { disturb delete_it 150; }
begin_policies() { disturb swap_policies 30; }
begin_onError() { set_policy warn; }

disturb() { # WHAT MILLISECONDS-AT-MOST
    local wait
    printf -v wait '0.%03d' "$((RANDOM % $2))"
    { sleep "$wait" && "$1"; } &
}

delete_it() {
    "$low" --root "$state" delete --force "$id" >/dev/null 2>&1 || true
    [[ $low != runc ]] || end_orphan
}

# runc, with or without ocinorm, may delete the exec.fifo of a container that it is just creating (of 10,000
# bare starts on a busy machine about 20). Then the container's first process waits in open() of a file that
# nobody can open any more, and `runc run` waits for the process, for ever. As an engine does that gets no
# further, we kill the process, after which runc clears up. It has not become the container's program yet; and
# whatever else hangs is no such orphan.
end_orphan() {
    local orphan looks=0
    until [[ -e $case/ended ]]; do
        orphan=$(find /proc/[0-9]*/fd -lname "$state/$id/exec.fifo (deleted)" 2>/dev/null | cut -d/ -f3 | sort -u) || true
        if [[ -z $orphan || $(cat "/proc/$orphan/comm" 2>/dev/null) != runc:\[2:INIT\] ]]; then
            looks=0
        elif ((++looks == 10)); then
            kill -KILL "$orphan" && echo "$id: process $orphan waited for ever" >>"$work/races"
        fi
        sleep 0.5
    done
}

# In the same race it may leave empty control groups, of which nothing of it knows any more. ocinorm makes none.
remove_cgroups() {
    find /sys/fs/cgroup -path "$hybrid" -prune -o -path "*/ocinorm-soak-$seed/$id" -type d \
        -prune -exec rmdir -v {} + >"$case/cgroups" 2>/dev/null || true
    [[ ! -s $case/cgroups ]] || echo "$id: $(wc -l <"$case/cgroups") control groups were left" >>"$work/races"
}

swap_policies() {
    local name
    for name in B broken A B; do
        set_policy "$name"
        sleep 0.01
    done
}

end_trouble() {
    wait
    if mountpoint -q "$bundle"; then
        [[ $trouble != full ]] || cp "$bundle/config.json" "$case/config.json"
        ls -A "$bundle" >"$case/listing"
        umount "$bundle" || note "the bundle's mount is busy"
        [[ $trouble != full ]] || mv "$case/config.json" "$bundle/config.json"
    else
        ls -A "$bundle" >"$case/listing"
    fi
}

# What the container printed, as one word.
outcome() {
    local line
    line=$(<"$case/stdout")
    case $line in
        '') echo refused ;;
        "uid=1001 gid=1001 groups=1001 44 $lowered home=/srv max=2 soak="A | \
            "uid=1001 gid=1001 groups=1001 44 $lowered home=/srv max=2 soak="warn) echo right ;;
        "uid=2002 gid=2002 groups=2002 44 $lowered home=/ max=2 soak=B") echo right ;;
        "$(<"$work/bare-$low")") echo original ;;
        *) echo mixed ;;
    esac
}

# config.json is what it was, or what a policy in play makes of it; a second pass finds nothing to do,
# and takes away what a killed one left.
check_config() {
    local name changed=0
    if ! cmp -s "$bundle/config.json" "$case/original.json"; then
        for name in A B warn; do
            cp "$case/original.json" "$case/again/config.json"
            set_policy "$name"
            apply "$case/again"
            cmp -s "$bundle/config.json" "$case/again/config.json" && changed=$name && break
        done
        if [[ $changed == 0 || $mode == hook ]]; then
            note "config.json is neither the old one nor a whole new one"
            return
        fi
        [[ $became != right || $(<"$case/stdout") == *"soak=$changed" ]] ||
            note "config.json is of policy $changed, and the container of another"
        apply "$bundle"
        cmp -s "$bundle/config.json" "$case/again/config.json" || note "a second pass changes config.json"
    elif [[ $mode == wrapper && $became == right ]]; then
        note "the container was changed, and config.json was not"
    elif [[ $mode == wrapper ]]; then
        apply "$bundle"
    fi
}

apply() { # BUNDLE
    "$work/bin/ocinorm" apply --bundle "$1" --config "$policy" >/dev/null 2>"$case/apply.log" ||
        note "apply: $(<"$case/apply.log")"
}

check_files() {
    local listing
    listing=$(grep -vxE 'filler|config\.json' "$case/listing" || true)
    if [[ -n $listing && $struck != "wrapper parent" ]]; then
        note "left in the bundle: $listing"
    fi
    listing=$(ls -A "$bundle")
    [[ $listing == config.json ]] || note "left in the bundle after a second pass: $listing"
}

# As an engine does after a failed start; what is there then stays for ever.
check_container() {
    "$low" --root "$state" delete --force "$id" >/dev/null 2>&1 || true
    [[ $low != runc || $trouble != deleted ]] || remove_cgroups
    [[ -z $(ls -A "$state" 2>/dev/null) ]] || note "left in the state: $(ls -A "$state")"
    grep -E '^(left|late)' "$case/report" >>"$case/failures" || true
}

# Also says what it did, for whoever looks at a failure.
strike() { # COMMAND...
    local target='' program=- which=parent delay=0 hold=0
    struck=none
    if ((RANDOM % 3 != 0)); then
        draw target "$victims" "^$mode "
        program=$work/bin/$(column "$target" 2)
        which=$(column "$target" 3)
        # Rather early than late: a process may be gone soon.
        delay=$(($(column "$target" 4) * (RANDOM + 1) * (RANDOM + 1) / (32768 * 32768)))
        hold=$(((RANDOM % 2) * (RANDOM % 200)))
        struck="$mode $which"
    fi
    echo "$low $mode, $trouble, ${program##*/} $which after $delay us, held $hold ms" >"$case/what"
    SOAK='' "$work/bin/strike" "$case/report" 300 "$program" "$which" "$delay" "$hold" "$@" \
        >"$case/stdout" 2>"$case/stderr" </dev/null && status=0 || status=$?
    touch "$case/ended"
    grep -qx struck "$case/report" || struck=none
}

run_case() {
    local low mode row trouble became may struck status start
    pick low runc crun
    pick mode wrapper hook
    draw row "$troubles" "^(${SOAK_TROUBLE:-.*}) "
    trouble=$(column "$row" 1)
    case=$work/case-$worker
    id=soak-$worker-$number bundle=$case/bundle state=$case/state policy=$case/policy
    export OCINORM_CONFIG=$policy
    mkdir -p "$case"
    make_case
    mkdir "$case/again"
    "begin_${trouble//-/_}"
    strike "${start[@]}"
    end_trouble
    became=$(outcome)
    may=$(column "$row" "$([[ $mode == wrapper ]] && echo 2 || echo 3)")
    [[ $struck == none ]] || may+=" $(column "$row" 4)"
    [[ " $may " == *" $became "* ]] || note "the container is $became; it may be: $may"
    [[ $became != refused || $status != 0 || $trouble == deleted ]] || note "refused, but the status is 0"
    check_container
    check_config
    check_files
    echo "$mode, $trouble$([[ $struck == none ]] || echo ", killed") | $became" >>"$work/outcomes"
    if [[ -s $case/failures ]]; then
        kept=$work/failed-$round-$worker-$number
        mv "$case" "$kept"
        {
            echo "FAILED, round $round, worker $worker: $(<"$kept/what")"
            sed 's/^/    /' "$kept/failures"
            echo "    $kept"
        } | tee -a "$work/failures"
    fi
}

# ---- inside: rounds -------------------------------------------------------------------------

# A mount namespace where every mount, and every file in /run and /tmp, is ours, or was there before.
settle() {
    mount -t tmpfs tmpfs /run
    mkdir /run/work
    mount --bind "$work" /run/work
    mount -t tmpfs tmpfs /tmp
    mkdir -p "$work"
    mount --move /run/work "$work"
    rmdir /run/work
    # crun refuses a hybrid; without one, runc takes what is there for a hierarchy, and leaves directories.
    if mountpoint -q "$hybrid"; then
        umount "$hybrid"
        mount -t tmpfs tmpfs "$hybrid"
    fi
}

# All that may be left behind outside of a bundle; the runtimes' own directories in /run stay empty.
see_node() {
    find /run /tmp -xdev -not -path "$work*" -not -name runc -not -name crun | sort
    # Without the names of directories: others may move one in which something was mounted before.
    cut -d' ' -f1-3,6- /proc/self/mountinfo | sort
    find /sys/fs/cgroup -path "$hybrid" -prune -o -path "*ocinorm-soak-$seed/*" -type d -print 2>/dev/null || true
}

run_worker() { # WORKER
    worker=$1 number=0
    RANDOM=$((seed + round * 64 + worker))
    for ((number = 0; number < cases && (round == 0 || SECONDS < end); number++)); do
        run_case
    done
}

bare_line() { # RUNTIME
    low=$1 mode=wrapper case=$work/bare id=soak-bare
    bundle=$case/bundle state=$case/state policy=$case/policy
    make_case
    "$low" --root "$state" run --bundle "$bundle" "$id" >"$work/bare-$low"
    grep -q '^uid=0 ' "$work/bare-$low"
}

run_round() {
    local worker after
    for ((worker = 0; worker < workers; worker++)); do
        run_worker "$worker" &
    done
    wait
    after=$(see_node)
    [[ $after == "$before" ]] || { diff <(echo "$before") <(echo "$after") || true; } |
        sed 's/^/FAILED, left on the node: /' | tee -a "$work/failures"
    after=$(exec ps -e -o pid=,comm=)
    after=$(grep -vE '^ *1 | ps$' <<<"$after" || true)
    [[ -z $after ]] || echo "FAILED, left running: $after" | tee -a "$work/failures"
}

inside() {
    local round=0 before killed=0 right=0 failed end
    work=$SOAK_INSIDE
    settle
    bare_line runc
    bare_line crun
    rm -rf "$work/bare"
    : >"$work/failures"
    : >"$work/races"
    before=$(see_node)
    end=$((SECONDS + minutes * 60))
    # A soak in which nothing happens shows nothing; a slow machine gets up to ten minutes more.
    while ((round == 0 || SECONDS < end || (killed < 5 || right < 5) && SECONDS < end + 600)); do
        run_round
        round=$((round + 1))
        killed=$(grep -c killed "$work/outcomes") || true
        right=$(grep -c 'right$' "$work/outcomes") || true
    done
    sort "$work/outcomes" | uniq -c
    sed "s/^/soak: runc's own race: /" "$work/races"
    failed=$(grep -c '^FAILED' "$work/failures") || true
    echo "soak: seed $seed, $round rounds, $(wc -l <"$work/outcomes") starts, $killed with a kill, $right right, $failed failed"
    ((failed == 0 && killed >= 5 && right >= 5))
}

if [[ -n ${SOAK_INSIDE:-} ]]; then
    inside
else
    outside "$(cd -- "${3:-$root/build/bin}" && pwd)"
fi
