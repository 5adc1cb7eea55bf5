#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# What was linked into the static programs of a build, from the linker's own maps and dpkg:
#   linked.sh list BUILD       PROGRAM PACKAGE VERSION ARCHITECTURE SOURCE SOURCE-VERSION, a row each
#   linked.sh substvars BUILD  the fields Built-Using and Static-Built-Using for debian/control
set -euo pipefail
export LC_ALL=C

command=${1:?list or substvars}
build=${2:?the directory that cmake built in}

# The files of others in a map: start files, and the archives from which a member was taken.
inputs() { # MAP
    sed -nE 's/^LOAD (\/.*\.o)$/\1/p; s/^(\/[^ ]*\.a)\(.*/\1/p' "$1" | sort -u |
        grep -v "^$(realpath "$build")/" | xargs -r realpath | sort -u
}

owner() { # FILE: its package. Merged /usr: dpkg may know it without
    { dpkg-query -S "$1" 2>/dev/null || dpkg-query -S "${1#/usr}"; } | sed -E '1!d; s/: \/.*//'
}

list() {
    local map file package
    for map in "$build"/map/*.map; do
        while read -r file; do
            package=$(owner "$file")
            dpkg-query -W -f "$(basename "$map" .map) "'${Package} ${Version} ${Architecture} ${source:Package} ${source:Version}\n' "$package"
        done < <(inputs "$map")
    done | sort -u
}

# The licence of glibc asks for the very source; of the others it is good to know.
substvars() {
    local all glibc
    all=$(list | awk '{ print $5 " (= " $6 ")" }' | sort -u)
    glibc=$(grep '^glibc ' <<<"$all" || true)
    echo "ocinorm:Built-Using=${glibc//$'\n'/, }"
    echo "ocinorm:Static-Built-Using=${all//$'\n'/, }"
}

case $command in
    list | substvars) "$command" ;;
    *)
        echo "linked.sh: $command: list or substvars" >&2
        exit 2
        ;;
esac
