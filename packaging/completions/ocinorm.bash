# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Made by packaging/manual.sh from what ocinorm says of itself.

_ocinorm_words() { mapfile -t COMPREPLY < <(compgen -W "$*" -- "$cur"); }

_ocinorm_paths() {
    compopt -o filenames 2>/dev/null
    mapfile -t COMPREPLY < <(compgen "$1" -- "$cur")
}

_ocinorm() {
    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}
    local command=${COMP_WORDS[1]} sub=''

    COMPREPLY=()
    if ((COMP_CWORD == 1)); then
        _ocinorm_words explain apply detect doctor buildinfo admission config install uninstall help version lint diff annotate --help --version
        return
    fi
    if [[ $cur == = ]]; then
        cur=''
    elif [[ $prev == = ]]; then
        prev=${COMP_WORDS[COMP_CWORD - 2]}
    fi
    case $command:$prev in
        explain:--bundle | explain:-b) _ocinorm_paths -d && return ;;
        explain:--config) _ocinorm_paths -f && return ;;
        explain:--root) _ocinorm_paths -d && return ;;
        explain:--as) : && return ;;
        explain:--node) : && return ;;
        explain:--platform) : && return ;;
        explain:--cpus) : && return ;;
        explain:--memory) : && return ;;
        explain:--format) _ocinorm_words text json && return ;;
        apply:--bundle | apply:-b) _ocinorm_paths -d && return ;;
        apply:--config) _ocinorm_paths -f && return ;;
        apply:--root) _ocinorm_paths -d && return ;;
        detect:--env) : && return ;;
        detect:--config) _ocinorm_paths -f && return ;;
        detect:--root) _ocinorm_paths -d && return ;;
        detect:--format) _ocinorm_words text json && return ;;
        doctor:--config) _ocinorm_paths -f && return ;;
        doctor:--root) _ocinorm_paths -d && return ;;
        doctor:--format) _ocinorm_words text json && return ;;
        buildinfo:--format) _ocinorm_words text json annotations labels docker-args cyclonedx && return ;;
        admission:--config) _ocinorm_paths -f && return ;;
        admission:--kubernetes) : && return ;;
        admission:--action) _ocinorm_words deny warn audit && return ;;
        admission:--name) : && return ;;
        admission:--format) _ocinorm_words yaml json text && return ;;
        config:--config) _ocinorm_paths -f && return ;;
        config:--root) _ocinorm_paths -d && return ;;
        config:--format) _ocinorm_words text json && return ;;
        install:--mode) _ocinorm_words runtime hook && return ;;
        install:--runtime-class) : && return ;;
        install:--program) _ocinorm_paths -f && return ;;
        install:--stage) _ocinorm_words precreate createRuntime && return ;;
        install:--root) _ocinorm_paths -d && return ;;
        uninstall:--root) _ocinorm_paths -d && return ;;
        help:--format) _ocinorm_words text json && return ;;
        lint:--for) : && return ;;
        lint:--image) : && return ;;
        lint:--platform) : && return ;;
        lint:--config) _ocinorm_paths -f && return ;;
        lint:--format) _ocinorm_words text json sarif junit github gitlab && return ;;
        lint:--output) _ocinorm_paths -f && return ;;
        lint:--fail-on) _ocinorm_words deny warn never && return ;;
        lint:--disable) : && return ;;
        lint:--ignore-file) _ocinorm_paths -f && return ;;
        lint:--baseline) _ocinorm_paths -f && return ;;
        lint:--write-baseline) _ocinorm_paths -f && return ;;
        lint:--sarif-uri) _ocinorm_paths -f && return ;;
        diff:--platform) : && return ;;
        diff:--as) : && return ;;
        diff:--node) : && return ;;
        diff:--cpus) : && return ;;
        diff:--memory) : && return ;;
        diff:--ignore) : && return ;;
        diff:--config) _ocinorm_paths -f && return ;;
        diff:--format) _ocinorm_words text json unified && return ;;
        annotate:--output) : && return ;;
        annotate:--set) : && return ;;
        annotate:--attestations) _ocinorm_words drop rewrite && return ;;
        annotate:--format) _ocinorm_words text json && return ;;
    esac
    if [[ $command == config ]] && ((COMP_CWORD > 2)); then
        sub=${COMP_WORDS[2]}
    fi
    case $command:$sub in
        explain:)
            if [[ $cur == -* ]]; then
                _ocinorm_words --bundle --running --config --root --as --node --platform --cpus --memory --format --schema --help
            else
                :
            fi
            ;;
        apply:)
            if [[ $cur == -* ]]; then
                _ocinorm_words --bundle --config --root --help
            else
                :
            fi
            ;;
        detect:)
            if [[ $cur == -* ]]; then
                _ocinorm_words --env --config --root --format --help
            else
                :
            fi
            ;;
        doctor:)
            if [[ $cur == -* ]]; then
                _ocinorm_words --config --root --format --help
            else
                :
            fi
            ;;
        buildinfo:)
            if [[ $cur == -* ]]; then
                _ocinorm_words --format --help
            else
                _ocinorm_paths -f
            fi
            ;;
        admission:)
            if [[ $cur == -* ]]; then
                _ocinorm_words --config --kubernetes --action --name --format --static --help
            else
                _ocinorm_paths -f
            fi
            ;;
        config:) _ocinorm_words check show schema --help ;;
        config:check)
            if [[ $cur == -* ]]; then
                _ocinorm_words --config --root --help
            else
                _ocinorm_paths -f
            fi
            ;;
        config:show)
            if [[ $cur == -* ]]; then
                _ocinorm_words --config --root --format --help
            else
                :
            fi
            ;;
        config:schema)
            if [[ $cur == -* ]]; then
                _ocinorm_words --help
            else
                :
            fi
            ;;
        install:)
            if [[ $cur == -* ]]; then
                _ocinorm_words --mode --runtime-class --set-default --program --stage --merge --dry-run --restart --root --force --help
            else
                _ocinorm_words containerd k3s rke2 crio podman docker
            fi
            ;;
        uninstall:)
            if [[ $cur == -* ]]; then
                _ocinorm_words --all --dry-run --restart --root --force --help
            else
                _ocinorm_words containerd k3s rke2 crio podman docker
            fi
            ;;
        help:)
            if [[ $cur == -* ]]; then
                _ocinorm_words --format --help
            else
                :
            fi
            ;;
        version:)
            if [[ $cur == -* ]]; then
                _ocinorm_words --help
            else
                :
            fi
            ;;
        lint:)
            if [[ $cur == -* ]]; then
                _ocinorm_words --for --image --platform --config --format --output --fail-on --disable --ignore-file --baseline --write-baseline --sarif-uri --help
            else
                _ocinorm_paths -f
            fi
            ;;
        diff:)
            if [[ $cur == -* ]]; then
                _ocinorm_words --platform --as --node --cpus --memory --layers --history --ignore --exact --config --format --help
            else
                :
            fi
            ;;
        annotate:)
            if [[ $cur == -* ]]; then
                _ocinorm_words --output --derive --set --labels --overwrite --attestations --dry-run --format --help
            else
                :
            fi
            ;;
    esac
}

complete -F _ocinorm ocinorm
