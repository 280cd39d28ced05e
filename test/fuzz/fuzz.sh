#!/bin/sh
# fuzz.sh - let clang's libFuzzer look for inputs that break what reads files.
#
#     test/fuzz/fuzz.sh TARBALL FOLDER SECONDS [TARGET]...
#     (or: make fuzz FUZZ_SECONDS=600 FUZZ_TARGETS="results config")
#
# Builds the tarball of "make dist" in FOLDER/source under AddressSanitizer and UBSan and lets each
# target of test/fuzz/fuzz.h run for SECONDS, from its seeds and from what earlier runs left in
# FOLDER/corpus.  An input that breaks a target is left in FOLDER/found; in test/fuzz/crashes/TARGET
# it becomes a test.  The compiler is FUZZ_CC, or clang; FUZZ_FLAGS are further options of libFuzzer.
# Fails when an input was found.
set -eu
export LC_ALL=C

usage='usage: fuzz.sh TARBALL FOLDER SECONDS [TARGET]...'
tarball=$(realpath "${1:?$usage}")
mkdir -p "${2:?$usage}/source" "$2/corpus" "$2/found"
folder=$(cd "$2" && pwd -P)
seconds=${3:?$usage}
shift 3
compiler=${FUZZ_CC:-clang}

# The program that a target is linked with, as small as it can be.
if ! echo 'int LLVMFuzzerTestOneInput(const char *d, unsigned long n) { return n > 9 && !d[0]; }' |
    "$compiler" -fsanitize=fuzzer,address,undefined -fopenmp -x c - -o "$folder/probe" \
        2>"$folder/probe.log"; then
    cat >&2 <<END
fuzz.sh: $compiler cannot build for libFuzzer with OpenMP; see $folder/probe.log.
  Debian:  apt-get install clang libclang-rt-dev libomp-dev
  Otherwise: FUZZ_CC=COMPILER
END
    exit 1
fi
rm -f "$folder/probe" "$folder/probe.log"

# Unpacked over what is there, so that only what has changed is compiled again.
tar -xf "$tarball" -C "$folder/source" --strip-components=1
cd "$folder/source"
test -e Makefile || ./configure -q --enable-sanitizers --with-sentencepiece=no CC="$compiler" \
    CFLAGS='-g -O1 -fsanitize=fuzzer-no-link -Wno-pass-failed'
make -s -j"$(getconf _NPROCESSORS_ONLN || echo 1)" fuzz-driver

# Files of the targets are small and short-lived, so they stay in memory where that is possible.
scratch=$(mktemp -d /dev/shm/fuzz.XXXXXX 2>/dev/null || mktemp -d)
trap 'rm -rf "$scratch"' 0
trap 'exit 1' 1 2 3 15
cd "$scratch"
driver=$folder/source/fuzz-driver
# shellcheck disable=SC2046 # a name is a word
test $# -gt 0 || set -- $("$driver")

# A number of libFuzzer's log; the last one when there are several.
number() { sed -n "s/.*$1: *\([0-9]*\).*/\1/p" log | tail -n 1; }

failed=0
printf '%-14s %12s %9s  %s\n' target inputs coverage result
for target; do
    corpus=$folder/corpus/$target
    mkdir -p "$corpus"
    set -- "$corpus"
    for kind in seeds crashes; do
        directory=$folder/source/test/fuzz/$kind/$target
        test ! -d "$directory" || set -- "$@" "$directory"
    done
    result=ok
    # shellcheck disable=SC2086 # FUZZ_FLAGS are words
    FUZZ_TARGET=$target "$driver" -max_total_time="$seconds" -timeout=25 -print_final_stats=1 \
        -artifact_prefix="$folder/found/$target-" ${FUZZ_FLAGS-} "$@" >log 2>&1 || result=BROKEN
    printf '%-14s %12s %9s  %s\n' "$target" "$(number stat::number_of_executed_units)" \
        "$(number ' cov')" "$result"
    if test $result != ok; then
        failed=1
        tail -n 60 log
        cp log "$folder/found/$target.log"
    fi
done
test $failed = 0 || echo "fuzz.sh: the inputs are in $folder/found" >&2
exit $failed
