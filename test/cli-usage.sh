#!/bin/sh
# The command line: help, version, lists, and every kind of wrong usage with its message and status.
. "$(dirname "$0")/scratch.sh"

# expect STATUS PATTERN ARGUMENT...: run with the arguments; PATTERN must stand on stderr.
expect()
{
    status=$1 pattern=$2
    shift 2
    timeout 300 "$program" "$@" >out 2>err </dev/null
    got=$?
    [ $got -eq "$status" ] || fail "glubench $*: status $got, not $status"
    grep -q -e "$pattern" err || fail "glubench $*: no '$pattern' on stderr"
    [ "$status" -eq 0 ] || [ ! -s out ] || fail "glubench $*: an error that prints data"
}

# What is asked for goes to stdout, and nothing to stderr.
for arguments in --help --version "run --help" "bench --help" "plan --help" "list --help" \
    "report --help" "compare --help" "validate --help" list "list --format json" "-h"; do
    # shellcheck disable=SC2086
    "$program" $arguments >out 2>err || fail "$arguments"
    [ -s out ] && [ ! -s err ] || fail "$arguments: stdout empty or stderr not"
done
"$program" --version | grep -q '^glubench [0-9]' || fail "--version"
"$program" --help >out
for word in 'Usage: glubench' --all-variants --variant --seeds --preset --steps --corpus --heldout \
    --threads --jobs --precision --output --config --d-model --layers --heads --d-kv --d-ff --batch \
    --input-length --learning-rate --warmup-steps --dump-batches --save-checkpoint \
    --init-checkpoint 'default: tiny'; do
    grep -q -e "$word" out || fail "--help without $word"
done
grep -q -e --scaling out && ! grep -q -e --sweep out || fail "--help shows an older name"
awk 'length > 100 { exit 1 }' out || fail "--help has long lines"
"$program" --preset mini --help | grep -q 'width of the model (default: 128)' ||
    fail "--help does not show the defaults of --preset"
for variant in relu gelu swish glu bilinear geglu swiglu reglu; do
    "$program" list | grep -q "^  $variant " || fail "list without $variant"
done

# Wrong usage: status 2, and what would be right.
expect 2 "no command 'lst' (did you mean list?)" lst
expect 2 "no option '--bacth' (did you mean --batch?)" --bacth 3
expect 2 "could be any of" --ver
expect 2 "no option '-Z'" -Z
expect 2 "no option '-Z'" --quiet -Zq
expect 2 "could be any of" --=x
expect 2 "no option '-?'" "$(printf -- '-\033')"
expect 2 "'--batch' needs a value" --batch
expect 2 "'--quiet' takes no value" --quiet=yes
expect 2 "one argument too many" run more
expect 2 "one argument too many" compare a b c
expect 2 "a file is missing" report
expect 2 "a file is missing" compare a
expect 2 "does not apply to 'list'" list --batch 3
expect 2 "does not apply to 'run'" run --ffn
expect 2 "Try 'glubench --help'" --batch 0
# Older names are understood, and not shown.
expect 2 "^glubench: --scaling-d-model: '1' is not" bench --sweep --sweep-d-model 1
expect 2 "'--scaling' does not apply to 'run'" run --sweep
expect 2 "'--scaling' takes no value" bench --sweep=yes
expect 2 "any of --scaling, --scaling-d-model\$" bench --swe
# What the library says of fields is told of options, in errors and in warnings.
expect 2 "^glubench: --gated-d-ff: 200 is not 2/3 of --d-ff 200, so" --d-ff 200 --gated-d-ff 200
expect 2 "^glubench: --resume cannot fill in the --dump-batches of" --resume --dump-batches x
expect 0 "^glubench: warning: --threads 1000 is more than" plan --preset smoke --threads 1000 --jobs 1
expect 2 "from 1 to 65536" --batch 12x
expect 2 "from 1 to 65536" --batch -1
expect 2 "from 1 to 65536" plan --batch 99999999999999999999999999
expect 2 "is not a number" --learning-rate nan
expect 2 "did you mean tiny?" --preset tinny
expect 2 "did you mean swiglu?" --variant swigul
expect 2 "multiple of 3" --d-ff 100
expect 2 "cannot read nothing.json" --config nothing.json
expect 2 "no format\|no choice 'latex2e'" report --format latex2e x
expect 2 "the value is empty" --corpus ''
echo '{"model": {"d_modle": 64}}' >bad.json
expect 2 "bad.json: there is no key 'model.d_modle' (did you mean model.d_model?)" --config bad.json
echo '{"model": {"d_model": 64}' >bad.json
expect 2 "bad.json:[12]: not a JSON file" --config bad.json
[ "$(ls)" = "$(printf 'bad.json\nerr\nout')" ] || fail "wrong usage leaves files behind: $(ls)"

# Files that are not there or not what they should be: status 1.
expect 1 "nothing.json" report nothing.json
expect 1 "no-such-directory" --preset smoke --output no-such-directory/x.json
expect 1 "no-such-directory" --preset smoke --dump-batches no-such-directory/x --output x.json
expect 1 "/dev/null/x" --preset smoke --save-checkpoint /dev/null/x --output x.json
expect 1 "no-such-text" --preset smoke --corpus no-such-text --output x.json
: >empty
expect 1 "empty" --preset smoke --corpus empty --output x.json
echo short >short
expect 1 "short" --preset smoke --corpus short --output x.json
expect 1 "beyond any machine\|memory" --preset smoke --d-model 32768 --layers 256 --d-ff 262080 --batch 65536 \
    --input-length 1024 --output x.json
expect 1 "of memory" --preset smoke --d-model 16384 --layers 16 --d-ff 49152 --output x.json
[ ! -e x.json ] || fail "a sweep that could not start wrote results"

# A standard output that is full is a failure.
if [ -w /dev/full ]; then
    for arguments in list --help --version; do
        "$program" $arguments >/dev/full 2>err && fail "$arguments >/dev/full succeeds"
        grep -q 'standard output' err || fail "$arguments >/dev/full says nothing"
    done
fi

# Colours are for terminals.
"$program" --batch 0 2>&1 | grep -q "$(printf '\033')" && fail "colours in a pipe"

exit $failed
