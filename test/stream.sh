#!/bin/sh
# --stream: a corpus that is read once, while training.  What results say of it, in which order it comes, how
# trainings go on in it, what becomes of files that vanish, are cut or change, and what is refused.
. "$(dirname "$0")/scratch.sh"
model="--quiet --preset smoke --samples 0 --threads 1 --jobs 1 --precision f32 --batch 4 --heldout-examples 4"
text="--stream --corpus c4 --heldout held.json"

# glu COMMAND ARGUMENT...
glu()
{
    command=$1
    shift
    # shellcheck disable=SC2086
    timeout 300 "$program" "$command" $model "$@" >out 2>err </dev/null
}

# documents SEED COUNT: JSON lines of words.
documents()
{
    awk "BEGIN { srand($1); for (i = 0; i < $2; i++) {
        printf \"{\\\"text\\\": \\\"%d\", i
        for (n = 20 + int(rand() * 200); n; n--) {
            printf \" \"; for (k = 1 + int(rand() * 7); k; k--) printf \"%c\", 97 + int(rand() * 26) }
        print \"\\\"}\" } }"
}

# bits FILE: what must not depend on interruptions: the runs and the table of log-perplexities, not the times.
bits()
{
    sed -n '/"runs":/,/"throughput":/p' "$1" |
        grep -v -e '_s"' -e '"peak_memory_bytes"' -e '"equal_' -e '"pareto'
}

same()
{
    bits "$1" >bits
    cmp -s expected bits || {
        fail "$2: other results than without interruption"
        diff expected bits | head >&2
    }
}

mkdir c4
for i in 0 1 2 3 4; do
    documents $i $((i == 2 ? 150 : 20)) >c4/part-$i.json
    [ $i != 2 ] || cp c4/part-2.json kept.json
    [ $i = 1 ] || [ $i = 3 ] || gzip -n c4/part-$i.json
done
documents 9 60 >held.json

# What is told of it.
# shellcheck disable=SC2086
glu run $text --steps 20 --variant relu --variant swiglu --seeds 2 --dump-batches dump --output all.json ||
    fail "a training"
"$program" validate all.json >out 2>err || fail "validate"
sed -n 's/^ *{"name": "\(part-[^"]*\)".*/\1/p' all.json >names
printf 'part-%s\n' 0.json.gz 1.json 2.json.gz 3.json 4.json.gz | cmp -s - names || fail "names: $(cat names)"
sed -n '/"corpus": {/,/^    }/p' all.json >corpus
for line in '"sha256": null' '"documents": null' '"stream": true' "\"bytes\": $(wc -c <c4/part-1.json | tr -d ' ')"; do
    grep -q "$line" corpus || fail "the corpus has no $line"
done
[ "$(grep -c '"repro": ".* --stream ' all.json)" = 4 ] || fail "repro does not stream"

# Variants see the same at a seed, seeds do not.
for run in relu,1 swiglu,1 relu,2 swiglu,2; do
    grep "\"train\", \"variant\": \"${run%,*}\", \"seed\": ${run#*,}," dump |
        sed 's/.*"inputs": \(.*\), "targets".*/\1/' >batches.$run
    [ -s batches.$run ] || fail "no batches of $run"
done
cmp -s batches.relu,1 batches.swiglu,1 && cmp -s batches.relu,2 batches.swiglu,2 || fail "variants differ in text"
! cmp -s batches.relu,1 batches.relu,2 || fail "seeds have the same text"

# More than two passes, with many places to go on from.
long="$text --steps 900 --variant relu --checkpoint-every 50"
# shellcheck disable=SC2086
glu run $long --output whole.json || fail "the whole"
bits whole.json >expected

# start FILE: the sweep in the background, in its steps.
start()
{
    # shellcheck disable=SC2086
    begin run ${model#--quiet} $long --output "$1"
}

# Stopped, killed and gone on with, each once it has saved something: the same bits.
states() { ls stopped.json.run/run/*.state 2>kill; }
moved() { [ "$(states)" != "$before" ]; }
for signal in KILL TERM KILL; do
    before=$(states)
    # shellcheck disable=SC2086
    "$program" run $model $long --resume --output stopped.json >out 2>err &
    child=$!
    wait_until moved
    kill -$signal $child 2>kill
    wait $child 2>kill
done
[ -e stopped.json.run ] || fail "it was never stopped"
# shellcheck disable=SC2086
glu run $long --resume --output stopped.json || fail "going on"
same stopped.json "stopped"

# ends_in WHAT TEXT: what began has failed, with that text about the run and in its results.
ends_in()
{
    wait $child
    [ $? = 1 ] && grep -q -e "relu, seed 1: failed: .*$2" err || fail "$1: not '$2'"
}

# A file that vanishes while others are read, and one that is damaged; once they are there again, all goes on.
start gone.json
mv c4/part-4.json.gz away
ends_in "a file is gone" "c4/part-4.json.gz: No such file"
grep -q '"error": ".*c4/part-4.json.gz' gone.json || fail "the results do not name the file"
grep -a -q '"place"' gone.json.run/run/*.state || fail "a file is gone, and the place with it"
mv away c4/part-4.json.gz
# shellcheck disable=SC2086
glu run $long --resume --output gone.json || fail "going on with a file that is back"
same gone.json "a file is gone"
cp -p c4/part-2.json.gz away
printf 12345678 | dd of=c4/part-2.json.gz bs=1 conv=notrunc seek=$(($(wc -c <away) - 8)) 2>err
start broken.json
ends_in "a damaged file" "c4/part-2.json.gz: the gzip data are damaged"
cp away c4/part-2.json.gz
# shellcheck disable=SC2086
glu run $long --resume --output broken.json || fail "going on with a file that is whole again"
same broken.json "a damaged file"
head -c 50000 away >c4/part-2.json.gz
cp away whole.gz
start cut.json
ends_in "a cut file" "c4/part-2.json.gz: the gzip data are cut off"


# The place is gone to: what was read before it may be anything of that size by now.
plain="--stream --corpus plain.txt --heldout held.json --steps 290 --variant relu --checkpoint-every 50"
tr '{}":' '    ' <kept.json >plain.txt
cp plain.txt away
# shellcheck disable=SC2086
glu run $plain --output plain.json || fail "plain text"
bits plain.json >expected
printf '\000' | dd of=plain.txt bs=1 conv=notrunc seek=72000 2>err
# shellcheck disable=SC2086
glu run $plain --output unread.json && fail "a NUL is text"
grep -q "plain.txt is not text: .*72000" out || fail "a NUL is not told of"
cp away plain.txt
head -c 4000 away | tr 'a-z' '[\n*]' | dd of=plain.txt conv=notrunc 2>err
# shellcheck disable=SC2086
glu run $plain --resume --output unread.json || fail "going on in a file"
same unread.json "what was read"

# Another size of a file, or another name, is another text, also when there are as many bytes as before.
unlike()
{
    # shellcheck disable=SC2086
    glu run $long --resume --output cut.json && fail "$1: gone on with"
    grep -q "config.corpus.shards" err && ! grep -q "config.corpus.bytes" err || fail "$1: not told of"
}
mkdir kept
cp c4/part-1.json c4/part-3.json kept
head -n 1 kept/part-1.json >>c4/part-3.json
sed 1d kept/part-1.json >c4/part-1.json
unlike "other sizes"
cp kept/* c4
mv c4/part-1.json c4/part-6.json
unlike "another name"
mv c4/part-6.json c4/part-1.json
cp whole.gz c4/part-2.json.gz

# refused WHAT TEXT COMMAND ARGUMENT...: a usage error that says so, before anything is made.
refused()
{
    what=$1 says=$2
    shift 2
    timeout 300 "$program" "$@" >out 2>err </dev/null
    [ $? = 2 ] && grep -q -e "$says" err || fail "$what: not refused with '$says'"
    [ ! -e glubench.json ] && [ ! -e glubench.json.run ] || fail "$what: results are begun"
}

refused "no corpus" "--stream goes with --corpus" run --stream
refused "no held-out text" "--heldout is missing: with --stream the" run --stream --corpus c4
refused "both" "exclude each other" run --stream --no-stream --corpus c4 --heldout held.json
for command in run plan bench "run --tokenizer bytes" "plan --config bytes.json"; do
    echo '{"tokenizer": "bytes"}' >bytes.json
    for preset in base lm-base; do
        # shellcheck disable=SC2086
        refused "$command of $preset" "preset $preset does not go with --tokenizer bytes.*sentencepiece:FILE" \
            $command --preset $preset --corpus c4 --heldout held.json
    done
done
timeout 300 "$program" bench --preset base --ffn --d-model 32 --d-ff 96 --batch 2 --input-length 16 --samples 1 \
    --variant relu --threads 1 --output ffn.json >out 2>err || fail "a feed-forward layer of base has no tokens"

# base, with pieces.
pieces=${GLUBENCH_DATA-}/spiece/t5.spiece.model
if [ -e "$pieces" ] && ! "$program" --version | grep -q '^without SentencePiece'; then
    base="--preset base --tokenizer sentencepiece:$pieces --corpus c4"
    # shellcheck disable=SC2086
    refused "no held-out text of base" "--heldout is missing: with --stream, the preset's, the" plan $base
    small="--steps 3 --d-model 32 --layers 1 --heads 2 --d-kv 16 --d-ff 96 --input-length 32 --variant relu --no-slope"
    # shellcheck disable=SC2086
    glu run $base --heldout held.json $small --output base.json || fail "base"
    grep -q '"stream": true' base.json && grep -q '"vocabulary": 32128' base.json || fail "base streams no pieces"
    # shellcheck disable=SC2086
    glu run $base --no-stream $small --output other.json || fail "base that does not stream"
    grep -q '"no_stream": true' other.json && ! grep -q '"stream"' other.json &&
        grep -q '"repro": ".* --no-stream ' other.json || fail "--no-stream is not recorded"
    echo '{"preset": "base", "corpus": {"stream": false}}' >no.json
    # shellcheck disable=SC2086
    timeout 300 "$program" run ${model#--quiet --preset smoke} --config no.json --tokenizer "sentencepiece:$pieces" \
        --corpus c4 $small --output file.json >out 2>err ||
        fail "base that does not stream, by a file"
    [ "$(value file.json parameters_sha256)" = "$(value other.json parameters_sha256)" ] || fail "--no-stream"
    grep -q '"repro": ".* --no-stream ' file.json || fail "repro of a file's streams"
    # shellcheck disable=SC2086
    timeout 300 "$program" plan --preset base --tokenizer "sentencepiece:$pieces" --threads 1 >out 2>err ||
        fail "plan of base"
fi
exit $failed
