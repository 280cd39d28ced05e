#!/bin/sh
# debian13.sh - the proof for Debian 13 and oneDNN 3.x: installs a minimal Debian 13 into a folder
# and does there what the README says, ./bootstrap && make check, with the tarball of "make dist", beside an
# MPI and a Slurm, with which more is tested.
#
#     test/debian13.sh glubench-VERSION.tar.gz        (or: make check-debian13)
#
# Needs root, debootstrap and a Debian mirror, the one of this machine's apt when it has one;
# exits with 77 where one is missing.  The folder is a temporary one, removed at the end, or
# $GLUBENCH_DEBIAN13, which is kept: the next run reuses the system in it.  The data sets of
# $GLUBENCH_DATA can be read there too.  All mounts live in a namespace of their own, so nothing stays
# mounted whatever happens.
set -eu
export LC_ALL=C

skip() { echo "debian13.sh: skipped: $*"; exit 77; }
say() { echo "debian13.sh: $*"; }

tarball=${1:?usage: debian13.sh TARBALL}

test "$(id -u)" = 0 || skip "only root can install a system into a folder"
PATH=$PATH:/usr/sbin:/sbin
for tool in debootstrap wget unshare chroot; do
    command -v $tool >/dev/null || skip "no $tool (Debian: apt-get install debootstrap)"
done
unshare -m -p -f true 2>/dev/null || skip "namespaces cannot be made here (unshare -m -p -f)"
test -s /usr/share/keyrings/debian-archive-keyring.gpg ||
    skip "no Debian keys (Debian: apt-get install debian-archive-keyring)"

mirror=$(cat /etc/apt/sources.list /etc/apt/sources.list.d/* 2>/dev/null |
    sed -n 's/^[^#]*\(https\{0,1\}:\/\/[^] ]*\/debian\)\/\{0,1\}\( .*\)\{0,1\}$/\1/p' | head -n 1)
mirror=${mirror:-http://deb.debian.org/debian}
wget -q -T 30 -t 2 -O /dev/null "$mirror/dists/trixie/Release" || skip "no mirror: tried $mirror"

keep=${GLUBENCH_DEBIAN13:-}
root=${keep:-$(mktemp -d "${TMPDIR:-/var/tmp}/glubench-debian13.XXXXXX")}
test -n "$keep" || trap 'rm -rf "$root"' EXIT
trap 'exit 1' HUP INT TERM

if ! test -e "$root/.complete"; then
    say "installing Debian 13 from $mirror into $root"
    unshare -m debootstrap --variant=minbase --include=ca-certificates trixie "$root" "$mirror" \
        >"$root.log" 2>&1 || { cat "$root.log"; rm -f "$root.log"; exit 1; }
    rm -f "$root.log"
    touch "$root/.complete"
fi
chmod 755 "$root" # packages set up in it have users of their own

# What the namespace runs; $0 is the new root, $1 a folder with test data or nothing.
# shellcheck disable=SC2016 # expanded by the inner shell
inside='
    set -eu
    mount -t proc proc "$0/proc"
    mount -t sysfs -o ro sysfs "$0/sys" # launchers of MPI look for processors there
    # A machine has terminals, and tests open some; where they cannot be had these skip.
    mkdir -p "$0/dev/pts"
    mount -t devpts -o ptmxmode=0666 devpts "$0/dev/pts" || echo "debian13.sh: no terminals there" >&2
    if test -n "$1"; then
        mkdir -p "$0/work/data"
        mount --bind "$1" "$0/work/data"
        mount -o remount,bind,ro "$0/work/data"
    fi
    exec chroot "$0" /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root \
        LC_ALL=C http_proxy="${http_proxy:-}" https_proxy="${https_proxy:-}" \
        GLUBENCH_DATA="${1:+/work/data}" \
        ${OMP_WAIT_POLICY:+OMP_WAIT_POLICY="$OMP_WAIT_POLICY"} \
        sh -c "cd /work/glubench && apt-get -q update && DEBIAN_FRONTEND=noninteractive apt-get -q -y install \
            --no-install-recommends openmpi-bin libopenmpi-dev slurm-wlm munge iproute2 &&
            ./bootstrap && make -j\$(nproc) check"
'
rm -rf "$root/work"
mkdir -p "$root/work/glubench"
tar -xf "$tarball" -C "$root/work/glubench" --strip-components=1
if test -e /etc/resolv.conf; then
    cp -L /etc/resolv.conf "$root/etc/resolv.conf"
fi
data=${GLUBENCH_DATA:-}
say "./bootstrap && make check in $root${data:+, with the data of $data}"
status=0
unshare -m -p -f --kill-child sh -c "$inside" "$root" "$data" || status=$?
if test $status != 0; then
    cat "$root/work/glubench/test-suite.log" 2>/dev/null || true
fi
version=$(sed -n 's/^#define DNNL_VERSION_[MP][A-Z]* *\([0-9]\)/\1/p' \
    "$root/usr/include/oneapi/dnnl/dnnl_version.h" | paste -s -d .)
say "oneDNN $version, exit status $status"
rm -rf "$root/work"
exit $status
