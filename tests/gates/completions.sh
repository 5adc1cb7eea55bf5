#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# bash, zsh and fish (or the one that is the third argument) complete what is typed: each is asked itself. That every command and flag is in
# the files, tests/gates/manual.sh sees to.
. "$(dirname -- "$0")/../lib/gate.bash"

files=$source_dir/packaging/completions
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
mkdir "$scratch/a-directory" "$scratch/zsh"
touch "$scratch/a-file"
cp "$files/ocinorm.zsh" "$scratch/zsh/_ocinorm"

bash -n "$files/ocinorm.bash" || complain "ocinorm.bash: bash does not read it"
zsh -n "$files/ocinorm.zsh" || complain "ocinorm.zsh: zsh does not read it"
fish -n "$files/ocinorm.fish" || complain "ocinorm.fish: fish does not read it"

# One answer a line. Readline's idea of words: "=" is one.
ask_bash() { # COMMAND-LINE
    (cd "$scratch" && bash -c '
        . "$1"
        line=${2//=/ = }
        read -ra COMP_WORDS <<<"$line"
        [[ $line != *" " ]] || COMP_WORDS+=("")
        COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
        _ocinorm
        printf "%s\n" "${COMPREPLY[@]}"' bash "$files/ocinorm.bash" "$1")
}

# shellcheck disable=SC2016 # fish's variables
ask_fish() { # COMMAND-LINE
    (cd "$scratch" && HOME=$scratch fish --no-config -c 'source $argv[1]; complete -C $argv[2]' \
        "$files/ocinorm.fish" "$1" </dev/null | cut -f 1)
}

# zsh completes only at a terminal: one of its own, with a compadd that tells what it is given.
cat >"$scratch/inner.zsh" <<'END'
PROMPT= RPROMPT=
unsetopt prompt_cr prompt_sp
fpath=($OCN_FPATH $fpath)
autoload -Uz compinit
compinit -u -C -d $HOME/zcompdump # a thousand files are read once, not for every line
compadd() {
    if [[ ${@[1,(i)(-|--)]} == *-(O|A|D)\ * ]]; then
        builtin compadd "$@"
        return
    fi
    local -a found
    builtin compadd -A found "$@"
    local word
    for word in $found; do
        print -r -- "<$word>"
    done
    builtin compadd "$@"
}
over() { print -r -- "<over>" }
comppostfuncs=(over)
bindkey '^I' complete-word
print -r -- "<ready>"
END
ask_zsh() { # COMMAND-LINE
    (cd "$scratch" && OCN_FPATH=$scratch/zsh HOME=$scratch TERM=dumb zsh -f -c '
        zmodload zsh/zpty
        zpty z zsh -f -i
        zpty -w z "source inner.zsh"
        zpty -r -m z part "*<ready>*"
        zpty -w -n z "$1"$'"'\t'"'
        zpty -r -m z seen "*<over>*"
        print -r -- "$seen"
        zpty -d z' zsh "$1" </dev/null | tr -d '\r' | grep -oE '<[^<>]+>' | tr -d '<>')
}

# What each shell must answer: a line, and words that are among the answers; "!" before a word that
# must not be.
expect='
ocinorm ex | explain !detect
ocinorm install | install !podman
ocinorm explain --f | --format !--bundle
ocinorm explain --r | --running --root
ocinorm apply -- | --bundle --config --root !--format !--running
ocinorm buildinfo --format  | text json annotations
ocinorm buildinfo --format=j | json
ocinorm explain --format  | text json !annotations
ocinorm explain --bundle a- | a-directory/ !a-file
ocinorm install  | containerd k3s rke2 crio podman docker !a-file
ocinorm install po | podman !docker
ocinorm install podman --stage  | precreate createRuntime
ocinorm install podman --mode h | hook
ocinorm uninstall -- | --all --dry-run !--merge
ocinorm config  | check show schema !text
ocinorm config show --format  | text json
ocinorm config check -- | --config --root !--format
ocinorm lint --ba | --baseline !--bundle
ocinorm lint --format  | sarif junit github gitlab
ocinorm lint --fail-on  | deny warn never
ocinorm lint a- | a-directory/ a-file
ocinorm buildinfo a- | a-directory/ a-file
'
read -ra shells <<<"${3:-bash fish zsh}"
for shell in "${shells[@]}"; do
    count=0
    while IFS='|' read -r line words; do
        [[ -n $line ]] || continue
        count=$((count + 1))
        answers=$("ask_$shell" "${line% }") || complain "$shell failed at \"$line\""
        # Whether "/" or "--format=" is part of the word is the shell's own business.
        answers=$(sed -E 's/^--[a-z]+=(.)/\1/; s|/$||' <<<"$answers")
        for word in $words; do
            bare=${word#!}
            if grep -qxF -- "${bare%/}" <<<"$answers"; then
                [[ $word != !* ]] || complain "$shell: \"$line\" offers $bare"
            else
                [[ $word == !* ]] || complain "$shell: \"$line\" does not offer $bare, but: ${answers//$'\n'/ }"
            fi
        done
    done <<<"$expect"
    require_some "line for $shell" "$count"
done
finish
