#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Fills in what manual pages and completions say of the programs, so that nobody has to keep it in step
# by hand: packaging/manual.sh BIN [DIRECTORY], BIN being build/bin. The sources are the tables of commands
# (ocinorm help --format json), config/schema.json and default.json, config/profiles and
# normalize/policy/rules.def. What it writes is checked in, so that a package needs neither jq nor this
# script; tests/gates/manual.sh fails where it is stale.
#
# In the pages, a line with "generated: NAME [WORD...]" begins what block_NAME prints, a line with
# "generated end" ends it. The files of completions are made as a whole.
set -euo pipefail
shopt -s inherit_errexit
export LC_ALL=C

(($# > 0)) || { echo "usage: manual.sh BIN [DIRECTORY]" >&2 && exit 2; }
bin=$(cd -- "$1" && pwd)
root=$(cd -- "$(dirname -- "$0")/.." && pwd)
target=$(cd -- "${2:-$root/packaging}" && pwd)
cd -- "$root"

fail() { echo "manual.sh: $*" >&2 && exit 1; }

# ---- what ocinorm says of itself -------------------------------------------------------------

# hook/cli/command.h has the tables: every command, its options, what stands behind each.
# Commands of ocinorm-image that ocinorm has no tables of are told by that.
tables=$(jq -s '.[0] as $own | [$own.commands[].name] as $names | $own |
    .commands += ($more[0].commands | map(select(.name as $name | $names | index($name) | not)))' \
    --slurpfile more <("$bin/ocinorm-image" help --format json) <<<"$("$bin/ocinorm" help --format json)")

# Runs a jq program on a command; "config show" is one, too.
of() { # JQ-PROGRAM COMMAND [SUBCOMMAND]
    # shellcheck disable=SC2016
    jq -r --arg name "${*:2}" "[.. | objects | select(.exit? and .name == \$name)][0] | $1" <<<"$tables"
}

# name TAB summary.
commands() { jq -r '.commands[] | [.name, .summary] | @tsv' <<<"$tables"; }

# The names of those that the manual page tells the exit status of; of all.
described() { commands | cut -f 1 | grep -vxE 'help|version'; }

names() { commands | cut -f 1; }

# config's own commands.
subcommands() { of '.commands[] | [(.name | split(" ")[1]), .summary] | @tsv' "$1"; } # COMMAND

# dir, file, none or words, and the words: what an option or an operand takes; "-" for nothing.
kind='(if .takes == "nothing" then "-" elif .takes == "text" then "none"
        elif .takes == "word" then "words \(.words | join(" "))" else .takes end)'

# A line for each option: name, letter (or -), what people call its argument (or -), what it takes, 1 if
# it repeats, sentence.
options() { # COMMAND [SUBCOMMAND]
    of ".options[] | [\"--\" + .name, .letter // \"-\", .argument // \"-\", $kind,
        (if .repeats then \"1\" else \"0\" end), .text] | join(\"\\t\")" "$@"
}

# What stands behind a command that is no option.
operand() { # COMMAND [SUBCOMMAND]
    of "if .operand then .operand | $kind else \"none\" end" "$@"
}

# ---- blocks of the manual pages --------------------------------------------------------------

# Text as roff: no escape, no request, quotes as they are.
roff() { sed -e 's/\\/\\e/g; s/`/\\(ga/g' -e "s/'/\\\\(aq/g" -e 's/^\./\\\&./'; }

block_usage() { # COMMAND
    echo '.Bd -literal -offset indent'
    of '.synopsis[]' "$1" | roff
    echo '.Ed'
}

block_options() { # COMMAND
    local name letter arg text
    echo '.Bl -tag -width Ds'
    while IFS=$'\t' read -r name letter arg _ _ text; do
        printf '.It '
        [[ $letter == - ]] || printf 'Fl %s , ' "$letter"
        printf 'Fl %s' "${name#-}"
        [[ $arg == - ]] || printf ' Ar %s' "$arg"
        echo
        roff <<<"$text"
    done < <(options "$1")
    echo '.El'
}

block_exit() {
    local name
    echo '.Bl -tag -width uninstall'
    while read -r name; do
        printf '.It Ic %s\n' "$name"
        of .exit "$name" | roff
    done < <(described)
    echo '.El'
}

# The last paragraph of the hook's usage text: "0 go on, 1 denied, 2 could not decide."
block_hook_exit() {
    "$bin/ocinorm-hook" --help | sed -n 's/^Exit status: \(.*\)\.$/\1/p' | tr ',' '\n' |
        sed -E 's/^ *([0-9]) (.*)/.It \1\n\2/'
}

# shellcheck disable=SC2016 # jq's variables
keys_filter='
    def words: map(tojson) | join(" | ");
    def kind:
        if .enum then .enum | words
        elif .type == "integer" then "integer\(if .minimum then ", \(.minimum) to \(.maximum)" else "" end)"
        elif .type == ["string", "null"] then "string or null"
        elif .type == "array" then "list of \(if .items.type == "object" then "objects" else "strings" end)"
        elif .type == "object" and .additionalProperties != false then "object of strings"
        else .type end;
    def rows($path; $names):
        to_entries[] | ($path + .key) as $key | ($names + [.key]) as $at | .value |
        select(.["$ref"] == null) |
        (try ($default[0] | getpath($at)) catch null) as $value |
        ".It Cm \($key)",
        "(\(kind)\(if .properties or $value == null then "" else "; built in: \($value | tojson)" end))",
        (.description // empty),
        (if $key == "rules" or $key == "match[].policy" then empty
         elif .properties then .properties | rows($key + "."; $at)
         elif .items.properties then .items.properties | rows($key + "[]."; $at + ["items"])
         else empty end);
    .properties | rows(""; [])'

block_keys() {
    "$bin/ocinorm" config schema | jq -r --slurpfile default config/default.json "$keys_filter" |
        sed -e '/^\.It/!s/^\./\\\&./' | sed -e '/^\.It/!{s/\\"/\\e"/g;s/`/\\(ga/g;'"s/'/\\\\(aq/g"'}'
}

# A row of rules.def: name TAB 1 if it is for exec, too.
rules() {
    tr '\n' ' ' <normalize/policy/rules.def |
        grep -oE 'OCN_RULE\([A-Z_]+, *"[^"]+", *[A-Z]+, *[01], *[A-Z_]+' |
        sed -E '/EXEC$/{s/.*"([^"]+)".*/\1\t1/;t};s/.*"([^"]+)".*/\1\t0/'
}

# name, built-in level, possible levels, what it does.
rule_row() { # RULE
    "$bin/ocinorm" config schema | jq -r --arg rule "$1" --slurpfile default config/default.json '
        .properties.rules.properties[$rule] // error("no rule \($rule)") |
        "\($rule)\t\($default[0].rules[$rule])\t\(.enum | join(", "))\t\(.description)"'
}

block_rules() {
    local rule exec level levels text
    while IFS=$'\t' read -r rule exec; do
        IFS=$'\t' read -r _ level levels text < <(rule_row "$rule")
        printf '.It Cm %s\n(%s; built in: %s%s)\n' "$rule" "$levels" "$level" \
            "$([[ $exec == 0 ]] || echo '; also for exec')"
        roff <<<"$text"
    done < <(rules)
}

block_profiles() {
    local file
    for file in config/profiles/*.json; do
        printf '.Ss %s\n' "$(basename "$file" .json)"
        # shellcheck disable=SC2016
        jq -r '
            "Known by:", ".Bl -tag -width 100",
            (.detect[] | ".It \(.weight)",
             "\(if .env then "variable \(.env)" else .file end)" +
             "\(if .key then ", line \(.key)" else "" end)" +
             "\(if .is then ", is \(.is | tojson)" elif .isNot then ", is not \(.isNot | tojson)" else "" end)"),
            ".El",
            (if (.env.timeouts // {}) == {} then empty else
             ".Pp", "Sets:", ".Bl -tag -width Ds",
             (.env.timeouts | to_entries[] | ".It Cm \(.key) No \(.value.seconds) s", .value.why), ".El"
             end),
            (if (.env.resource // {}) == {} then empty else
             ".Pp", "Resource attributes: \([.env.resource | to_entries[] | "\(.key)=\(.value)"] | join(", "))."
             end)' "$file" | sed -e "s/'/\\\\(aq/g"
    done
}

# Rows of edits.def as a table of Markdown.
block_edits() {
    echo '| place | rule | text | exec | hook | else |'
    echo '|---|---|---|---|---|---|'
    tr '\n' ' ' <normalize/policy/rules.def | grep -oE 'OCN_RULE\([A-Z_]+, *"[^"]+"' |
        sed -E 's/OCN_RULE\(([A-Z_]+), *"([^"]+)"/\1,\2/' |
        awk -F', *' '
            NR == FNR { name[$1] = $2; next }
            BEGIN {
                hook["NEVER"] = hook["BOUNDING"] = "no"; hook["LEFT"] = "-"; hook["LOST"] = "has none by then"
                hook["UNDO"] = "where the user is lowered"
                or["REFUSE"] = "refuses"; or["WARN"] = "warns"; or["LEAVE"] = "leaves it out"
            }
            sub(/^OCN_EDIT\([A-Z_]+, */, "") {
                gsub(/[")]/, ""); gsub(/~1/, "/", $1)
                place = $1 ~ /\/$/ ? $1 "NAME" : $1
                printf "| `%s` | %s | yes | %s | %s | %s |\n", place, $2 == "ANY" ? "with a variable" : name[$2],
                    $4 ? "yes" : "-", $5 in hook ? hook[$5] : "yes", or[$6]
            }' - normalize/outcome/edits.def
}

# ---- completions -----------------------------------------------------------------------------

bash_argument() { # what it takes
    case $1 in
        dir) echo "_ocinorm_paths -d" ;;
        file) echo "_ocinorm_paths -f" ;;
        none) echo ":" ;;
        words*) echo "_ocinorm_words ${1#words }" ;;
    esac
}

bash_operand() { # COMMAND [SUBCOMMAND]
    local names
    names=$(options "$@" | cut -f 1 | tr '\n' ' ')
    # shellcheck disable=SC2016
    printf '            if [[ $cur == -* ]]; then\n                _ocinorm_words %s--help\n' "$names"
    printf '            else\n                %s\n            fi\n            ;;\n' \
        "$(bash_argument "$(operand "$@")")"
}

made='# Made by packaging/manual.sh from what ocinorm says of itself.'

make_bash() {
    local name sub option letter takes
    cat <<END
# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
$made

_ocinorm_words() { mapfile -t COMPREPLY < <(compgen -W "\$*" -- "\$cur"); }

_ocinorm_paths() {
    compopt -o filenames 2>/dev/null
    mapfile -t COMPREPLY < <(compgen "\$1" -- "\$cur")
}

_ocinorm() {
    local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD - 1]}
    local command=\${COMP_WORDS[1]} sub=''

    COMPREPLY=()
    if ((COMP_CWORD == 1)); then
        _ocinorm_words $(commands | cut -f 1 | tr '\n' ' ')--help --version
        return
    fi
    if [[ \$cur == = ]]; then
        cur=''
    elif [[ \$prev == = ]]; then
        prev=\${COMP_WORDS[COMP_CWORD - 2]}
    fi
    case \$command:\$prev in
END
    while read -r name; do
        while IFS=$'\t' read -r option letter _ takes _; do
            [[ $takes == - ]] && continue
            printf '        %s:%s' "$name" "$option"
            [[ $letter == - ]] || printf ' | %s:-%s' "$name" "$letter"
            printf ') %s && return ;;\n' "$(bash_argument "$takes")"
        done < <(options "$name")
    done < <(names)
    # shellcheck disable=SC2016
    printf '    esac\n    if [[ $command == config ]] && ((COMP_CWORD > 2)); then\n        sub=${COMP_WORDS[2]}\n    fi\n'
    # shellcheck disable=SC2016
    printf '    case $command:$sub in\n'
    while read -r name; do
        if [[ $name != config ]]; then
            printf '        %s:)\n' "$name" && bash_operand "$name"
            continue
        fi
        printf '        config:) _ocinorm_words %s--help ;;\n' "$(subcommands config | cut -f 1 | tr '\n' ' ')"
        while IFS=$'\t' read -r sub _; do
            printf '        config:%s)\n' "$sub" && bash_operand config "$sub"
        done < <(subcommands config)
    done < <(names)
    printf '    esac\n}\n\ncomplete -F _ocinorm ocinorm\n'
}

