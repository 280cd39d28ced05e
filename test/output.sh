#!/bin/sh
# output.sh - what every GNU program does: --help and --version on standard output, and a failed
# write is a failure.
set -eu
srcdir=${srcdir:-.}
fail() { echo "output.sh: $*"; exit 1; }

test "$(./glubench --version | head -n 1)" = "glubench $(sed -n 's/^AC_INIT.*\[\([0-9.]*\)\].*/\1/p' \
    "$srcdir/configure.ac")" || fail "--version does not print the version of configure.ac"
./glubench --help | grep -q '^Usage: glubench' || fail "--help does not print the usage"
for option in --help --version; do
    test -z "$(./glubench $option 2>&1 >/dev/null)" || fail "$option writes to standard error"
    test -w /dev/full || continue
    message=$(./glubench $option 2>&1 >/dev/full) && fail "$option on a full disk succeeds"
    echo "$message" | grep 'No space left' || fail "$option on a full disk does not say why it fails"
done
exit 0
