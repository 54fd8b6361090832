#!/bin/sh
# Installs, or removes, what install.list names.
#
# usage: install.sh install|uninstall|list
# environment: DESTDIR (default empty), PREFIX (default /usr),
#   ZSH_FOLDER (below PREFIX; default share/zsh/site-functions)
set -eu
umask 022

cd "$(dirname "$0")/.."
action=${1:?install, uninstall or list}
prefix=${PREFIX:-/usr}
zsh=${ZSH_FOLDER:-share/zsh/site-functions}

one() { # source, folder, mode, name
    base=${1##*/}
    base=${4:-${base%.in}}
    case $2 in
    /*) into=$2 ;;
    *) into=$prefix/$2 ;;
    esac
    to=${DESTDIR-}$into/$base
    case $action in
    list) printf '%s\n' "$into/$base" ;;
    uninstall) rm -f "$to" ;;
    install)
        if [ ! -f "$1" ]; then
            printf 'install.sh: %s is missing: run make build first\n' "$1" >&2
            exit 1
        fi
        mkdir -p "${DESTDIR-}$into"
        # A new file in place of the old: a program that runs keeps its own.
        rm -f "$to"
        case $1 in
        *.in) sed "s|@libexecdir@|$prefix/libexec|g" "$1" >"$to" ;;
        *) cp "$1" "$to" ;;
        esac
        chmod "$3" "$to"
        ;;
    *)
        printf 'install.sh: unknown action %s\n' "$action" >&2
        exit 2
        ;;
    esac
}

while read -r sources folder mode name rest; do
    case $sources in '' | '#'*) continue ;; esac
    if [ -z "$mode" ] || [ -n "$rest" ]; then
        printf 'install.list: not "source folder mode [name]": %s\n' "$sources" >&2
        exit 2
    fi
    for source in $sources; do # unquoted: a glob
        one "$source" "$(printf '%s' "$folder" | sed "s|@zsh@|$zsh|")" "$mode" "$name"
    done
done <packaging/install.list

# Into a running system; packages have triggers for this.
if [ "$action" != list ] && [ -z "${DESTDIR-}" ] && command -v journalctl >/dev/null; then
    journalctl --update-catalog
fi
