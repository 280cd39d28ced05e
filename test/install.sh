#!/bin/sh
# install.sh - make install puts everything where it belongs, under DESTDIR, and make uninstall
# takes all of it away again.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
unset MAKEFLAGS MFLAGS MAKELEVEL # or the jobs of the make above are looked for

fail() { echo "install.sh: $*"; exit 1; }

${MAKE-make} -s install DESTDIR="$dir" prefix=/opt/glu >"$dir/log" 2>&1 || { cat "$dir/log"; exit 1; }
root=$dir/opt/glu
for file in bin/glubench share/man/man1/glubench.1 share/man/man5/glubench-results.5 \
    share/doc/glubench/README.md share/bash-completion/completions/glubench; do
    test -s "$root/$file" || fail "$file is missing"
done
"$root/bin/glubench" --version | grep '^glubench [0-9]' || fail "--version prints something else"
grep -q '^\.SH EXAMPLES' "$root/share/man/man1/glubench.1" || fail "glubench.1 is incomplete"

${MAKE-make} -s uninstall DESTDIR="$dir" prefix=/opt/glu >"$dir/log" 2>&1 || { cat "$dir/log"; exit 1; }
if find "$root" ! -type d | grep .; then
    fail "make uninstall leaves these files behind"
fi
