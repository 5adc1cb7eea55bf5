#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Manual pages and completions say what the programs say: nothing is missing, nothing is stale, and the
# manual pages render without a warning.
. "$(dirname -- "$0")/../lib/gate.bash"

bin=$build_dir/bin
man=packaging/man
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

require_line() { # FILE LINE: a table that nobody asks for is not filled in
    grep -qxF -- "$2" "$1" || complain "$1: there is no line \"$2\""
}

# ---- what packaging/manual.sh makes --------------------------------------------------------

cp -r packaging/{man,completions,doc} "$scratch"
bash packaging/manual.sh "$bin" "$scratch" 2>"$scratch/errors" || complain "packaging/manual.sh failed"
complain_lines <"$scratch/errors"
for folder in man completions doc; do
    diff -ru "packaging/$folder" "$scratch/$folder" ||
        complain "packaging/$folder is stale: packaging/manual.sh $bin"
done

# ---- what is written by hand --------------------------------------------------------------

commands=$("$bin/ocinorm" help | sed -nE 's/^  ([a-z]+) +.*/\1/p')
require_some command "$(wc -w <<<"$commands")"
complain_lines < <(diff <(sed -n 's/^\.Ss //p' $man/ocinorm.1 | sort) <(sort <<<"$commands") |
    sed -n "s|^< |$man/ocinorm.1: no such command: |p; s|^> |$man/ocinorm.1: has no section: |p")
for command in $commands; do
    [[ $command == help || $command == version ]] && continue
    require_line $man/ocinorm.1 ".\\\" generated: usage $command"
    require_line $man/ocinorm.1 ".\\\" generated: options $command"
done
require_line $man/ocinorm.1 '.\" generated: exit'
require_line $man/ocinorm-hook.8 '.\" generated: hook_exit'
require_line $man/ocinorm.json.5 '.\" generated: keys'
require_line $man/ocinorm.json.5 '.\" generated: rules'
require_line $man/ocinorm-profiles.5 '.\" generated: profiles'

# The hook's words: stages and flags, of its usage and of its table.
help=$("$bin/ocinorm-hook" --help)
flags=$(grep -oE -- '^  --[a-z]+' <<<"$help" | tr -d ' ' | sed 's/^--//' | sort)
complain_lines < <(diff <(sed -nE 's/^\.It Fl -([a-z]+).*/\1/p' $man/ocinorm-hook.8 | sort) <(echo "$flags") |
    sed -n "s|^< |$man/ocinorm-hook.8: no such flag: --|p; s|^> |$man/ocinorm-hook.8: missing: --|p")
stages=$(sed -nE 's/^    \{ "([a-zA-Z]+)", (intervene|filter|NULL), (true|false) \}.*/\1/p' hook/ocihook/main.c)
require_some stage "$(wc -w <<<"$stages")"
for stage in $stages; do
    grep -qE "^\.It Cm (.* , )?$stage( ,|\$)" $man/ocinorm-hook.8 ||
        complain "$man/ocinorm-hook.8: missing: the stage $stage"
done

# The wrapper's status, annotations and variables.
status=$(sed -n 's/^#define EXIT_REFUSED //p' hook/runtime/main.c)
grep -A 1 '^\.Sh EXIT STATUS' $man/ocinorm-runtime.8 | grep -q "^$status if the container was denied" ||
    complain "$man/ocinorm-runtime.8: the exit status of a denial is ${status:-not in hook/runtime/main.c}"
names=$(grep -oE 'io\.ocinorm\.[a-z-]+' normalize/outcome/edits.def | sort -u)
require_some annotation "$(wc -w <<<"$names")"
for name in $names; do
    grep -qF "$name" $man/ocinorm-runtime.8 || complain "$man/ocinorm-runtime.8: missing: $name"
done
names=$(grep -hoE 'getenv\("[A-Z_]+"\)' hook/*/*.c | grep -oE '[A-Z_]{3,}' | sort -u)
require_some variable "$(wc -w <<<"$names")"
for name in $names; do
    grep -qE "^\.It Ev $name\$" $man/*.[18] || complain "$man: missing: $name"
done

# ---- what a reader sees -------------------------------------------------------------------

for page in "$man"/*.[1-9]; do
    mandoc -T lint -W warning "$page" || complain "$page: mandoc has something to say"
    said=$(LC_ALL=C.UTF-8 man -l --warnings=w "$page" 2>&1 >"$scratch/page") || complain "man -l $page failed"
    [[ -z $said ]] || complain "man -l $page: $said"
    [[ -s $scratch/page ]] || complain "man -l $page: shows nothing"
done
finish