zsh_argument() { # what it takes
    case $1 in
        dir) echo '_files -/' ;;
        file) echo '_files' ;;
        none) echo ' ' ;;
        words*) echo "(${1#words })" ;;
    esac
}

# Of a sentence, what is enough beside an option: no second thought, no JSON.
short() {
    local text=${1%%;*}
    echo "${text%%: \{*}"
}

# _arguments has a use for brackets and colons.
zsh_text() { short "$1" | sed -e 's/[]:\\[]/\\&/g' -e "s/'/'\\\\''/g"; }

zsh_arguments() { # COMMAND [SUBCOMMAND]
    local option letter arg takes repeats text rest
    printf "            _arguments"
    while IFS=$'\t' read -r option letter arg takes repeats text; do
        rest=''
        [[ $arg == - ]] || rest=":$arg:$(zsh_argument "$takes")"
        [[ $arg == - ]] || option+='='
        if [[ $letter == - ]]; then
            printf " \\\\\n                '%s%s[%s]%s'" \
                "$([[ $repeats == 0 ]] || echo '*')" "$option" "$(zsh_text "$text")" "$rest"
        else
            printf " \\\\\n                '(-%s %s)'{-%s+,%s}'[%s]%s'" "$letter" "${option%=}" "$letter" \
                "$option" "$(zsh_text "$text")" "$rest"
        fi
    done < <(options "$@")
    printf " \\\\\n                '(-)'{-h,--help}'[say how it is used]'"
    rest=$(operand "$@")
    [[ $rest == none ]] || printf " \\\\\n                '%s: :%s'" "$(of 'if .operand.repeats then "*" else "1" end' "$@")" \
        "$(zsh_argument "$rest")"
    printf '\n            ;;\n'
}

