#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Everything that is checked: tests/run.sh [--engines] [STAGE...] (default: all of them, but engines only
# with --engines: it fetches other releases of Debian). As root, on a machine that has only git and a
# package manager; what is missing is installed first. Three stages run at a time, for many of them mostly
# wait; what one says comes when it has ended. At the end come the steps that took longest, what failed once
# more in short, and in the last line "N passed, N failed"; the exit status is 1 if any failed. A tool that
# is missing is a failure, and so is a stage that does not come to its end. A live test that failed is tried
# once more (run_bats).
set -uo pipefail
PATH=$PATH:/usr/sbin:/sbin

root=$(cd -- "$(dirname -- "$0")/.." && pwd)
out=$root/build/test
jobs=$(nproc)
export NO_COLOR=1 CLICOLOR=0
# Seconds. They end what hangs and measure nothing: twice the slowest suite of live tests, and more than all
# of it took on the slowest machine seen. CI ends all at 5400. (BATS_TEST_TIMEOUT would add a job to each
# test's shell, which tests wait for.)
suite_limit=1800
limit=4800
cd -- "$root" || exit 2
# shellcheck source=lib/told.bash
. tests/lib/told.bash

# A stage is a row: name | lane | what it does. Its function is stage_NAME. The stages of a lane run in
# this order; those of "first" alone, then the lanes one to three beside each other. What two stages of
# different lanes have in common must bear that; these have to be in one lane: live and engines, for all
# Podmans and Dockers use the same control groups; unit and gates, the same ctest; leaks and count, the
# same build.
stages='
deps     | first | install what is missing
release  | first | build with gcc: static programs, as they are shipped
live     | one   | real containers with runc, containerd, Podman and Docker, one by one and all at once
engines  | one   | the same live tests on the engines of other releases of Debian
crun     | one   | real containers with crun
unit     | two   | unit tests and cases, release build
gates    | two   | purity, layers, headers, tables, format and the like
sanitize | two   | unit tests and cases under ASan, UBSan and LSan
clang    | two   | build with clang, warnings are errors
leaks    | two   | the command line under valgrind
count    | two   | what grows with its input, in instructions, bytes and memory
lint     | two   | clang-tidy, cppcheck, shellcheck
packages | two   | deb, rpm and tarball: built twice, looked at, installed, used, purged
images   | three | images of every tool and registry: what is foretold is what a container shows
platform | three | real programs for other machines and of every level
musl     | three | build with musl-gcc, as the tarball is: the same answers, and real containers with runc
webhook  | three | the admission webhook over TLS: reviews, swapped files, killed workers, slow clients, load
install  | three | ocinorm install over existing configurations, on real engines; doctor; Kubernetes
soak     | three | container starts under kills, full disks, deletes and new policies, for a minute
'

say() { printf '%s\n' "$*"; }

# The end of what a failed command said.
show_log() { # FILE [LINES]
    say "---- the end of ${1#"$root"/}"
    tail -n "${2:-60}" "$1"
    say "----"
}

# A step is what is not seen more closely than this when it takes long, or does not end.
begin_step() { # LOG
    echo "$1" >"$out/log/now.$BASHPID"
}

end_step() { # SECONDS-AT-ITS-BEGIN NAME
    printf '%6d s  %s\n' "$((SECONDS - $1))" "$2" >>"$out/log/steps"
    rm -f "$out/log/now.$BASHPID"
}

