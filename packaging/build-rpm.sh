#!/bin/sh
# Builds the RPM package from target/release into the folder given.
# usage: build-rpm.sh FOLDER VERSION
set -eu

cd "$(dirname "$0")/.."
source=$PWD
mkdir -p "$1"
out=$(cd "$1" && pwd)
# As in build-deb.sh: the time of what the package is made from.
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || stat -c %Y Cargo.lock)}
export SOURCE_DATE_EPOCH

command -v rpmbuild >/dev/null || {
    printf 'build-rpm.sh: rpmbuild is needed: apt-get install rpm, or dnf install rpm-build\n' >&2
    exit 1
}

work=$out/rpm
rm -rf "$work"
mkdir -p "$work/BUILD"
rpmbuild -bb --quiet \
    --define "_topdir $work" --define "_dbpath $work/db" --define "_rpmdir $work" \
    --define "pager_source $source" --define "pager_version $2" \
    packaging/rpm/pager.spec
rm -f "$out"/*.rpm
mv "$work"/*/*.rpm "$out"/
rm -rf "$work"
ls "$out"/*.rpm
