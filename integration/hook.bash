# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2016,SC2034,SC2154 # jq's variables stand in single quotes
# For the tests of the hook alone, without the wrapper: what the runtime calls, and what is seen of it.

stages=(prestart createRuntime)

json_list() { jq -nc '$ARGS.positional' --args -- "$@"; }

# crun hides what a hook says, unless this annotation names a file for it.
add_hook() { # STAGE [COMMAND...]
    edit '.annotations["run.oci.hooks.stderr"] = $stderr' --arg stderr "$BATS_TEST_TMPDIR/hook.log"
    edit '.hooks = {($stage): [{path: ($args[1] // $hook), env: ["PATH=/bin"],
              args: ($args[1:] + [$hook, "--config", $policy, $stage])}]}' \
        --arg stage "$1" --arg hook "$bin/ocinorm-hook" --arg policy "$policy" \
        --argjson args "$(json_list "$@")"
}

grant() { # CAPABILITY...
    edit '.process.capabilities |= with_entries(if .key | IN("bounding", "effective", "permitted")
              then .value += $names else . end)' \
        --argjson names "$(json_list "$@")"
}

starts() { # ARGUMENT... : what the container runs
    edit '.process.args = $args' --argjson args "$(json_list "$@")"
}

run_bare() { bare run --bundle "$bundle" "$id"; }

# All that was said: runc shows the hook's words, crun has put them into the file.
said() {
    printf '%s\n' "$output"
    cat "$BATS_TEST_TMPDIR/hook.log" 2>/dev/null || true
}

# The container did not start, and the reason is told.
assert_refused() { # TEXT...
    local text
    [[ $status -ne 0 ]]
    assert_hasnt "$output" uid=
    for text in "$@"; do
        assert_has "$(said)" "$text"
    done
    no_container
    no_helper
}

user_namespace() {
    edit '.linux.namespaces += [{type: "user"}] |
          .linux.uidMappings = [{containerID: 0, hostID: 100000, size: 65536}] |
          .linux.gidMappings = .linux.uidMappings |
          .mounts |= map(select(.type | IN("sysfs", "cgroup") | not) | .options |= ((. // []) - ["gid=5"]))'
}

# Of a container's mountinfo, all but its /: the file system below that may have any name.
below_root() { grep -vE '^([^ ]+ ){4}/ ' <<<"$1"; } # MOUNTINFO

# What is mounted is the same between see_mounts and same_mounts. The names of directories are left
# out, for who moves one in which something is mounted moves it in every copy of the mount.
see_mounts() { list_mounts >"$BATS_TEST_TMPDIR/mounts"; }
same_mounts() { list_mounts | diff "$BATS_TEST_TMPDIR/mounts" - || { cat /proc/self/mountinfo && return 1; }; }
list_mounts() { awk '{ $4 = $5 = ""; print }' /proc/self/mountinfo; }

# What the hook leaves until the start: no other process has this policy's path in its arguments.
helper() { pgrep -f -- "--config $policy"; }
no_helper() { within 60 has_no_helper; }
has_no_helper() { ! helper >/dev/null; }

# The container waits for `start`; what it will say goes to $said_file.
create() { # [ARGUMENT...]
    said_file=$BATS_TEST_TMPDIR/said
    bare create --bundle "$bundle" "$@" "$id" >"$said_file" 2>&1 </dev/null 3>&-
    init=$(bare state "$id" | jq .pid)
    helper_pid=$(helper)
}

# The text that the container has said, once it has ended.
whole_output() {
    within 600 has_ended "$init"
    cat "$said_file"
}

destroy() {
    bare delete --force "$id" >/dev/null 2>&1 || true
    no_helper
}

program() { # NAME : a static program of this folder, at $BATS_TEST_TMPDIR/NAME
    "${CC:-cc}" -O1 -static -o "$BATS_TEST_TMPDIR/$1" "$root/integration/$1.c"
}
