#!/bin/bash
# Boots a throw-away copy of TREE and keeps it up until standard input ends.
#   boot.sh TREE STATE MACHINE [systemd-nspawn options]
# STATE is an empty folder to mount on. To be run in a mount namespace of its own, so that every
# mount is gone with it; and since the harness holds the other end of standard input, so is the
# system, however the harness ends.
set -eu

tree=$1 state=$2 machine=$3
shift 3

# A control group of its own, in every hierarchy systemd uses: two systems must not share one.
groups=()
mapfile -t own </proc/self/cgroup
for line in "${own[@]}"; do
    IFS=: read -r _ controllers path <<<"$line"
    case $controllers in
        '') mounts=$(findmnt -rno TARGET -t cgroup2) ;;
        name=systemd) mounts=$(findmnt -rno TARGET -t cgroup -O name=systemd) ;;
        *) continue ;;
    esac
    group=${mounts%%$'\n'*}${path%/}
    [ -n "$mounts" ] && [ -d "$group" ] || continue
    mkdir "$group/$machine"
    echo $$ >"$group/$machine/cgroup.procs"
    groups+=("$group")
done

leave_groups() {
    for group in "${groups[@]}"; do
        echo $$ >"$group/cgroup.procs"
        find "$group/$machine" -depth -type d -exec rmdir {} +
    done
}
trap leave_groups EXIT

# Locks and leftovers of systemd-nspawn go with the mounts too.
mkdir -p /run/systemd/nspawn
mount -t tmpfs -o mode=0755 tmpfs /run/systemd/nspawn
mount -t tmpfs -o mode=0755 tmpfs "$state"
mkdir "$state/upper" "$state/work" "$state/root"
mount -t overlay -o "lowerdir=$tree,upperdir=$state/upper,workdir=$state/work" overlay "$state/root"

exec 3<&0
setpriv --pdeathsig TERM systemd-nspawn --quiet --boot --directory="$state/root" \
    --machine="$machine" --register=no --keep-unit --notify-ready=yes \
    --console=pipe --link-journal=no --resolv-conf=off --timezone=off "$@" </dev/null 3<&- &
system=$!
{ cat <&3 >/dev/null; kill -TERM "$system"; } &
watch=$!
status=0
wait "$system" || status=$?
kill "$watch" 2>/dev/null || :
exit "$status"
