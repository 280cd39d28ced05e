#!/bin/sh
# contrib/Containerfile keeps no list of packages of its own: it builds with those of bootstrap, and runs with those
# that the program is linked with.
set -eu
srcdir=${srcdir:-.}
file=$srcdir/contrib/Containerfile
status=0
fail() { echo "FAIL: $*"; status=1; }

# Its instructions, each in a line.
lines=$(sed '/^#/d' "$file" | sed -e ':more' -e '/\\$/{N;s/\\\n */ /;b more' -e '}')
printf '%s\n' "$lines" | grep -q '^RUN \./bootstrap ' || fail "it is not built by bootstrap"
for package in $("$srcdir/bootstrap" --help | sed -n 's/^  .*: *\([a-z0-9].*\)/\1/p'); do
    case $package in
    make) ;; # is a command too
    *)
        printf '%s\n' "$lines" | tr -s ' ' '\n' | grep -x -F -e "$package" && fail "$package, which bootstrap names, stands there too"
        ;;
    esac
done
# shellcheck disable=SC2016 # sed's
installed=$(printf '%s\n' "$lines" | sed -n 's/.*apt-get\( -[^ ]*\)* install\(\( --*[a-z-]*\)*\)\([^&]*\).*/<\4>/p' | tr -d ' ')
[ "$installed" = '<>' ] || fail "packages are named: $installed"
for word in 'ENTRYPOINT \["glubench"\]' 'USER glubench'; do
    printf '%s\n' "$lines" | grep -q -x -e "$word" || fail "no $word"
done

# What it does to find the packages, with this program.
if ! command -v dpkg-query >/dev/null || ! ldd ./glubench | grep -q 'libdnnl.* => /\(usr/\)\{0,1\}lib/'; then
    echo "not tried: this program is not of Debian's packages"
    exit $status
fi
found=$(eval "$(printf '%s\n' "$lines" | sed -n 's/^RUN \(ldd .*\) >\/packages$/\1/p')") || fail "no packages are found"
for package in libc6 libdnnl libjansson libunistring zlib1g; do
    echo "$found" | grep -q "^$package" || fail "$package is not found"
done
echo "$found" | grep -q -v '^[a-z0-9][a-z0-9.+-]*$' && fail "no names of packages: $found"
exit $status