zsh_list() { # reads name TAB text
    local name text
    while IFS=$'\t' read -r name text; do
        printf "        '%s:%s'\n" "$name" "$(zsh_text "$text")"
    done
}

make_zsh() {
    local name sub
    printf '#compdef ocinorm\n# SPDX-License-Identifier: Apache-2.0\n%s\n\n' "$made"
    printf '_ocinorm() {\n    local -a commands subcommands\n    commands=(\n'
    commands | zsh_list
    printf '    )\n    subcommands=(\n'
    subcommands config | zsh_list
    # shellcheck disable=SC2016
    printf '    )\n    if (( CURRENT == 2 )); then\n        _describe command commands\n        return\n    fi
    if [[ $words[2] == config ]] && (( CURRENT == 3 )); then\n        _describe command subcommands\n        return\n    fi
    shift words\n    (( CURRENT -= 1 ))\n    if [[ $words[1] == config ]]; then\n        shift words\n        (( CURRENT -= 1 ))
        words[1]=config-$words[1]\n    fi\n    case $words[1] in\n'
    while read -r name; do
        if [[ $name != config ]]; then
            printf '        %s)\n' "$name" && zsh_arguments "$name"
            continue
        fi
        while IFS=$'\t' read -r sub _; do
            printf '        config-%s)\n' "$sub" && zsh_arguments config "$sub"
        done < <(subcommands config)
    done < <(names)
    # shellcheck disable=SC2016
    printf '    esac\n}\n\n_ocinorm "$@"\n'
}

