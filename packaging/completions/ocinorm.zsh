#compdef ocinorm
# SPDX-License-Identifier: Apache-2.0
# Made by packaging/manual.sh from what ocinorm says of itself.

_ocinorm() {
    local -a commands subcommands
    commands=(
        'explain:show what would be changed in a container, and why'
        'apply:edit the config.json of a bundle in place'
        'detect:show the machine, its platform and the evidence for it'
        'doctor:look at this node\: would ocinorm take effect, and if not, why'
        'buildinfo:print what the Go linker wrote into a program'
        'admission:make the cluster'\''s gate from the policy, or ask it about files'
        'config:check or show the policy, or print its JSON Schema'
        'install:put ocinorm into a container engine of this node'
        'uninstall:take it out again, to the byte'
        'help:print this text'
        'version:print the version'
        'lint:judge images, manifests and task definitions before they are used'
        'diff:say whether two images are the same, and where not'
        'annotate:write what a Go program says of itself into its image'\''s annotations'
    )
    subcommands=(
        'check:whether the policy of this node, or FILE alone, is right'
        'show:the policy of this node, and which file set each key'
        'schema:the JSON Schema of a policy file'
    )
    if (( CURRENT == 2 )); then
        _describe command commands
        return
    fi
    if [[ $words[2] == config ]] && (( CURRENT == 3 )); then
        _describe command subcommands
        return
    fi
    shift words
    (( CURRENT -= 1 ))
    if [[ $words[1] == config ]]; then
        shift words
        (( CURRENT -= 1 ))
        words[1]=config-$words[1]
    fi
    case $words[1] in
        explain)
            _arguments \
                '(-b --bundle)'{-b+,--bundle=}'[the bundle\: the directory of config.json]:DIR:_files -/' \
                '--running[a line for each container of this node, as root\: user now and then, what would deny it]' \
                '--config=[the policy, in place of /etc/ocinorm/config.json]:FILE:_files' \
                '--root=[look up the node'\''s files below DIR]:DIR:_files -/' \
                '--as=[of an image\: a column for each platform\: aws-eks, aws-ecs, azure-aks ...]:PLATFORM[,PLATFORM...]: ' \
                '--node=[of an image\: the node that it is to run on]:OS/ARCH[/VARIANT]: ' \
                '--platform=[of an image\: only that one of its platforms]:OS/ARCH[/VARIANT]: ' \
                '--cpus=[of an image\: its CPU limit, 1.5 or 1500m]:N: ' \
                '--memory=[of an image\: its memory limit, 512Mi, 1G or bytes]:SIZE: ' \
                '--format=[text (default) or json]:FORMAT:(text json)' \
                '--schema[print the JSON Schema of that JSON]' \
                '(-)'{-h,--help}'[say how it is used]'
            ;;
        apply)
            _arguments \
                '(-b --bundle)'{-b+,--bundle=}'[the bundle\: the directory of config.json]:DIR:_files -/' \
                '--config=[the policy, in place of /etc/ocinorm/config.json]:FILE:_files' \
                '--root=[look up the node'\''s files below DIR]:DIR:_files -/' \
                '(-)'{-h,--help}'[say how it is used]'
            ;;
        detect)
            _arguments \
                '*--env=[as for a container with this variable]:NAME=VALUE: ' \
                '--config=[look for profiles beside this policy, too]:FILE:_files' \
                '--root=[look up the node'\''s files below DIR]:DIR:_files -/' \
                '--format=[text (default) or json]:FORMAT:(text json)' \
                '(-)'{-h,--help}'[say how it is used]'
            ;;
        doctor)
            _arguments \
                '--config=[the policy, in place of /etc/ocinorm/config.json]:FILE:_files' \
                '--root=[look at the tree below DIR\: nothing of it is run, no kernel is tried]:DIR:_files -/' \
                '--format=[text (default) or json]:FORMAT:(text json)' \
                '(-)'{-h,--help}'[say how it is used]'
            ;;
        buildinfo)
            _arguments \
                '--format=[text (default)\: as `go version -m FILE`]:FORMAT:(text json annotations labels docker-args cyclonedx)' \
                '(-)'{-h,--help}'[say how it is used]' \
                '1: :_files'
            ;;
        admission)
            _arguments \
                '--config=[the policy, in place of /etc/ocinorm/config.json]:FILE:_files' \
                '--kubernetes=[the oldest Kubernetes that takes it\: 1.30 (default) or newer]:VERSION: ' \
                '--action=[what a rule may do at most\: deny (default\: what the policy denies is denied, the rest warns), warn, or audit (nobody but the audit log hears of it)]:ACTION:(deny warn audit)' \
                '--name=[how the names of the objects begin\: ocinorm by default]:NAME: ' \
                '--format=[of manifests\: yaml (default) or json]:FORMAT:(yaml json text)' \
                '--static[for the API server'\''s own directory (staticManifestsDir)\: names end in .static.k8s.io]' \
                '(-)'{-h,--help}'[say how it is used]' \
                '*: :_files'
            ;;
        config-check)
            _arguments \
                '--config=[the policy, in place of /etc/ocinorm/config.json]:FILE:_files' \
                '--root=[look up every file below DIR]:DIR:_files -/' \
                '(-)'{-h,--help}'[say how it is used]' \
                '1: :_files'
            ;;
        config-show)
            _arguments \
                '--config=[the policy, in place of /etc/ocinorm/config.json]:FILE:_files' \
                '--root=[look up every file below DIR]:DIR:_files -/' \
                '--format=[text (default) or json]:FORMAT:(text json)' \
                '(-)'{-h,--help}'[say how it is used]'
            ;;
        config-schema)
            _arguments \
                '(-)'{-h,--help}'[say how it is used]'
            ;;
        install)
            _arguments \
                '--mode=[runtime (default)\: ocinorm-runtime, as a runtime of its own]:MODE:(runtime hook)' \
                '--runtime-class=[the runtime'\''s name (default\: ocinorm)]:NAME: ' \
                '--set-default[make it the runtime of containers that name none]' \
                '--program=[where ocinorm-runtime or ocinorm-hook lies on the node]:PATH:_files' \
                '--stage=[Podman'\''s hook\: precreate (default) or createRuntime]:STAGE:(precreate createRuntime)' \
                '--merge[write Docker'\''s daemon.json instead of printing what to add]' \
                '--dry-run[show what would be written, as a diff]' \
                '--restart[restart the engine if something was written]' \
                '--root=[a node'\''s root file system that is mounted at DIR]:DIR:_files -/' \
                '--force[overwrite ocinorm'\''s own files even where they were changed]' \
                '(-)'{-h,--help}'[say how it is used]' \
                '1: :(containerd k3s rke2 crio podman docker)'
            ;;
        uninstall)
            _arguments \
                '--all[out of every engine that it was put into]' \
                '--dry-run[show what would be removed, as a diff]' \
                '--restart[restart the engine if something was removed]' \
                '--root=[a node'\''s root file system that is mounted at DIR]:DIR:_files -/' \
                '--force[also where somebody has changed what ocinorm wrote]' \
                '(-)'{-h,--help}'[say how it is used]' \
                '1: :(containerd k3s rke2 crio podman docker)'
            ;;
        help)
            _arguments \
                '--format=[text (default), or json\: every command with its options]:FORMAT:(text json)' \
                '(-)'{-h,--help}'[say how it is used]'
            ;;
        version)
            _arguments \
                '(-)'{-h,--help}'[say how it is used]'
            ;;
        lint)
            _arguments \
                '*--for=[where it is to run\: eks, ecs, aks, gke, cloud-run, alibaba-ack, pss-baseline, pss-restricted, or a file of that form (./FILE)]:TARGET: ' \
                '*--image=[the image that manifests call NAME\: both are judged together]:NAME=INPUT: ' \
                '--platform=[of an image for several platforms only that one]:OS/ARCH[/VARIANT]|all: ' \
                '--config=[the policy for images, in place of /etc/ocinorm/config.json]:FILE:_files' \
                '--format=[text (default), json, sarif, junit, github (workflow commands) or gitlab (code quality)]:FORMAT:(text json sarif junit github gitlab)' \
                '--output=[write the report there]:FILE:_files' \
                '--fail-on=[exit 1 for findings of deny (default), of warn too, or never]:LEVEL:(deny warn never)' \
                '*--disable=[leave out a rule]:RULE: ' \
                '--ignore-file=[findings that do not count, each with a reason]:FILE:_files' \
                '--baseline=[only what is not in FILE counts]:FILE:_files' \
                '--write-baseline=[write what was found to FILE, for --baseline]:FILE:_files' \
                '--sarif-uri=[the file of the repository, such as its Dockerfile, at which forges show what was found in an image]:FILE:_files' \
                '(-)'{-h,--help}'[say how it is used]' \
                '*: :_files'
            ;;
        diff)
            _arguments \
                '--platform=[only that one]:OS/ARCH[/VARIANT]|all: ' \
                '--as=[what becomes of both there, too\: aws-eks, aws-ecs, azure-aks ...]:PLATFORM[,PLATFORM...]: ' \
                '--node=[with --as\: the node that they are to run on]:OS/ARCH[/VARIANT]: ' \
                '--cpus=[with --as\: the CPU limit, 1.5 or 1500m]:N: ' \
                '--memory=[with --as\: the memory limit, 512Mi, 1G or bytes]:SIZE: ' \
                '--layers[list the files that differ\: mode, owner, size, digest]' \
                '--history[list every step of the history that differs]' \
                '*--ignore=[leave out a level (index, manifest, config, annotations, layers, program, outcome), what a word stands for (platforms, user, env, entrypoint, cmd, workdir, ports, volumes, labels, history, author, modules), a kind of noise, or a JSON pointer (/config/Labels/org.example.*)]:WHAT[,WHAT...]: ' \
                '--exact[nothing is noise\: times, compression, media types count, too]' \
                '--config=[with --as\: the policy, in place of /etc/ocinorm/config.json]:FILE:_files' \
                '--format=[text (default), json or unified]:FORMAT:(text json unified)' \
                '(-)'{-h,--help}'[say how it is used]'
            ;;
        annotate)
            _arguments \
                '--output=[the layout that the result goes into, made or added to]:oci:DIR[:REF]: ' \
                '--derive[what each platform'\''s Go program says of itself]' \
                '*--set=[this annotation for every platform]:KEY=VALUE: ' \
                '--labels[into the configuration'\''s labels, too]' \
                '--overwrite[also where there is another value already, which is kept by default]' \
                '--attestations=[what refers to an image whose digest changes\: drop (default) leaves it out, rewrite makes it refer to the new one]:WHAT:(drop rewrite)' \
                '--dry-run[only say what would change]' \
                '--format=[text (default) or json]:FORMAT:(text json)' \
                '(-)'{-h,--help}'[say how it is used]'
            ;;
    esac
}

_ocinorm "$@"
