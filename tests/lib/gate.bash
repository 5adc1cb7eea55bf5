# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# For tests/gates/NAME.sh SOURCE-DIR BUILD-DIR: collect complaints, fail if there were any.
set -euo pipefail
export LC_ALL=C

source_dir=$(cd -- "$1" && pwd)
# shellcheck disable=SC2034 # not every gate looks at a build
build_dir=$(cd -- "$2" && pwd)
complaints=0
cd -- "$source_dir"

complain() { # MESSAGE...
    echo "$*" >&2
    complaints=$((complaints + 1))
}

# Reads complaints, one a line.
complain_lines() {
    local line
    while IFS= read -r line; do
        complain "$line"
    done
}

# A gate that looks at nothing must not pass: call with what it looked at.
require_some() { # WHAT COUNT
    if (($2 == 0)); then
        complain "found no $1: this gate looked at nothing"
    fi
}

finish() {
    if ((complaints > 0)); then
        echo "${0##*/}: $complaints complaints" >&2
        exit 1
    fi
}
