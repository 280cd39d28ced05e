#!/bin/sh
# `glubench run --task translation:...`: from scratch, from two files that go together line by line; the dev set
# chooses the checkpoint, and the test set gives the scores.
python=${PYTHON-python3}
own=$(cd "$(dirname "$0")" && pwd)
. "$(dirname "$0")/scratch.sh"

# glu ARGUMENT...: the program, quietly.
glu()
{
    timeout 300 "$program" "$@" --quiet >out 2>err </dev/null
}

# ==== Two languages ====

# pairs NAME SEED COUNT: NAME.en and NAME.de.
pairs()
{
    awk -v name="$1" -v seed="$2" -v count="$3" 'BEGIN {
        split("red blue tall small warm cold quick slow", en, " ")
        split("rot blau hoch klein warm kalt rasch langsam", de, " ")
        for (i = 0; i < count; i++) {
            seed = (seed * 1103 + 12345) % 65536
            a = seed % 8 + 1; b = int(seed / 8) % 8 + 1
            print en[a] " and " en[b] (i % 4 ? "" : " and something more, " i) >name ".en"
            print de[a] " und " de[b] (i % 4 ? "." : " und etwas mehr, " i ".") >name ".de"
        }
    }'
}
pairs train 1 80
pairs dev 2 10
pairs test 3 12
gzip -k test.de

lengths="--input-length 64 --target-length 32 --batch 2 --samples 0 --threads 2"
model="--preset smoke --d-model 16 --heads 1 --d-kv 16 --d-ff 48"
files="--task translation:train.en,train.de --heldout dev.en,dev.de --test test.en,test.de.gz"
train="run $model $lengths $files --variant relu --seeds 2 --steps 60 --evaluate-every 20 --learning-rate 0.01"

# shellcheck disable=SC2086
glu $train --jobs 1 --predictions kept -o whole.json || fail "a translation"
"$program" validate --quiet whole.json >out 2>err || fail "results that are not valid"
[ "$(grep -c '"status": "ok"' whole.json)" = 2 ] || fail "not two runs"
"$python" - "$own/score_predictions.py" <<'END' >out 2>err || fail "predictions do not give the scores"
import json, math, subprocess, sys
document = json.load(open("whole.json"))
sources, targets = ([line.rstrip("\n") for line in open("test." + side, encoding="utf-8")] for side in ("en", "de"))
for run in document["runs"]:
    path = f"kept/translation/{run['variant']}-s{run['seed']}.jsonl"
    lines = [json.loads(line) for line in open(path, encoding="utf-8")]
    assert [line["input"] for line in lines] == ["translate English to German: " + source for source in sources]
    assert [line["target"] for line in lines] == targets, "the reference is not whole"
    scores = run["scores"]["translation"]
    again = json.loads(subprocess.check_output([sys.executable, sys.argv[1], "translation", path]))
    assert set(again) == {"bleu_13a", "bleu_intl", "bleu_13a_lc", "bleu_intl_lc", "chrf2"}, again
    for key, value in again.items():
        assert math.isclose(scores[key], value, rel_tol=1e-9, abs_tol=1e-9), (key, scores[key], value)
    # The dev set's loss chooses.
    best = min(run["score_curve"], key=lambda point: point["target_nats"])
    assert scores["step"] == best["step"] == lines[0]["step"], (scores["step"], best)
    assert math.isclose(scores["dev_target_nats"], best["target_nats"], rel_tol=1e-12)
    assert run["scores_last"]["translation"]["step"] == 60
(task,) = document["config"]["tasks"]
assert (task["train_examples"], task["dev_examples"], task["test_examples"]) == (80, 10, 12), task
END

# bits FILE: the runs without their times.
bits()
{
    "$python" - "$1" <<'END'
import json, sys
for run in json.load(open(sys.argv[1]))["runs"]:
    print(json.dumps([run["seed"], run["parameters_sha256"], run["scores"], run["scores_last"], run["score_curve"],
                      run["heldout_log_perplexity_nats"], run["padding_share"]], sort_keys=True))
END
}

# same FILE DIR WHAT: the bits and the predictions are those of the first time.
same()
{
    bits "$1" >bits
    cmp -s expected bits || { fail "$3: other results"; diff expected bits | head -c 2000 >&2; }
    diff -r kept "$2" >out 2>&1 || fail "$3: other predictions"
}
bits whole.json >expected
[ "$(wc -l <expected)" = 2 ] || fail "not two runs to compare"
# shellcheck disable=SC2086
glu $train --jobs 2 --threads 4 --predictions jobs -o jobs.json || fail "--jobs 2"
same jobs.json jobs "--jobs 2"

# The best weights so far, which the test set waits for, are part of a state.  A rate that is too high later on
# makes an earlier checkpoint the best one.
rise="run $model $lengths $files --variant relu --seeds 1 --steps 3000 --evaluate-every 250 --learning-rate 0.15
    --schedule constant --warmup-steps 1400 --jobs 1"
