#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Puts ocinorm on a node, or takes it off: what the DaemonSet's pod runs, as root, in the shell of
# busybox. Nothing on the node is changed before everything that could stop half-way was tried, and
# no program goes while an engine or a container still names it: that would brick the node.
set -eu

usage='usage: installer.sh install|uninstall [OPTION...] [-- OPTION-OF-OCINORM-INSTALL...]

  install    copies the programs and the policy to the node, and registers the handler
  uninstall  waits for the containers of the handler; unregisters it; removes the programs once nothing
             names them

  --root DIR     where the root of the node is mounted (default: /host)
  --dir DIR      where on the node the programs go (default: /opt/ocinorm/bin)
  --programs DIR where the programs lie here (default: bin beside this script)
  --policy DIR   policy layers, *.json, for the conf.d of the node (default: policy beside it)
  --engine NAME  as in ocinorm install (default: containerd)

Exit status: 0 done, 1 not (yet), 2 wrong usage.'

here=$(cd -- "$(dirname -- "$0")" && pwd)
programs='ocinorm-runtime ocinorm-hook ocinorm-entry ocinorm' # the last one goes last
policy_dir=/etc/ocinorm/conf.d
ours=90-kubernetes- # what the policy files of this script are called, and only they
scratch=

say() { printf 'installer: %s\n' "$*"; }
die() { # EXIT-STATUS MESSAGE
    printf 'installer: error: %s\n' "$2" >&2
    exit "$1"
}

clean_up() {
    # A probe that could not be removed says so; the rest goes all the same.
    if [ -n "$scratch" ]; then
        printf '%s\n' "$scratch" | while read -r path; do rm -rf -- "$path"; done
    fi
}
trap clean_up EXIT
trap 'exit 1' HUP INT TERM

# ---- what is to be done ---------------------------------------------------------------------

root=/host
dir=/opt/ocinorm/bin
from=$here/bin
policy=$here/policy
engine=containerd

check_arguments() {
    # The name goes into configuration files and shells of others: only what needs no quotes there.
    case $dir in
        *[!A-Za-z0-9/._-]* | *..* | *//* | */)
            die 2 "--dir $dir: use letters, digits and . _ - / only"
            ;;
        /?*) ;;
        *) die 2 "--dir $dir: not an absolute path" ;;
    esac
    root=${root%/}
    [ -d "$root/" ] || die 1 "--root $root: no such directory; is the node mounted there?"
}

on_node() { chroot "$root/" "$@"; }

# ---- before anything is changed -------------------------------------------------------------

# Here an absolute link would lead out of the node, to this container's own files.
refuse_absolute_links() { # PATH-ON-NODE
    part=$1
    while [ -n "$part" ]; do
        if [ -L "$root$part" ]; then
            case $(readlink -- "$root$part") in
                /*) die 1 "$part is a link to $(readlink -- "$root$part"); name that directory (--dir)" ;;
            esac
        fi
        part=${part%/*}
    done
}

# The part of a path that exists already.
existing_part() { # PATH-ON-NODE
    part=$1
    while [ -n "$part" ] && [ ! -e "$root$part" ]; do part=${part%/*}; done
    printf '%s' "${part:-/}"
}

# Makes a directory for a probe where files are to be put, and names it.
probe=
make_probe() { # PATH-ON-NODE
    at=$(existing_part "$1")
    [ -d "$root$at" ] || die 1 "$at on the node is no directory, and $1 was to be below it"
    probe=${at%/}/.ocinorm-probe.$$
    problem=$(mkdir -m 0700 -- "$root$probe" 2>&1) ||
        die 1 "cannot write to $at on the node, where $1 was to be: ${problem##*: }; nothing was changed"
    scratch="$scratch
$root$probe"
}

# A node starts with its programs in memory gone: every container of the handler would fail.
refuse_memory() { # PATH-ON-NODE
    case $(stat -f -c %T -- "$root$(existing_part "$1")") in
        tmpfs | ramfs)
            die 1 "$1 on the node is in memory, and gone after a restart; name another directory (--dir)"
            ;;
    esac
}

check_programs() {
    for program in $programs; do
        [ -f "$from/$program" ] || die 1 "$from/$program is missing in this image"
    done
    "$from/ocinorm" version >/dev/null || die 1 "$from/ocinorm does not run: is the image for another machine?"
    refuse_absolute_links "$dir"
    [ "$(stat -f -c %T -- "$root/etc")" = tmpfs ] || refuse_memory "$dir"
    make_probe "$dir"
    cp -- "$from/ocinorm" "$root$probe/ocinorm" || die 1 "cannot write to $dir on the node; nothing was changed"
    chmod 0755 -- "$root$probe/ocinorm"
    problem=$(on_node "$probe/ocinorm" version 2>&1) ||
        die 1 "programs cannot be executed in $dir on the node (mounted noexec?): ${problem##*: }; name
another directory (--dir); nothing was changed"
    tried=$probe/ocinorm
}

# The policy as it will be, in a tree of its own: an invalid one would stop every container.
check_policy() {
    refuse_absolute_links "$policy_dir"
    make_probe "$policy_dir"
    tree=$(mktemp -d)
    scratch="$scratch
$tree"
    mkdir -p "$tree$policy_dir" "$tree/usr/share"
    for part in /etc/ocinorm /usr/share/ocinorm; do
        if [ -d "$root$part" ]; then cp -R "$root$part" "$tree${part%/*}/"; fi
    done
    rm -f "$tree$policy_dir/$ours"*.json
    for file in "$policy"/*.json; do
        if [ -f "$file" ]; then cp -- "$file" "$tree$policy_dir/$ours${file##*/}"; fi
    done
    "$from/ocinorm" config check --root "$tree" >/dev/null ||
        die 1 "the policy would be invalid on this node (the file is below $tree); nothing was changed"
}

