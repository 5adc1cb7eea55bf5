#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Includes point one way, from room to room (a room is a folder), and no files include each other in a circle.
. "$(dirname -- "$0")/../lib/gate.bash"

# ROOM : the rooms that it may include, besides itself. Both may be patterns; the first row that fits counts.
rooms='
normalize/base    :
normalize/json    : normalize/base
normalize/oci     : normalize/base normalize/json
normalize/policy  : normalize/base normalize/json normalize/oci
normalize/outcome : normalize/base normalize/json normalize/policy
normalize/program : normalize/base normalize/json
normalize/rootfs  : normalize/base normalize/json normalize/oci
normalize/node    : normalize/base normalize/json normalize/oci normalize/policy
normalize/image   : normalize/base normalize/json normalize/oci normalize/rootfs normalize/node
normalize/rules   : normalize/base normalize/json normalize/oci normalize/policy normalize/outcome normalize/program normalize/rootfs normalize/node
normalize/diff    : normalize/base normalize/json normalize/image
normalize/lint    : normalize/base normalize/json normalize/policy
normalize/workload : normalize/base normalize/json normalize/program normalize/image normalize/lint
normalize/admission : normalize/base normalize/json normalize/policy normalize/program normalize/image normalize/lint normalize/workload
normalize         : normalize/*
config            : normalize/base normalize/json normalize/policy normalize/node
hook/sys          : normalize/base normalize/json
hook/confine      : hook/sys normalize/base normalize/json
hook/view         : hook/sys hook/confine normalize/*
hook/policy       : hook/sys hook/view config normalize/*
hook/mounts       : hook/sys hook/confine normalize/*
hook/judge        : hook/sys hook/confine hook/view hook/policy hook/mounts config normalize normalize/*
hook/running      : hook/sys hook/confine hook/view hook/policy hook/judge config normalize normalize/*
hook/entry        : hook/sys hook/confine hook/mounts normalize/*
hook/runtime      : hook/sys hook/view hook/policy hook/judge hook/running config normalize normalize/*
hook/ocihook      : hook/sys hook/view hook/policy hook/judge hook/entry config normalize normalize/*
hook/admission    : hook/sys hook/policy config normalize/*
hook/install      : hook/sys hook/view config normalize/*
hook/doctor       : hook/sys hook/confine hook/view hook/policy hook/mounts hook/judge hook/entry hook/install config normalize normalize/*
hook/cli          : hook/admission hook/sys hook/confine hook/view hook/policy hook/judge hook/running hook/install hook/doctor config normalize normalize/*
hook/lint         : hook/sys hook/confine normalize/*
hook/image        : hook/admission hook/sys hook/confine hook/view hook/policy hook/judge hook/cli hook/lint config normalize normalize/*
tests*            : tests* hook* config normalize normalize/* packaging/*
'

# The door to the world is base, wherever it lies.
room_of() { # FILE
    case $1 in
        normalize/view.h) echo normalize/base ;;
        *) echo "${1%/*}" ;;
    esac
}

# The pattern of the row that @room has, and what it allows.
row_of() { # ROOM
    local pattern allowed
    while IFS=: read -r pattern allowed; do
        # shellcheck disable=SC2053 # it is a pattern
        if [[ $1 == ${pattern// /} ]]; then
            echo "$1 $allowed"
            return
        fi
    done < <(sed '/^$/d' <<<"$rooms")
}

may_include() { # ALLOWED ROOM
    local pattern
    for pattern in $1; do
        # shellcheck disable=SC2053 # it is a pattern
        [[ $2 != $pattern ]] || return 0
    done
    return 1
}

declare -A allowed=() # by room
set -f                # patterns of rooms are no names of files
for folder in normalize config hook tests; do
    mapfile -t includes < <(grep -rnE '^[[:space:]]*#[[:space:]]*include[[:space:]]*"' "$folder" \
        --include='*.c' --include='*.h' --include='*.def')
    require_some "include in $folder" "${#includes[@]}"
    for line in "${includes[@]}"; do
        target=${line#*\"}
        target=${target%%\"*}
        where=${line%%:#*}
        if [[ $target != */* || $target == *..* || ! -f $target ]]; then
            complain "$where: \"$target\" is not spelled from the root of the tree"
            continue
        fi
        room=$(room_of "${line%%:*}")
        [[ -n ${allowed[$room]-} ]] || allowed[$room]=$(row_of "$room")
        if [[ -z ${allowed[$room]} ]]; then
            complain "$where: no row of layers.sh speaks of $room"
        elif ! may_include "${allowed[$room]}" "$(room_of "$target")"; then
            complain "$where: $room may include only from: ${allowed[$room]} (got \"$target\")"
        fi
    done
done

# NAME.c and NAME.h are one file here. tsort(1) names what goes round in a circle.
edges=$(grep -roE '^[[:space:]]*#[[:space:]]*include "[^"]+\.h"' normalize config hook --include='*.c' --include='*.h' |
    sed -E 's/^([^:]+)\.[ch]:.*"([^"]+)\.h"/\1 \2/' | awk '$1 != $2' | sort -u)
require_some "include between files" "$(wc -l <<<"$edges")"
complain_lines < <(tsort 2>&1 >/dev/null <<<"$edges" | sed 's/^tsort: -: /circle: /; s/^tsort: /circle: /')
finish