# shellcheck disable=SC2086
{
    rm -rf kept
    glu $rise --predictions kept -o rise.json || fail "a longer one"
    bits rise.json >expected
}
best=$("$python" -c '
import json
step = json.load(open("rise.json"))["runs"][0]["scores"]["translation"]["step"]
assert 0 < step < 3000, step
print(step)' 2>err) || fail "the best checkpoint is the last, which no state keeps"
# is_far: it has seen its best checkpoint, and has a state of later; or it has ended already.
is_far()
{
    find "$signal.json.run" -name '*.state' 2>/dev/null | sed 's/\.state$//; s/.*[^0-9]//' |
        awk -v best="$best" '$1 + 0 > best { found = 1 } END { exit !found }' || ! kill -0 $child 2>/dev/null
}
for signal in TERM KILL; do
    # shellcheck disable=SC2086
    begin $rise --checkpoint-every 40 --predictions $signal -o $signal.json
    wait_until is_far || fail "$signal: no state"
    kill -$signal $child 2>kill
    wait $child 2>kill
    # shellcheck disable=SC2086
    timeout 300 "$program" $rise --predictions $signal --resume --verbose -o $signal.json >out 2>err ||
        fail "$signal: going on"
    grep -q 'step 0/' err && fail "$signal: it begins anew"
    same $signal.json $signal "$signal"
done

# ==== What is asked of the files ====

# refused TEXT ARGUMENT...: it must end with status 2 before any training, and say this.
refused()
{
    text=$1
    shift
    # shellcheck disable=SC2086
    timeout 300 "$program" run $model $lengths --variant relu --seeds 1 --steps 2 "$@" -o refused.json >out 2>err </dev/null
    [ $? = 2 ] || fail "not refused with status 2: $*"
    grep -q -e "$text" err || fail "refused without '$text': $*"
    grep -q 'step 0' err && fail "refused, but after training: $*"
    [ ! -e refused.json ] || fail "refused, but there are results: $*"
}
both=translation:train.en,train.de
{ sed 2,3d dev.en && echo; } >short.en
{ sed 2d dev.en; } >fewer.en
sed 's/^.*$//' dev.de >empty.de
sed '4s/.*/  /' dev.de >gap.de
refused '--task translation: give translation:SOURCE,TARGET' --task translation --heldout dev.en,dev.de
refused "no task 'translaton' (did you mean translation?)" --task translaton:train.en,train.de --heldout dev.en,dev.de
refused 'it needs a dev set.*--heldout SOURCE,TARGET' --task $both
refused '--heldout: of a translation it is one SOURCE,TARGET, and there are 2' --task $both --heldout dev.en,dev.de \
    --heldout test.en,test.de
refused "--heldout: 'dev.en': it must be two files" --task $both --heldout dev.en
refused "--task translation: 'train.en': it must be two files" --task translation:train.en --heldout dev.en,dev.de
refused '--task translation: cannot open none.de' --task translation:train.en,none.de --heldout dev.en,dev.de
refused '--heldout: cannot open none.de' --task $both --heldout dev.en,none.de
refused '--test: cannot open none.de' --task $both --heldout dev.en,dev.de --test test.en,none.de
refused '--heldout: fewer.en ends after line 9, but dev.de goes on' --task $both --heldout fewer.en,dev.de
refused '--heldout: gap.de:4: the line is empty, but that of dev.en is not' --task $both --heldout dev.en,gap.de
refused '--heldout: empty.de:1: the line is empty' --task $both --heldout dev.en,empty.de
refused 'choose --architecture t5' --task $both --heldout dev.en,dev.de --architecture lm

# told TEXT ARGUMENT...: it goes on with a word.
told()
{
    text=$1
    shift
    # shellcheck disable=SC2086
    timeout 300 "$program" run $model $lengths --variant relu --seeds 1 --steps 2 "$@" --force -o told.json >out 2>err \
        </dev/null || fail "told, but refused: $*"
    grep -q "warning: .*$text" err || fail "no word of '$text': $*"
}
told '10 of 10 dev targets have more than 5 tokens and are cut' --task $both --heldout dev.en,dev.de --target-length 5
head -n 3 train.en >shared.en
head -n 3 train.de >shared.de
told '3 of 3 dev examples are among those to train on' --task $both --heldout shared.en,shared.de
told '3 of 3 test examples are among those to train on' --task $both --heldout dev.en,dev.de --test shared.en,shared.de

# A suffix that is no language has no prefix.
cp train.en train.xx
# shellcheck disable=SC2086
glu run $model $lengths --variant relu --seeds 1 --steps 2 --task translation:train.xx,train.de --heldout dev.en,dev.de \
    --test test.xx,test.de -o xx.json 2>err && fail "a file that is not there"
cp test.en test.xx
# shellcheck disable=SC2086
glu run $model $lengths --variant relu --seeds 1 --steps 2 --task translation:train.xx,train.de --heldout dev.en,dev.de \
    --test test.xx,test.de --predictions xx -o xx.json || fail "another language"
grep -q translate xx/translation/*.jsonl && fail "a prefix for a language that has none"

# ==== Weights ====

# shellcheck disable=SC2086
glu run $model $lengths $files --variant relu --seeds 1 --steps 10 --save-checkpoint saved -o saved.json ||
    fail "--save-checkpoint"
for word in translation:train.en,train.de dev.en,dev.de translation.bleu_13a; do
    grep -q -e "$word" saved/README.md || fail "the model card has no word of '$word'"
done
# shellcheck disable=SC2086
glu finetune --preset smoke $lengths $files --from saved --steps 4 -o tuned.json || fail "fine-tuning a translation"

if [ -n "${GLUBENCH_DATA-}" ] && [ -e "$GLUBENCH_DATA/multi30k" ]; then
    where=$GLUBENCH_DATA/multi30k
    for side in en de; do
        gzip -dc "$where/test_2016_flickr.$side.gz" | head -n 50 >real.$side
    done
    # shellcheck disable=SC2086
    glu run $model $lengths --variant relu --seeds 1 --steps 2 --evaluate-every 2 \
        --task "translation:$where/train.en.gz,$where/train.de.gz" --heldout real.en,real.de \
        --test real.en,real.de --predictions real -o real.json || fail "Multi30k"
    [ "$(wc -l <real/translation/relu-s1.jsonl)" = 50 ] || fail "Multi30k: not 50 predictions"
fi
exit $failed
