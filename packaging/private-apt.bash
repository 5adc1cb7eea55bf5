# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2154 # whoever loads it sets apt_dir
# apt in a directory of its own: packages of another release or architecture, for tests. Nothing is
# installed, and nothing of the system's apt is touched but its mirror and its keys.

# The first mirror that the system's own apt knows.
system_mirror() {
    sed -nE 's/^URIs: *([^ ]+).*/\1/p; s/^deb +(\[[^]]*\] *)?([^ ]+) .*/\2/p' \
        /etc/apt/sources.list /etc/apt/sources.list.d/*.sources /etc/apt/sources.list.d/*.list \
        2>/dev/null | head -n 1
}

# apt_dir must be set: private_apt update, private_apt download PACKAGE[:ARCHITECTURE]...
private_apt() {
    apt-get -qq -o "Dir::State=$apt_dir" -o "Dir::State::status=$apt_dir/status" \
        -o "Dir::Cache=$apt_dir/cache" -o "Dir::Etc::sourcelist=$apt_dir/sources.list" \
        -o Dir::Etc::sourceparts=/dev/null -o Dir::Etc::preferencesparts=/dev/null \
        -o "APT::Architectures=$(cat "$apt_dir/architectures")" \
        -o APT::Sandbox::User=root -o Acquire::Languages=none "$@"
}

# Makes apt_dir, with the index of Debian's @1 for the architectures @2 (with commas between).
private_apt_init() { # RELEASE ARCHITECTURES
    mkdir -p "$apt_dir/lists/partial" "$apt_dir/cache/archives/partial"
    : >"$apt_dir/status"
    echo "$2" >"$apt_dir/architectures"
    printf 'deb [arch=%s signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] %s %s main\n' \
        "$2" "$(system_mirror)" "$1" >"$apt_dir/sources.list"
    private_apt update
}