# ---- installing -----------------------------------------------------------------------------

# Replaced whole or not at all: containers may be starting from it.
put_file() { # SOURCE PATH-ON-NODE MODE
    if cmp -s -- "$1" "$root$2"; then return 0; fi
    cp -- "$1" "$root$2.new"
    chmod "$3" -- "$root$2.new"
    chown 0:0 -- "$root$2.new"
    sync
    mv -f -- "$root$2.new" "$root$2"
    say "wrote $2"
}

put_policy() {
    mkdir -p -- "$root$policy_dir"
    for file in "$policy"/*.json; do
        if [ -f "$file" ]; then put_file "$file" "$policy_dir/$ours${file##*/}" 0644; fi
    done
    for file in "$root$policy_dir/$ours"*.json; do
        if [ -f "$file" ] && [ ! -f "$policy/${file##*/"$ours"}" ]; then rm -- "$file"; fi
    done
}

# Which of the programs the engine is to start: that of the mode that stands behind --.
registered() { # OPTION-OF-OCINORM-INSTALL...
    name=ocinorm-runtime
    before=
    for option in "$@"; do
        case $before$option in
            --mode=hook | --modehook) name=ocinorm-hook ;;
            --mode=* | --mode?*) name=ocinorm-runtime ;;
        esac
        before=
        [ "$option" != --mode ] || before=--mode
    done
    printf '%s' "$dir/$name"
}

# --force: a bootstrap may have written the engine's files anew since, and ours are the cluster's.
register() { # PROGRAM install ENGINE OPTION...
    program=$1
    shift 2
    on_node "$program" install "$@" --program "$(registered "$@")" --force
}

install_all() {
    check_programs
    check_policy
    register "$tried" install "$engine" --dry-run "$@" >/dev/null ||
        die 1 "$engine on this node cannot be configured; nothing was changed"
    mkdir -p -- "$root$dir"
    rm -f -- "$root$dir/unregistered" "$root$dir/unregistering"
    for program in $programs; do put_file "$from/$program" "$dir/$program" 0755; done
    put_policy
    told=$(register "$dir/ocinorm" install "$engine" "$@") || {
        status=$?
        printf '%s\n' "$told"
        exit "$status"
    }
    # The RuntimeClass of that name is in base/ already.
    printf '%s\n' "$told" | sed '/^for Kubernetes, .* runtimeClassName: ocinorm$/,$d'
    on_node "$dir/ocinorm" doctor || say "see above for what does not take effect yet, or cannot be seen from a pod"
}

# ---- uninstalling ---------------------------------------------------------------------------

# The configurations of engines that name the programs.
named_by_configuration() {
    for conf in /etc/containerd /etc/crio /etc/containers /etc/docker /var/lib/rancher/k3s/agent/etc/containerd \
        /var/lib/rancher/rke2/agent/etc/containerd; do
        if [ -d "$root$conf" ]; then
            grep -rlF -- "$dir/ocinorm" "$root$conf" | sed "s|^$root|configuration |"
        fi
    done
}

annotation() { # CONFIG.JSON NAME
    sed -n "s|.*\"io\.kubernetes\.cri\.$2\": *\"\([^\"]*\)\".*|\1|p" "$1" 2>/dev/null | head -n 1
}

# A container as people know it: NAMESPACE/POD/CONTAINER, or its id.
describe() { # DIRECTORY-OF-ITS-SHIM
    pod=$(annotation "$1/config.json" sandbox-namespace)/$(annotation "$1/config.json" sandbox-name)
    name=$(annotation "$1/config.json" container-name)
    case $pod in
        /*) printf 'container %s\n' "${1##*/}" ;;
        *) printf 'container %s\n' "$pod/${name:-(sandbox)}" ;;
    esac
}

