#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Relative links of every *.md lead somewhere: in the tree, and in the documentation as it is installed.
. "$(dirname -- "$0")/../lib/gate.bash"

installed=$(mktemp -d)
trap 'rm -rf "$installed"' EXIT

# "LINE TARGET" of each link that is not in code, neither a block nor `words`.
links_of() { # FILE
    awk '/^ *```/ { code = !code; next }
        !code {
            gsub(/`[^`]*`/, "")
            while (match($0, /\]\([^)]*\)/)) {
                print NR, substr($0, RSTART + 2, RLENGTH - 3)
                $0 = substr($0, RSTART + RLENGTH)
            }
        }' "$1"
}

# The names that headings get: small letters, without punctuation, blanks as hyphens.
anchors_of() { # FILE
    awk '/^ *```/ { code = !code; next }
        !code && sub(/^#+ +/, "") { s = tolower($0); gsub(/[^a-z0-9 _-]/, "", s); gsub(/ /, "-", s); print s }' "$1"
}

count=0
check_tree() { # DIRECTORY
    local file line target path
    while IFS= read -r file; do
        while read -r line target; do
            [[ ! $target =~ ^[a-z]+: ]] || continue
            count=$((count + 1))
            path=${target%%#*}
            path=${path:+$(dirname -- "$file")/$path}
            path=${path:-$file}
            if [[ ! -e $path ]]; then
                complain "${file#"$1/"}:$line: $target: no such file"
            elif [[ $target == *'#'* ]] && ! anchors_of "$path" | grep -qxF -- "${target#*#}"; then
                complain "${file#"$1/"}:$line: $target: no such heading"
            fi
        done < <(links_of "$file")
    done < <(find "$1" \( -name 'build*' -o -name .git \) -prune -o -name '*.md' -print | sort)
}

check_tree "$source_dir"
require_some link "$count"

count=0
DESTDIR=$installed cmake --install "$build_dir" --component ocinorm >/dev/null
check_tree "$installed"
require_some "link in what is installed" "$count"
finish
