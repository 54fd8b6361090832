#!/bin/sh
# Builds the Debian package from target/release into the folder given.
set -eu

cd "$(dirname "$0")/.."
source=$PWD
# Packages carry the time of what they were made from, not of when. Only set
# here: cargo would build the C libraries anew for every commit's time.
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || stat -c %Y Cargo.lock)}
export SOURCE_DATE_EPOCH
mkdir -p "$1"
out=$(cd "$1" && pwd)

command -v dh >/dev/null && command -v dpkg-buildpackage >/dev/null || {
    printf 'build-deb.sh: debhelper and dpkg-dev are needed: apt-get install debhelper dpkg-dev\n' >&2
    exit 1
}

version=$(dpkg-parsechangelog -l packaging/debian/changelog -S Version)
case $version in
"$(sed -n 's/^version = "\(.*\)"$/\1/p' Cargo.toml | head -n 1)"-*) ;;
*)
    printf 'build-deb.sh: packaging/debian/changelog says %s, Cargo.toml another version\n' "$version" >&2
    exit 1
    ;;
esac

# dpkg-buildpackage writes beside the folder it runs in: give it one of its own.
work=$out/deb
rm -rf "$work"
mkdir -p "$work/pager"
cp -R packaging/debian "$work/pager/debian"
cd "$work/pager"
PAGER_SOURCE=$source dpkg-buildpackage --build=binary --no-sign --no-check-builddeps
rm -f "$out"/*.deb
mv "$work"/*.deb "$out"/
rm -rf "$work"
ls "$out"/*.deb
