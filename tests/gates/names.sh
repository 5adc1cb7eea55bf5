#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A public function begins with "ocn_" and the name of its file, or of its room (its folder): one who reads a
# call knows where to look. Definitions are as .clang-format leaves them: their brace alone in the first column.
. "$(dirname -- "$0")/../lib/gate.bash"

# Said everywhere, and short for that.
exceptions='
ocn_fail
ocn_fail_nomem
ocn_fail_sys
'

mapfile -t files < <(find normalize config hook -name '*.c' | sort)
require_some "C file" "${#files[@]}"

# "FILE:LINE NAME" of each public function.
mapfile -t functions < <(awk '
    FNR == 1 { head = ""; inside = 0 }
    /^}/ { inside = 0; head = ""; next }
    inside { next }
    /^{$/ {
        inside = 1
        gsub(/OCN_[A-Z_]+\([^()]*\)/, "", head)
        if (head !~ /^ *static |^ *static$/ && match(head, /[A-Za-z0-9_]+\(/)) {
            print FILENAME ":" start " " substr(head, RSTART, RLENGTH - 1)
        }
        next
    }
    /^$|^#|;$|\*\/$|\\$/ { head = ""; next }
    { start = head == "" ? FNR : start; head = head " " $0 }' "${files[@]}")
require_some "public function" "${#functions[@]}"

fits() { # FILE NAME
    local file=${1##*/} room=${1%/*} name=$2
    room=${room##*/}
    file=${file%.c}
    [[ ${name}_ == "ocn_${file}_"* || $name == "ocn_${room}_"* ]] ||
        [[ $room == rules && $name == ocn_rule_* ]] || # of a row of rules.def
        [[ $name == main ]]
}

for function in "${functions[@]}"; do
    where=${function% *}
    name=${function#* }
    fits "${where%:*}" "$name" || grep -qxF -- "$name" <<<"$exceptions" ||
        complain "$where: $name() begins neither with its file nor with its room"
done
finish