fish_text() { short "$1" | sed -e 's/\\/\\&/g' -e "s/'/\\\\'/g"; }

fish_argument() { # what it takes
    case $1 in
        dir) echo " -x -a '(__fish_complete_directories)'" ;;
        file) echo " -r -F" ;;
        none) echo " -x" ;;
        words*) echo " -x -a '${1#words }'" ;;
    esac
}

fish_arguments() { # CONDITION COMMAND [SUBCOMMAND]
    local on=$1 option letter takes text rest
    shift
    while IFS=$'\t' read -r option letter _ takes _ text; do
        printf "complete -c ocinorm -n '%s' -l %s" "$on" "${option#--}"
        [[ $letter == - ]] || printf ' -s %s' "$letter"
        [[ $takes == - ]] || printf '%s' "$(fish_argument "$takes")"
        printf " -d '%s'\n" "$(fish_text "$text")"
    done < <(options "$@")
    rest=$(operand "$@")
    case $rest in
        file) printf "complete -c ocinorm -n '%s' -F\n" "$on" ;;
        words*) printf "complete -c ocinorm -n '%s' -a '%s'\n" "$on" "${rest#words }" ;;
    esac
}

make_fish() {
    local name sub text all
    printf '# SPDX-License-Identifier: Apache-2.0\n%s\n\ncomplete -c ocinorm -f\n' "$made"
    printf "complete -c ocinorm -s h -l help -d 'say how it is used'\n"
    while IFS=$'\t' read -r name text; do
        printf "complete -c ocinorm -n __fish_use_subcommand -a %s -d '%s'\n" "$name" "$(fish_text "$text")"
    done < <(commands)
    while read -r name; do
        if [[ $name != config ]]; then
            fish_arguments "__fish_seen_subcommand_from $name" "$name"
            continue
        fi
        all=$(subcommands config | cut -f 1 | tr '\n' ' ')
        while IFS=$'\t' read -r sub text; do
            printf "complete -c ocinorm -n '__fish_seen_subcommand_from config; and not __fish_seen_subcommand_from %s' -a %s -d '%s'\n" \
                "${all% }" "$sub" "$(fish_text "$text")"
            fish_arguments "__fish_seen_subcommand_from config; and __fish_seen_subcommand_from $sub" config "$sub"
        done < <(subcommands config)
    done < <(names)
}

# ---- writing ---------------------------------------------------------------------------------

# A page with its blocks filled; what stood between the marks is dropped.
filled() { # FILE
    local line skip='' words
    while IFS= read -r line; do
        if [[ $line == *'generated end'* ]]; then
            skip=''
        fi
        [[ -n $skip ]] || printf '%s\n' "$line"
        if [[ $line == *'generated: '* ]]; then
            line=${line#*generated: }
            line=${line% -->}
            read -ra words <<<"$line"
            [[ $(type -t "block_${words[0]}") == function ]] || fail "$1: no block \"${words[0]}\""
            "block_${words[0]}" "${words[@]:1}"
            skip=yes
        fi
    done <"$1"
    [[ -z $skip ]] || fail "$1: \"generated end\" is missing"
}

for page in "$target"/man/*.[1-9] "$target/doc/edits.md"; do
    text=$(filled "$page")
    printf '%s\n' "$text" >"$page"
done
for shell in bash zsh fish; do
    text=$("make_$shell")
    printf '%s\n' "$text" >"$target/completions/ocinorm.$shell"
done
