#!/bin/bash
# Builds the commit once more, from nothing and in another folder, and compares the packages byte by byte.
# It takes as long as a first build; the compiler and the packaging tools must be the same.
# usage: reproduce.sh [FOLDER]     with the packages to compare, where they are not to be built here
set -euo pipefail
folder=${1:+$(realpath "$1")}
cd "$(dirname "$(realpath "$0")")/.."

if [ -n "$(git status --porcelain)" ]; then
    echo 'reproduce.sh: there are changes that are not committed, so no commit is compared' >&2
    exit 1
fi
elsewhere=$(mktemp --directory)
trap 'rm -rf "$elsewhere"' EXIT
git clone --quiet . "$elsewhere/pager"
make --no-print-directory -C "$elsewhere/pager" deb rpm
if [ -z "$folder" ]; then
    make --no-print-directory deb rpm
    folder=target/packages
fi

status=0
for package in "$elsewhere"/pager/target/packages/pager*.{deb,rpm}; do
    ours=$folder/${package##*/}
    if cmp "$package" "$ours"; then
        printf '%s: the same bytes\n' "$ours"
    else
        status=1
    fi
done
exit $status
