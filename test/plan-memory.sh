#!/bin/sh
# What `plan` says of memory is within 20 % of what a run of a small model then takes, where the program and
# its libraries are most of it, and within 10 % for one that is mostly weights and activations, of workers
# of one thread and of two.
. "$(dirname "$0")/scratch.sh"

# compare PERCENT ARGUMENT...: plan and run one training.
compare()
{
    percent=$1
    shift
    set -- --quiet --variant relu --seeds 1 --jobs 1 --samples 0 --no-slope --steps 2 "$@"
    "$program" plan --format json "$@" >plan.json 2>err || fail "plan $*"
    planned=$(value plan.json peak_memory_bytes)
    timeout 600 "$program" run --output r.json "$@" >out 2>err || fail "run $*"
    measured=$(value r.json peak_memory_bytes)
    if test -z "$planned" || test -z "$measured" ||
        test $((planned * 100)) -lt $((measured * (100 - percent))) ||
        test $((planned * 100)) -gt $((measured * (100 + percent))); then
        fail "$*: planned ${planned:-?} bytes, measured ${measured:-?}"
    else
        echo "planned $planned bytes, measured $measured"
    fi
    rm -rf r.json*
}

# A sanitizer keeps far more memory than the program asks for.
if ldd "$program" 2>/dev/null | grep -q 'lib[abtu]*san'; then
    echo "built with a sanitizer"
    exit 77
fi
compare 20 --preset smoke --threads 1
for threads in "1" "2" "2 --team 2"; do
    # shellcheck disable=SC2086 # options, one per word
    compare 10 --preset tiny --d-model 256 --heads 4 --d-kv 64 --d-ff 1152 --batch 8 \
        --heldout-examples 8 --threads $threads
done
# Decoding keeps keys and values of many examples at once, whose room is used as far as they are long.
awk 'BEGIN {
    print "input\ttarget"
    for (i = 0; i < 300; i++)
        print i " things of one kind and another, told at such length that the room is used up, or nearly so, every time", i, "\tkind " i % 3
}' >pairs.tsv
compare 20 --preset tiny --d-model 128 --heads 4 --d-kv 32 --d-ff 384 --input-length 128 --target-length 64 \
    --threads 1 --task tsv:pairs.tsv,pairs.tsv
# The largest array by far would be the logits of T5's vocabulary; they are done in slices.
model=${GLUBENCH_DATA:-/nowhere}/spiece/t5.spiece.model
if test -e "$model" && "$program" --version | grep -q '^with SentencePiece'; then
    compare 20 --preset smoke --threads 1 --tokenizer "sentencepiece:$model"
    compare 20 --preset lm-smoke --threads 1 --tokenizer "sentencepiece:$model" --d-model 128 \
        --micro-batch 8 --batch 8 --input-length 128 --heldout-examples 8
fi
exit $failed
