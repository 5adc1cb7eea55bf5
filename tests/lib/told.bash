# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# For run.sh: whoever sees only the last lines of a long output shall see what failed. Each step leaves its most
# telling lines, and they are shown once more at the end.

told_lines=25
told_chars=3000

# Takes the lines on stdin.
tell_again() { # DIRECTORY TITLE
    { echo "$2" && cut -c-200 | head -n "$told_lines"; } >"$1/told.$(date +%s%N).$BASHPID"
}

# Of a command: from the first line that says FAILED (soak.sh does), else the end.
telling_of_command() { # LOG
    if grep -q '^FAILED' "$1"; then
        sed -n '/^FAILED/,$p' "$1"
    else
        tail -n "$told_lines" "$1"
    fi
}

# Of bats: the tests that failed, and the first lines of what each said; else the end.
telling_of_bats() { # LOG
    local tests
    tests=$(grep -cE '^not ok |^ok .*# skip' "$1")
    if ((tests == 0)); then
        tail -n "$told_lines" "$1"
        return
    fi
    awk -v most="$((tests < 3 ? told_lines / tests : 8))" '
        /^not ok |^ok .*# skip/ { left = most }
        /^ok / && !/# skip/ { left = 0 }
        left-- > 0' "$1"
}

# All that one failed test said.
failure_of_bats() { # LOG NAME
    NAME=$2 awk '/^(not )?ok / { name = $0; shown = sub(/^not ok [0-9]+ /, "", name) && name == ENVIRON["NAME"] } shown' "$1"
}

# Of ctest: the end of what each failed test said.
telling_of_ctest() { # LOG
    awk '
        function flush(  i) {
            for (i = count > 8 ? count - 8 : 0; i < count; i++)
                print lines[i]
            count = 0
        }
        / Test +#[0-9]+: | Start +[0-9]+: |^[0-9]+% tests passed/ { flush(); failing = 0 }
        failing && NF { lines[count++] = $0 }
        / Test +#.*(\*\*\*|Not Run)/ { failing = 1; print }' "$1"
}

# Each gets its share of the characters; what is longer loses its middle.
show_told() { # DIRECTORY
    local file text share files=("$1"/told.*)
    [[ -e ${files[0]} ]] || return 0
    echo "once more and in short; all of it is above, and in build/test/log:"
    share=$((told_chars / ${#files[@]}))
    ((share >= 150)) || share=150
    for file in "${files[@]}"; do
        text=$(<"$file")
        if ((${#text} > share)); then
            text=${text::share*2/3}$'\n    [...]\n'${text: -share/3}
        fi
        echo "$text"
    done
}

# ---- a second try ---------------------------------------------------------------------------

failed_names() { sed -nE 's/^not ok [0-9]+ //p' "$1"; } # LOG-OF-BATS

# How many tests bats planned and did not come to.
count_missing() { # LOG-OF-BATS
    local planned
    planned=$(sed -nE 's/^1\.\.([0-9]+)$/\1/p' "$1" | head -n 1)
    echo "$((planned - $(grep -cE '^(not )?ok ' "$1")))"
}

# shellcheck disable=SC2016 # no $ of the shell's
escape() { sed 's/[][\.*^$(){}?+|]/\\&/g'; }

# The failed tests as an expression for bats -f: at most three, and nothing else went wrong.
expression_of_failed() { # LOG-OF-BATS
    local names
    names=$(failed_names "$1")
    [[ -n $names && $(wc -l <<<"$names") -le 3 && $(count_missing "$1") == 0 ]] &&
        ! grep -qE '^(setup|teardown)_(file|suite) failed' <<<"$names" &&
        printf '^(%s)$\n' "$(escape <<<"$names" | paste -sd'|')"
}

# Those of the first log's failed tests that passed in the second log.
passed_since() { # LOG-OF-BATS LOG-OF-BATS
    comm -23 <(failed_names "$1" | sort -u) <(failed_names "$2" | sort -u) |
        grep -xF -f <(sed -nE '/# skip/d; s/^ok [0-9]+ //p' "$2")
}
