#!/bin/sh
# The text that a training reads: it is what its content says, under any name, and it stays what it is
# from the first look to the end of the sweep.
. "$(dirname "$0")/scratch.sh"

# lines FIELD COUNT REST: documents, as JSON lines.
lines()
{
    awk -v field="$1" -v count="$2" -v rest="$3" 'BEGIN {
        srand(7)
        split("river stone lamp cloud winter paper garden letter window silver morning market", w)
        for (i = 0; i < count; i++) {
            text = w[1 + int(12 * rand())]
            for (k = 0; k < 60; k++)
                text = text " " w[1 + int(12 * rand())]
            printf "{\"%s\": \"%s.\"%s}\n", field, text, rest
        }
    }'
}

run()
{
    rm -rf x.json x.json.run
    timeout 120 "$program" --preset smoke --variant relu --steps 2 --samples 0 --threads 1 \
        --heldout-share 0.3 --output x.json "$@" >out 2>err
}

# takes WHAT ARGUMENT...: all 40 documents of JSON lines are read, without a word of them.
takes()
{
    what=$1
    shift
    run "$@" || fail "$what: status $?"
    documents=$(sed -n 's/^ *"documents": \([0-9]*\),\{0,1\}$/\1/p' x.json |
        awk '{ sum += $1 } END { print sum }')
    [ "$documents" = 40 ] && grep -q '"kind": "c4"' x.json || fail "$what: $documents documents"
    ! grep -q 'skipped' err || fail "$what: skipped"
}

# refuses WHAT SAYS ARGUMENT...
refuses()
{
    what=$1 says=$2
    shift 2
    ! run "$@" || fail "$what: taken"
    grep -q -e "$says" err || fail "$what: not '$says'"
}

lines text 40 >part-00000
takes "another name" --corpus part-00000

# Fields that nobody asked for.
for rest in ', "n": 18446744073709551615' ', "n": [NaN, -Infinity, 1.8e309]' ', "s": "a\\u0000\\ud800"'; do
    lines text 40 "$rest" >other.jsonl
    takes "$rest" --corpus other.jsonl
done
{ lines text 2; echo '{"text": "a", "n": }'; lines text 38; } >bad.jsonl
run --corpus bad.jsonl || fail "one bad line: status $?"
grep -q '1 line of the corpus is skipped; the first: bad.jsonl:3: ' err || fail "one bad line"

# Another field: the message has what to do, and the results have what was done.
lines content 40 ', "id": 1' >content.jsonl
refuses "another field" 'content.jsonl:1: has no "text"; its fields are content, id: --text-field content' \
    --corpus content.jsonl
takes "another field" --corpus content.jsonl --text-field content
grep -q '"text_field": "content"' x.json || fail "the field is not recorded"
mv x.json content.json
takes "the field in a configuration" --config content.json
takes "the usual field" --corpus part-00000 --text-field text
! grep -q text_field x.json || fail "the usual field is recorded"

# A path that is not UTF-8.
path=$(printf 'caf\351.jsonl')
if cp part-00000 "$path" 2>/dev/null; then
    takes "a path that is not UTF-8" --corpus "$path"
    grep -qF '"paths": ["caf\\xe9.jsonl"]' x.json || fail "the path is not recorded"
    [ "$(grep -cF '"caf\\xe9.jsonl"' x.json)" = 3 ] || fail "the command or the input is not recorded"
    grep -qF "caf\\\\351.jsonl'" x.json || fail "the path of one run is not recorded"
fi
refuses "a path that is not UTF-8 and is not there" 'cof?: No such file' --corpus "$(printf 'cof\351')"

# gzip with a tail.
gzip -c part-00000 >tail.gz && echo >>tail.gz
takes "gzip with a tail" --corpus tail.gz
grep -q 'tail.gz: what follows the gzip data' err || fail "no word of the tail"

# What was read is recorded: each file with its size and checksum.
mkdir shards
lines text 30 >shards/a.jsonl
lines text 20 '' | gzip >shards/b.jsonl.gz
lines text 20 >held.jsonl
awk '{ print "held", $0 }' held.jsonl | sed 's/^held {"text": "/{"text": "held /' >apart.jsonl
echo '{"training": {"batch": 4}}' >options.json
run --corpus shards --heldout apart.jsonl --config options.json || fail "several inputs"
for file in shards/a.jsonl shards/b.jsonl.gz apart.jsonl options.json; do
    echo "$file $(wc -c <$file | tr -d ' ') $(sha256sum <$file | sed 's/ .*//')"
done >expected
python3 -c 'import json
for row in json.load(open("x.json"))["inputs"]: print(row["path"], row["bytes"], row["sha256"])' >recorded
cmp -s expected recorded || fail "inputs are recorded as $(cat recorded), not $(cat expected)"

# A corpus, and initial weights, that change under the sweep: the runs fail and say which file.
lines text 40 >grow.jsonl
rm -rf x.json x.json.run
begin --preset smoke --variant relu --steps 20000 --samples 0 --threads 1 --heldout-share 0.3 \
    --corpus grow.jsonl --output x.json
lines text 1 >>grow.jsonl
wait $child
[ $? = 1 ] || fail "a corpus that grows: another status"
[ "$(value x.json status)" = failed ] || fail "a corpus that grows: the run is $(value x.json status)"
grep -q 'grow.jsonl has changed since it was read first (it is longer)' err ||
    fail "a corpus that grows is not named"
[ "$(value x.json tokens_seen)" -gt 0 ] || fail "a corpus that grows: the run is of no steps"
"$program" validate x.json >out 2>&1 || fail "a run that failed on its way makes results that are none: $(cat out)"

# Two runs, one after the other; the second one's weights are written again under the first.
run --save-checkpoint weights --seeds 2 || fail "no weights"
rm -rf x.json x.json.run
begin --preset smoke --variant relu --seeds 2 --jobs 1 --steps 500 --samples 0 --threads 1 \
    --init-checkpoint weights --output x.json
cp weights/relu-s1/model.safetensors weights/relu-s2/model.safetensors
wait $child
[ "$(value x.json status | tr '\n' ' ')" = "ok failed " ] || fail "weights that change"
grep -q 'weights/relu-s2/model.safetensors has changed' err || fail "weights that change are not named"

exit $failed