# One command is one check.
check() { # NAME COMMAND...
    local log=$out/log/${1// /-}.log begin=$SECONDS
    begin_step "$log"
    if "${@:2}" >"$log" 2>&1; then
        passed=$((passed + 1))
        say "  ok      $1"
    else
        failed=$((failed + 1))
        say "  FAILED  $1"
        show_log "$log"
        telling_of_command "$log" | tell_again "$out/log" "FAILED  $1"
    fi
    end_step "$begin" "$1"
}

configure_and_build() { # DIRECTORY CMAKE-OPTION...
    cmake -S "$root" -B "$out/$1" -G Ninja "${@:2}" && cmake --build "$out/$1"
}

# Several lanes may need the same one.
need_build() { # DIRECTORY CMAKE-OPTION...
    local lock
    exec {lock}>"$out/log/build-$1.lock"
    flock "$lock"
    if ! cmake --build "$out/$1" >"$out/log/build-$1.log" 2>&1; then
        check "build $1" configure_and_build "$@"
    fi
    exec {lock}>&-
}

# Every ctest test counts. @2 is a label.
run_ctest() { # DIRECTORY LABEL
    local log=$out/log/ctest-$1-$2.log begin=$SECONDS good bad
    begin_step "$log"
    ctest --test-dir "$out/$1" -L "$2" -j "$jobs" --output-on-failure >"$log" 2>&1
    good=$(grep -cE '^ *[0-9]+/[0-9]+ Test .* Passed ' "$log")
    bad=$(grep -cE '^ *[0-9]+/[0-9]+ Test .*(\*\*\*|Not Run)' "$log")
    if ((good + bad == 0)); then
        bad=1
    fi
    passed=$((passed + good))
    failed=$((failed + bad))
    say "  $good passed, $bad failed: ctest -L $2 in ${1}"
    if ((bad > 0)); then
        show_log "$log" 150
        telling_of_ctest "$log" | tell_again "$out/log" "FAILED  ctest -L $2 in $1"
    fi
    end_step "$begin" "ctest -L $2 in $1"
}

live() { # LOG BUILD NAME BATS-OPTION...
    OCN_BIN=$out/$2/bin timeout --kill-after=60 "$suite_limit" \
        bash integration/live.sh "$3" --tap "${@:4}" </dev/null >"$1" 2>&1
}

# A test that fails once on a busy machine must not cost the whole run, nor be hidden. What failed is run once
# more in the same way; the names of what passes then are printed, and its first failure is told at the end.
try_again() { # LOG BUILD NAME
    local filter name status
    filter=$(expression_of_failed "$1") || return 0
    live "$1.again" "$2" "$3" -f "$filter"
    status=$?
    # That something else fails then is no pass.
    ((status == 0)) || grep -q '^not ok ' "$1.again" || return 0
    passed_since "$1" "$1.again" | while read -r name; do
        failure_of_bats "$1" "$name" | tail -n +2 | tell_again "$out/log" "passed at the second try: $3: $name"
        echo "$name"
    done
}

# Every bats test counts, and a skipped one has not passed.
run_bats() { # RUNTIME [BUILD]
    local log=$out/log/live-$1-${2:-release}.log begin=$SECONDS good bad status again=()
    begin_step "$log"
    live "$log" "${2:-release}" "$1"
    status=$?
    good=$(grep -E '^ok ' "$log" | grep -vcE '# skip')
    bad=$(grep -cE '^not ok |^ok .*# skip' "$log")
    if ((bad > 0)); then
        mapfile -t again < <(try_again "$log" "${2:-release}" "$1")
    fi
    good=$((good + ${#again[@]}))
    bad=$((bad - ${#again[@]}))
    if ((bad == 0 && ((status != 0 && ${#again[@]} == 0) || good == 0))); then
        bad=1
        tail -n 20 "$log"
    fi
    passed=$((passed + good))
    failed=$((failed + bad))
    say "  $good passed, $bad failed: integration/live.sh $1${2:+, $2}"
    show_bats "$log" "$bad" "${again[@]}"
    ((bad == 0)) || telling_of_bats "$log" | tell_again "$out/log" "FAILED  integration/live.sh $1${2:+, $2}"
    end_step "$begin" "integration/live.sh $1${2:+, $2}"
}

show_bats() { # LOG FAILED NAME-THAT-PASSED-AT-THE-SECOND-TRY...
    (($2 > 0 || $# > 2)) || return 0
    say "---- from ${1#"$root"/}"
    grep -qE '^(not )?ok ' "$1" || tail -n 60 "$1"
    awk '/^not ok |^ok .*# skip/ { show = 1 } /^ok / && !/# skip/ { show = 0 } show' "$1"
    (($# == 2)) || printf 'PASSED AT THE SECOND TRY: %s\n' "${@:3}"
    say "----"
}

# The lanes must not install at the same time: what they need is there before, or they wait.
install_for() { # STAGE-OF-DEPS.SH...
    flock "$out/log/install.lock" bash packaging/deps.sh "$@"
}

stage_deps() {
    local needs=(test)
    [[ " ${asked[*]} " != *" engines "* ]] || needs+=(engines)
    [[ " ${asked[*]} " != *" packages "* ]] || needs+=(package)
    check "packages" install_for "${needs[@]}"
}

release_options=(-DCMAKE_C_COMPILER=gcc)
shared_options=(-DCMAKE_C_COMPILER=gcc -DOCN_STATIC=OFF -DOCN_TESTS=OFF -DOCN_INSTRUMENTED=ON)
sanitize_options=(-DCMAKE_C_COMPILER=gcc -DCMAKE_BUILD_TYPE=Debug -DOCN_SANITIZE=ON)

stage_release() { check "build release" configure_and_build release "${release_options[@]}"; }

stage_unit() {
    need_build release "${release_options[@]}"
    run_ctest release unit
}

stage_gates() {
    need_build release "${release_options[@]}"
    run_ctest release gate
}

stage_live() {
    need_build release "${release_options[@]}"
    run_bats runc
    run_bats containerd
    run_bats podman
    run_bats podman-crun
    run_bats docker
    run_bats running
    run_bats volumes
}

stage_crun() {
    need_build release "${release_options[@]}"
    run_bats crun
}

# Check is a library of the system's libc: what another one changes is seen with real containers.
stage_musl() {
    check "build musl" configure_and_build musl -DCMAKE_C_COMPILER=musl-gcc
    check "static musl" bash tests/gates/static.sh "$root" "$out/musl"
    need_build release "${release_options[@]}"
    check "same musl" bash tests/same.sh "$out/release/bin" "$out/musl/bin"
    check "install cases musl" bash tests/install/run.sh "$out/musl/bin"
    run_bats doctor musl
    run_bats runc musl
}

stage_engines() {
    local name names
    check "packages for engines" install_for engines
    need_build release "${release_options[@]}"
    mapfile -t names < <(bash integration/live.sh --list)
    for name in "${names[@]}"; do
        run_bats "$name"
    done
}

# The example for application authors, with the installed Go compiler.
test_go_example() {
    (cd integration/go && [[ -z $(gofmt -l .) ]] && go vet ./... && go test -count=1 ./...)
}

stage_install() {
    need_build release "${release_options[@]}"
    check "install cases" bash tests/install/run.sh "$out/release/bin"
    check "install containerds" bash tests/install/containerds.sh "$out/release/bin"
    run_bats doctor
    run_bats kubernetes
}

stage_webhook() {
    need_build release "${release_options[@]}"
    run_bats webhook
}

stage_images() {
    need_build release "${release_options[@]}"
    check "image cases" bash tests/images/run.sh "$out/release/bin"
    check "lint schema" bash tests/lint/schema.sh "$out/release/bin"
    check "admission C and CEL" bash tests/admission/run.sh "$out/release/bin"
    check "lint recipes" bash tests/lint/recipes.sh "$out/release/bin"
    check "image annotate" /usr/bin/python3 tests/images/annotate.py "$out/release/bin"
    check "image hostile" /usr/bin/python3 tests/images/hostile.py "$out/release/bin"
    check "image differential" /usr/bin/python3 tests/images/differential.py "$out/release/bin" 20
    run_bats image
}

stage_platform() {
    need_build release "${release_options[@]}"
    check "platform buildinfo" bash tests/platform/buildinfo.sh "$out/release/bin"
    check "platform levels" bash tests/platform/levels.sh "$out/release/bin"
    check "platform go example" test_go_example
    check "platform detect" bash tests/platform/detect.sh "$out/release/bin"
    check "platform otel" bash tests/platform/otel.sh "$out/release/bin"
    check "platform foreign" bash tests/platform/foreign.sh "$out/release/bin"
}

# Two failed cases at most may have been the machine's: once more, with another seed.
soak_again() {
    local log=$out/log/soak.first cases
    bash tests/soak.sh 1 "" "$out/release/bin" >"$log" 2>&1 && cat "$log" && return
    cat "$log"
    cases=$(grep -c '^FAILED' "$log")
    ((cases > 0 && cases <= 2)) || return 1
    echo "once more:"
    bash tests/soak.sh 1 "" "$out/release/bin" || return 1
    touch "$out/log/soak.again"
}

stage_soak() {
    need_build release "${release_options[@]}"
    check "soak" soak_again
    [[ -e $out/log/soak.again ]] || return 0
    say "  PASSED AT THE SECOND TRY: soak"
    show_log "$out/log/soak.first"
    telling_of_command "$out/log/soak.first" | tell_again "$out/log" "passed at the second try: soak"
}

stage_sanitize() {
    check "build sanitize" configure_and_build sanitize "${sanitize_options[@]}"
    # Without halt_on_error UBSan only prints.
    export ASAN_OPTIONS=halt_on_error=1:detect_leaks=1:abort_on_error=0
    export UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1
    run_ctest sanitize unit
}

stage_clang() { check "build clang" configure_and_build clang -DCMAKE_C_COMPILER=clang; }

# The programs in one piece, on a bundle; the unit tests have LSan. Valgrind knows only the malloc of
# a shared libc; this is also the build for distributions that forbid static programs.
stage_leaks() {
    local bundle=$out/leaks
    need_build shared "${shared_options[@]}"
    rm -rf "$bundle" && mkdir -p "$bundle/rootfs/bin"
    cp "$(command -v busybox)" "$bundle/rootfs/bin/sh"
    (cd "$bundle" && runc spec)
    echo '{}' >"$bundle/policy.json"
    # The confined child is no process of its own to valgrind, and ends without cleaning up.
    local run=(valgrind -q --child-silent-after-fork=yes --leak-check=full --show-leak-kinds=all
        --errors-for-leak-kinds=all --error-exitcode=99 "$out/shared/bin/ocinorm")
    local on=(--bundle "$bundle" --config "$bundle/policy.json")
    check "valgrind explain" "${run[@]}" explain "${on[@]}"
    check "valgrind explain json" "${run[@]}" explain "${on[@]}" --format json
    check "valgrind config show" "${run[@]}" config show --config "$bundle/policy.json"
    check "valgrind config schema" "${run[@]}" config schema
    check "valgrind apply" "${run[@]}" apply "${on[@]}"
    check "valgrind apply again" "${run[@]}" apply "${on[@]}"
}

# No times: the machine decides those. tests/bench/bench.py without --check measures them.
stage_count() {
    need_build shared "${shared_options[@]}"
    need_build release "${release_options[@]}"
    check "build core" cmake --build "$out/shared" --target ocn_bench_core
    check "growth" python3 tests/bench/bench.py --check "$out/shared/bin/ocn_bench_core" \
        "glibc=$out/release/bin"
}

run_tidy() {
    find normalize config hook -name '*.c' -print0 |
        xargs -0 -n 4 -P "$jobs" clang-tidy -p "$out/release" --quiet --warnings-as-errors='*' \
            --config-file=tests/gates/clang-tidy.yaml
}

run_cppcheck() {
    cppcheck --quiet --std=c11 --enable=warning,performance,portability --inline-suppr \
        --suppress=missingIncludeSystem --error-exitcode=1 -j "$jobs" -D_GNU_SOURCE \
        -D__x86_64__ -DOCN_VERSION='"0"' -DOCN_SYSCONFDIR='"/etc"' \
        -DOCN_DATADIR='"/usr/share"' -DOCN_LIBEXECDIR='"/usr/libexec"' -DOCN_BINDIR='"/usr/bin"' \
        -DOCN_DOCDIR='"/usr/share/doc/ocinorm"' -I. normalize config hook
}

run_shellcheck() {
    local files
    mapfile -t files < <(find .ci integration packaging tests -type f \
        \( -name '*.sh' -o -name '*.bash' -o -name '*.bats' -o -path '.ci/*' -o -name '*.sh.in' \
        -o -name '*.prerm' -o -name '*.postrm' -o -path '*/deb/tests/container' \))
    shellcheck -x -P SCRIPTDIR "${files[@]}"
}

stage_lint() {
    need_build release "${release_options[@]}"
    check "clang-tidy" run_tidy
    check "cppcheck" run_cppcheck
    check "shellcheck" run_shellcheck
}

stage_packages() {
    local step steps
    check "packages tools" install_for package
    mapfile -t steps < <(bash packaging/test.sh --list)
    check "packages steps" test "${#steps[@]}" -gt 0
    for step in "${steps[@]}"; do
        check "packages $step" bash packaging/test.sh "$out/packages" "$step"
    done
}

# ---- lanes ----------------------------------------------------------------------------------

names_of() { # LANE: those of its stages that are asked for
    local name lane
    while IFS='| ' read -r name lane _; do
        [[ $lane != "$1" || " ${asked[*]} " != *" $name "* ]] || echo "$name"
    done <<<"$stages"
}

# In a process of its own, which leaves NAME.count if it comes to its end.
run_stage() { # NAME
    local begin=$SECONDS
    say "$1:$(sed -n "s/^$1 .*|//p" <<<"$stages")"
    (
        passed=0 failed=0
        "stage_$1"
        echo "$passed $failed" >"$out/log/$1.count"
    ) 2>&1
    say "  $((SECONDS - begin)) s"
}

# Beside another lane, what a stage says is kept together.
run_lane() { # BESIDE NAME...
    local name
    for name in "${@:2}"; do
        if (($1 <= 0)); then
            run_stage "$name"
            continue
        fi
        flock "$out/log/say.lock" echo "$name: begins"
        run_stage "$name" >"$out/log/$name.said" 2>&1
        flock "$out/log/say.lock" cat "$out/log/$name.said"
    done
}

# Runs lanes to their ends, each as a process group, so that it ends with all its children.
run_lanes() { # LANE...
    local lane names beside=$(($# - 1))
    for lane in "$@"; do
        mapfile -t names < <(names_of "$lane")
        ((${#names[@]} > 0)) || beside=$((beside - 1))
    done
    for lane in "$@"; do
        mapfile -t names < <(names_of "$lane")
        set -m
        run_lane "$beside" "${names[@]}" </dev/null &
        set +m
        lanes+=("$!")
    done
    for lane in "${lanes[@]}"; do
        wait "$lane"
    done
    lanes=()
}

# What was running when time was up, and the last that it said. timeout(1) makes a group of its own.
stop_steps() {
    local file
    for file in "$out"/log/now.*; do
        [[ -e $file ]] || continue
        show_log "$(<"$file")" 20
        tail -n 20 "$(<"$file")" | tell_again "$out/log" "FAILED  was running: $(basename -- "$(<"$file")")"
        pkill -TERM -x -P "${file##*.}" timeout
    done
}

# On TERM bash still runs what a script or a test has to do at its end; it gets ten seconds for that.
stop_lanes() {
    local lane tries=0
    say "FAILED  stopped after $SECONDS s"
    stop_steps
    asked=()
    for lane in "${lanes[@]}"; do
        kill -TERM -- "-$lane" 2>/dev/null
    done
    for lane in "${lanes[@]}"; do
        while ((tries++ < 100)) && kill -0 -- "-$lane" 2>/dev/null; do
            sleep 0.1
        done
        kill -KILL -- "-$lane"
    done 2>/dev/null
}

# Adds up what the stages have counted.
count_all() { # NAME...
    local name good bad passed=0 failed=0
    for name in "$@"; do
        if ! read -r good bad 2>/dev/null <"$out/log/$name.count"; then
            good=0 bad=1
            say "FAILED  $name did not come to its end"
            tell_again "$out/log" "FAILED  $name did not come to its end" </dev/null
        fi
        passed=$((passed + good))
        failed=$((failed + bad))
    done
    say "the slowest of $(grep -c . "$out/log/steps") steps, in $SECONDS s:"
    sort -rn "$out/log/steps" | head -n 5
    show_told "$out/log"
    say "$passed passed, $failed failed"
    ((failed == 0))
}

main() {
    local name known names
    known=$(sed -n 's/ *|.*//p' <<<"$stages")
    if [[ ${1:-} == --engines ]]; then
        shift
        (($# == 0)) || set -- "$@" engines
    elif (($# == 0)); then
        mapfile -t names < <(grep -v '^engines$' <<<"$known" | sed '/^$/d')
        set -- "${names[@]}"
    fi
    for name in "$@"; do
        if ! grep -qx -- "$name" <<<"$known"; then
            say "tests/run.sh: no such stage: $name; there are:"
            sed '/^$/d; s/^/  /' <<<"$stages"
            exit 2
        fi
    done
    asked=("$@")
    (($# > 0)) || mapfile -t asked < <(sed '/^$/d' <<<"$known")
    mapfile -t names < <(names_of first; names_of one; names_of two; names_of three)
    mkdir -p "$out/log"
    rm -f "$out"/log/*.count "$out"/log/{now,told}.* "$out/log/soak.again"
    : >"$out/log/steps"
    lanes=()
    trap stop_lanes INT TERM HUP
    set -m
    (sleep "$limit" && kill -TERM "$$") >/dev/null 2>&1 </dev/null &
    set +m
    watchdog=$!
    trap 'kill -- "-$watchdog" 2>/dev/null' EXIT
    run_lanes first
    run_lanes one two three
    count_all "${names[@]}"
}

main "$@"
