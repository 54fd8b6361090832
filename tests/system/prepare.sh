#!/bin/bash
# Prepares what the booted-system suite needs and keeps it in FOLDER (target/system):
#   tree/     a Debian tree with systemd, a bus, a desktop's parts and an ordinary user
#   claude    the real Claude Code
#   codex/    the real Codex, with the programs it starts
# Needs root, mmdebstrap and npm. Does nothing where all are there and current.
set -euo pipefail
shopt -s inherit_errexit

folder=$(realpath -m "${1:?usage: prepare.sh FOLDER}")
mkdir -p "$folder"
# Two at once would build the same tree twice; the second finds it done.
exec 9>"$folder/.lock"
flock 9

# The host's own release: the packages under test are linked against its C library. A newer one, named
# by PAGER_DEBIAN, has that too, and a newer systemd.
host=$(. /etc/os-release && echo "${VERSION_CODENAME:?not a Debian release}")
codename=${PAGER_DEBIAN:-$host}
# Some months old, as many people's are; CLAUDE_CODE_VERSION=2.1.330 was the newest that was tried.
claude_version=${CLAUDE_CODE_VERSION:-2.1.197}
codex_version=${CODEX_VERSION:-0.169.0}

packages=(
    systemd systemd-sysv libpam-systemd dbus dbus-user-session procps ca-certificates curl
    tmux                                              # the person's terminal
    polkitd                                           # what has the person authenticate
    xvfb dunst libnotify-bin suckless-tools xdotool   # the person's desktop: dmenu is dunst's menu
    imagemagick                                       # screenshots
)

build_tree() {
    local work
    work=$(mktemp -d "$folder/work.XXXXXX")
    trap 'rm -rf --one-file-system "$work"' RETURN
    # The tree comes from where this machine gets its own packages, by the same proxies.
    apt-config dump Acquire >"$work/apt.conf"
    apt-get indextargets --format 'deb $(REPO_URI) $(RELEASE) $(COMPONENT)' \
        'Created-By: Packages' 'Origin: Debian' | sed "s/ $host/ $codename/" | sort -u >"$work/sources.list"
    if [ ! -s "$work/sources.list" ]; then
        echo "prepare.sh: apt knows no Debian packages: run apt-get update" >&2
        return 1
    fi
    mmdebstrap --quiet --mode=root --variant=minbase --format=directory \
        --aptopt="$work/apt.conf" --aptopt='APT::Install-Recommends "false"' \
        --dpkgopt=force-unsafe-io --dpkgopt='path-exclude=/usr/share/locale/*' \
        --include="$(IFS=,; echo "${packages[*]}")" \
        --customize-hook='useradd --root "$1" --create-home --uid 1000 --shell /bin/bash user' \
        --customize-hook='mkdir -p "$1/var/lib/systemd/linger" "$1/var/log/journal"' \
        --customize-hook='touch "$1/var/lib/systemd/linger/user"' \
        --customize-hook='echo desk >"$1/etc/hostname"; : >"$1/etc/resolv.conf"' \
        --customize-hook='systemctl --quiet --root="$1" mask apt-daily.timer apt-daily-upgrade.timer' \
        "$codename" "$work/tree" <"$work/sources.list"
    rm -rf --one-file-system "$folder/tree"
    echo "$1" >"$work/tree/.key"
    mv "$work/tree" "$folder/tree"
}

# Whatever decides what the tree holds.
key="$codename $({ declare -f build_tree; declare -p packages; } | sha256sum)"
if [ "$(cat "$folder/tree/.key" 2>/dev/null)" != "$key" ]; then
    SECONDS=0
    build_tree "$key"
    echo "prepare.sh: tree built in ${SECONDS} s"
fi

if ! "$folder/claude" --version 2>/dev/null | grep -qF "$claude_version"; then
    npm install --loglevel=error --no-fund --no-audit --no-save --prefix "$folder/npm" \
        "@anthropic-ai/claude-code@$claude_version"
    # The package of this machine's kind holds the program itself: no Node is needed to run it.
    # An older npm also brings the one for another C library.
    case $(uname -m) in
        x86_64) kind=linux-x64 ;;
        aarch64) kind=linux-arm64 ;;
        *) echo "prepare.sh: no Claude Code for $(uname -m)" >&2; exit 1 ;;
    esac
    ln -f "$folder/npm/node_modules/@anthropic-ai/claude-code-$kind/claude" "$folder/claude"
fi
echo "prepare.sh: Claude Code $("$folder/claude" --version)"

if ! "$folder/codex/bin/codex" --version 2>/dev/null | grep -qF "$codex_version"; then
    npm install --loglevel=error --no-fund --no-audit --no-save --prefix "$folder/npm-codex" \
        "@openai/codex@$codex_version"
    case $(uname -m) in
        x86_64) kind=linux-x64 ;;
        aarch64) kind=linux-arm64 ;;
        *) echo "prepare.sh: no Codex for $(uname -m)" >&2; exit 1 ;;
    esac
    rm -rf "$folder/codex"
    cp -al "$folder/npm-codex/node_modules/@openai/codex-$kind/vendor/$(uname -m)-unknown-linux-musl" \
        "$folder/codex"
fi
echo "prepare.sh: $("$folder/codex/bin/codex" --version)"