# A shim keeps the name of the runtime for as long as its container lives, for kill and delete; a
# hook stands in the container's own configuration.
named_by_containers() {
    for run in /run/containerd /run/k3s/containerd; do
        for task in "$root$run"/io.containerd.runtime.v2.task/*/*; do
            if grep -qsF -- "$dir/ocinorm" "$task/options.json" ||
                grep -qsE -- "\"path\": *\"$dir/ocinorm-hook\"" "$task/config.json"; then
                describe "$task"
            fi
        done
    done
}

# An engine makes its socket anew when it starts: one from before still has the handler.
named_by_engines() {
    for socket in /run/containerd/containerd.sock /run/k3s/containerd/containerd.sock /run/crio/crio.sock; do
        if [ -S "$root$socket" ] &&
            [ -n "$(find "$root$dir/unregistered" -newer "$root$socket")" ]; then
            printf 'engine %s (it has not been restarted since)\n' "$socket"
        fi
    done
}

# Ends with @2 if @1 names anybody.
wait_for() { # NAMES SENTENCE
    [ -n "$1" ] || return 0
    printf '%s\n' "$1" | sed 's/^/installer: still needed by /'
    case $1 in
        *"/$(hostname)/"*)
            say "this pod was started through ocinorm itself: when nothing else is named, and the engine has" \
                "been restarted, delete it; the DaemonSet's next one finishes"
            ;;
    esac
    die 1 "$2"
}

# Whether pods that name no class go through ocinorm: they do not need the handler to be registered.
is_default() {
    on_node "$dir/ocinorm" uninstall "$engine" --dry-run --force | awk -v program="$dir/ocinorm-" '
        { sub(/^[-+ ]/, "") }
        /^ *\[.*runtimes\./ { table = $0; sub(/.*runtimes\./, "", table); gsub(/"|\].*|\.options.*/, "", table) }
        /^ *default_runtime(_name)? *=/ { split($0, part, "\""); chosen = part[2] }
        /^ *(BinaryName|runtime_path|base_runtime_spec) *=/ && (index($0, program) || /ocinorm-spec/) { ours[table] = 1 }
        END { exit !(chosen in ours) }'
}

# Of what stands behind -- for the installation, the removal knows these. The mark is from before: the
# engine that is restarted in here has read the configuration without the handler.
unregister() {
    restart=
    force=
    for option in "$@"; do
        case $option in
            --restart) restart=$option ;;
            --force) force=$option ;;
        esac
    done
    : >"$root$dir/unregistering"
    on_node "$dir/ocinorm" uninstall "$engine" ${restart:+"$restart"} ${force:+"$force"}
    mv -f -- "$root$dir/unregistering" "$root$dir/unregistered"
}

uninstall_all() {
    if [ ! -e "$root$dir/ocinorm" ]; then
        say "there is no $dir/ocinorm on this node: nothing to do"
        return 0
    fi
    refuse_absolute_links "$dir"
    refuse_absolute_links "$policy_dir"
    # Pods of the class need the handler in the engine: for exec, and to start a container again.
    if [ ! -e "$root$dir/unregistered" ] && ! is_default; then
        wait_for "$(named_by_containers)" "nothing was changed: the handler stays registered until these are gone"
    fi
    [ -e "$root$dir/unregistered" ] || unregister "$@"
    names=$(named_by_configuration && named_by_containers && named_by_engines)
    wait_for "$names" "the handler is unregistered; the programs in $dir stay until nothing needs them"
    for program in $programs unregistered unregistering; do rm -f -- "$root$dir/$program"; done
    rmdir -- "$root$dir" 2>/dev/null || true
    # Made with it; what else lies in there keeps it.
    [ "$dir" != /opt/ocinorm/bin ] || rmdir -- "$root/opt/ocinorm" 2>/dev/null || true
    rm -f -- "$root$policy_dir/$ours"*.json
    rmdir -- "$root$policy_dir" "$root${policy_dir%/*}" 2>/dev/null || true
    say "removed"
}

action=${1:-}
case $action in
    install | uninstall) shift ;;
    -h | --help) printf '%s\n' "$usage" && exit 0 ;;
    *) die 2 "name install or uninstall; see installer.sh --help" ;;
esac
while [ $# -gt 0 ] && [ "$1" != -- ]; do
    [ $# -gt 1 ] || die 2 "$1: needs a value, or is no option; see installer.sh --help"
    case $1 in
        --root) root=$2 ;;
        --dir) dir=$2 ;;
        --programs) from=$2 ;;
        --policy) policy=$2 ;;
        --engine) engine=$2 ;;
        *) die 2 "$1: no such option; see installer.sh --help" ;;
    esac
    shift 2
done
[ $# -eq 0 ] || shift
check_arguments
"${action}_all" "$@"
