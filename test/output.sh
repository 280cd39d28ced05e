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

# --version names what the program is made of, as the libraries and a results file tell it.
version=$(./glubench --version)
has() { echo "$version" | grep -q -x -e "$1" || fail "--version without '$1': $version"; }
test "$(echo "$version" | sed -n 8p | cut -c 1-13)" = 'Copyright (C)' || fail "--version: no copyright in line 8"
has 'License GPLv3+: GNU GPL version 3 or later <https://gnu.org/licenses/gpl.html>'
has 'There is NO WARRANTY, to the extent permitted by law.'
has 'without MPI'
has 'OpenMP [0-9.]*\(, lib.*\)\{0,1\}'
library=$(echo "$version" | sed -n 's/^OpenMP .*, //p')
test -z "$library" || ! command -v ldd >/dev/null || ldd ./glubench | grep -q -F "$library" ||
    fail "--version names the library $library, which is not linked"
directory=$(mktemp -d)
trap 'rm -rf "$directory"' EXIT
./glubench --quiet --preset smoke --steps 1 --samples 0 --variant relu --output "$directory/one.json" >"$directory/out"
value() { sed -n "/\"onednn\"/,/}/s/.*\"$1\": \"\([^\"]*\)\".*/\1/p" "$directory/one.json"; }
has "oneDNN $(value version) with $(value cpu_runtime)\(, built with .*\)\{0,1\}"
has "oneDNN's ISA $(value isa), with\(out\)\{0,1\} bf16"
if grep -q '^#define HAVE_SENTENCEPIECE' config.h; then
    has 'with SentencePiece\( [0-9].*\)\{0,1\}'
else
    has 'without SentencePiece'
fi
version=$(GLUBENCH_ISA=generic ./glubench --version)
has 'kernels for generic'
if grep -q '^#define HAVE_KERNELS_AVX2' config.h; then
    version=$(ONEDNN_MAX_CPU_ISA=SSE41 ./glubench --version)
    has "oneDNN's ISA sse41, without bf16"
fi
exit 0
