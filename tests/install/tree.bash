# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2154 # here and case are set by whoever loads it
# The node of a case, as files.

# Names, kinds, modes, owners, links and bytes of all that ocinorm may write to.
snapshot() { # DIRECTORY
    (cd "$1" && mkdir -p usr/share usr/libexec
        find etc var usr/share usr/libexec -printf '%p %y %m %U:%G %l\n' | sort
        find etc var usr/share usr/libexec -type f -print0 | sort -z | xargs -0 -r sha256sum)
}

make_tree() { # DIRECTORY
    mkdir -p "$1/usr/bin" "$1/usr/libexec/oci/hooks.d" "$1/var/lib"
    cp -a "$here/$case/before/." "$1/"
    find "$1/etc" "$1/var" -name .keep -delete
    for program in usr/bin/ocinorm-runtime usr/libexec/oci/hooks.d/ocinorm-hook; do
        echo '#!/bin/true' >"$1/$program"
        chmod 0755 "$1/$program"
    done
    # What git does not keep.
    find "$1/etc" -type f \( -name '*.toml' -o -name daemon.json \) -exec chmod 0640 {} + \
        -exec chown 1234:4321 {} +
}
