#!/bin/sh
# `glubench finetune`: weights are trained on, on tasks; the scores are those of the predictions, and the bits
# do not depend on interruptions, jobs or order.
python=${PYTHON-python3}
own=$(cd "$(dirname "$0")" && pwd)
. "$(dirname "$0")/scratch.sh"

# glu ARGUMENT...: the program, quietly.
glu()
{
    timeout 300 "$program" "$@" --quiet >out 2>err </dev/null
}

# refused TEXT ARGUMENT...: it must end with status 2 before any training, and say this.
refused()
{
    text=$1
    shift
    timeout 300 "$program" "$@" --samples 0 -o refused.json >out 2>err </dev/null
    [ $? = 2 ] || fail "not refused with status 2: $*"
    grep -q -e "$text" err || fail "refused without '$text': $*"
    grep -q 'step 0' err && fail "refused, but after training: $*"
    [ ! -e refused.json ] || fail "refused, but there are results: $*"
}

# bits FILE: what must not depend on interruptions, jobs or order: the runs, not the times.
bits()
{
    "$python" - "$1" <<'END'
import json, sys
runs = json.load(open(sys.argv[1]))["runs"]
for run in sorted(runs, key=lambda run: (run["variant"], run["seed"])):
    kept = {key: run[key] for key in run if not key.endswith("_s") and key not in (
        "peak_memory_bytes", "repro", "host") and key not in ("curve",)}
    kept["curve"] = [{key: point[key] for key in point if not key.endswith("_s")} for point in run["curve"]]
    print(json.dumps(kept, sort_keys=True))
END
}

# same FILE FILE WHAT
same()
{
    bits "$1" >bits1
    bits "$2" >bits2
    [ -s bits1 ] || fail "$3: no runs"
    cmp -s bits1 bits2 || { fail "$3: other results"; diff bits1 bits2 | head -c 2000 >&2; }
}

# ==== What is fine-tuned, and on what ====

mkdir data
# rows SEED COUNT: lines "word word word<TAB>class", which a few steps can learn.
rows()
{
    awk -v seed="$1" -v count="$2" 'BEGIN {
        split("red blue tall small warm cold quick slow", word, " ")
        for (i = 0; i < count; i++) {
            seed = (seed * 1103 + 12345) % 65536
            a = seed % 8 + 1; b = int(seed / 8) % 8 + 1; c = int(seed / 64) % 8 + 1
            printf "%s %s %s%s\t%s\n", word[a], word[b], i % 5 ? "" : word[c] " and much more of it ", i,
                a % 2 ? "yes" : "no"
        }
    }'
}
{ printf 'input\ttarget\n'; rows 1 60; } >train.tsv
{ printf 'input\ttarget\n'; rows 77 20; } >dev.tsv

mkdir -p data/glue/SST-2 data/glue/CoLA data/glue/STS-B data/superglue/CB data/superglue/WSC data/superglue/MultiRC
sst2() { printf 'sentence\tlabel\n'; rows "$1" "$2" | sed 's/yes$/1/; s/no$/0/; s/\t/ \t/'; }
sst2 3 50 >data/glue/SST-2/train.tsv
sst2 5 12 >data/glue/SST-2/dev.tsv
cola() { rows "$1" "$2" | awk -F '\t' '{ printf "x\t%d\t\t%s\n", $2 == "yes", $1 }'; }
cola 7 30 >data/glue/CoLA/train.tsv
cola 9 10 >data/glue/CoLA/dev.tsv
cb()
{
    rows "$1" "$2" | awk -F '\t' 'BEGIN { split("entailment contradiction neutral", class, " ") }
        { printf "{\"premise\": \"%s\", \"hypothesis\": \"it is %s\", \"label\": \"%s\", \"idx\": %d}\n", $1, $2,
            class[NR % 3 + 1], NR }'
}
cb 11 15 >data/superglue/CB/train.jsonl
cb 13 9 >data/superglue/CB/val.jsonl

pretrain="run --preset smoke --d-model 16 --heads 1 --d-kv 16 --d-ff 48 --steps 4 --batch 2 --heldout-examples 4
    --variant relu --variant swiglu --seeds 2 --samples 0 --threads 2 --precision f32"
# shellcheck disable=SC2086
glu $pretrain --save-checkpoint weights -o pre.json || fail "pre-training"
[ "$(find weights -name config.json | wc -l)" = 4 ] || fail "not four weights"

lengths="--input-length 64 --target-length 24 --batch 2 --samples 0"
tune="finetune --preset smoke --from weights $lengths --steps 8 --evaluate-every 4 --threads 2"
both="--task sst2,cola,cb --data data"

# ==== Results and scores ====

# shellcheck disable=SC2086
glu $tune $both --jobs 1 --predictions kept -o whole.json || fail "fine-tuning"
"$program" validate --quiet whole.json >out 2>err || fail "results that are not valid"
[ "$(grep -c '"status": "ok"' whole.json)" = 4 ] || fail "not four runs"

for table in glue superglue scores; do
    "$program" report --table $table whole.json >out 2>err || fail "report --table $table"
    grep -q FFN_SwiGLU out || fail "report --table $table: no variant"
done

# scored FILE DIR: the runs' scores are those of another program, from the predictions.
scored()
{
    "$python" - "$1" "$2" "$own/score_predictions.py" <<'END' >out 2>err || fail "$1: predictions do not give the scores"
import json, math, subprocess, sys
results, folder, scorer = sys.argv[1:]
seen = 0
for run in json.load(open(results))["runs"]:
    for task, scores in run["scores"].items():
        path = f"{folder}/{task}/{run['variant']}-s{run['seed']}.jsonl"
        lines = [json.loads(line) for line in open(path, encoding="utf-8")]
        assert {line["step"] for line in lines} == {scores["step"]}, path
        again = json.loads(subprocess.check_output([sys.executable, scorer, task, path]))
        assert set(again) <= set(scores), (path, again, scores)
        for key in again:
            x, y = scores[key], again[key]
            if isinstance(x, float) and isinstance(y, float):
                assert math.isclose(x, y, rel_tol=1e-6, abs_tol=1e-6), (path, key, x, y)
            elif isinstance(x, list):
                assert all(math.isclose(u, v, rel_tol=1e-6, abs_tol=1e-6) for u, v in zip(x, y)), (path, key, x, y)
            else:
                assert x == y, (path, key, x, y)
            seen += 1
print(seen)
END
}
scored whole.json kept

# The printed command does one of the runs again.
awk -F '"' '/"repro": / { print; exit }' whole.json | "$python" -c '
import json, sys
print(json.loads("{" + sys.stdin.read().strip().rstrip(",") + "}")["repro"])' >repro
sed "s|^glubench finetune |'$program' finetune |" repro >again.sh
sh again.sh --quiet >out 2>err || fail "the printed command fails: $(cat repro)"
first=$(value whole.json parameters_sha256 | head -n 1)
for file in *-s[0-9].json; do
    [ "$(value "$file" parameters_sha256)" = "$first" ] || fail "the printed command gives other bits: $(cat repro)"
done

# ==== The same bits, however it is done ====

# same_kept DIR WHAT: the predictions are those of the first time.
same_kept()
{
    diff -r kept "$1" >out 2>&1 || fail "$2: other predictions"
}

# shellcheck disable=SC2086
{
    glu $tune $both --jobs 2 --threads 4 --predictions jobs -o jobs.json || fail "--jobs 2"
    glu $tune $both --jobs 1 --variant swiglu --variant relu --predictions order -o order.json || fail "another order"
}
same whole.json jobs.json "--jobs 2"
same whole.json order.json "another order"
same_kept jobs "--jobs 2"
same_kept order "another order"

# is_far: it has answered twice, and has a state of later; or it has ended already.
is_far()
{
    { grep -q "step 1000/" err && [ -n "$(find "$signal.json.run" -name '*0001[0-9][0-9][0-9].state' 2>/dev/null)" ]; } ||
        ! kill -0 $child 2>/dev/null
}

# A longer one, which is stopped after a while, or killed at once, and goes on.
long="$tune --steps 2000 --evaluate-every 500 --task sst2,cb --data data --jobs 1 --variant swiglu --seeds 1"
# shellcheck disable=SC2086
glu $long --predictions kept2 -o long.json || fail "a longer one"
scored long.json kept2
for signal in TERM KILL; do
    # shellcheck disable=SC2086
    begin $long --checkpoint-every 40 --predictions $signal -o $signal.json
    wait_until is_far || fail "$signal: no state"
    kill -$signal $child 2>kill
    wait $child 2>kill
    [ ! -e $signal/sst2 ] || fail "$signal: it came too late"
    # shellcheck disable=SC2086
    timeout 300 "$program" $long --predictions $signal --resume --verbose -o $signal.json >out 2>err ||
        fail "$signal: going on"
    grep -q 'step 0/' err && fail "$signal: it begins anew"
    same long.json $signal.json "$signal"
    diff -r kept2 $signal >out 2>&1 || fail "$signal: other predictions"
done

# ==== What is trained, and from where ====

# shellcheck disable=SC2086
one="$tune --task sst2,cb --data data --variant relu --seeds 1 --jobs 1"
# shellcheck disable=SC2086
{
    glu $one --save-checkpoint tuned -o one.json || fail "--save-checkpoint"
    glu $one --save-checkpoint embedded --train-embeddings -o embedded.json || fail "--train-embeddings"
    glu $one --save-checkpoint control --control -o control.json || fail "--control"
    glu $pretrain --seeds 1 --steps 1 --learning-rate 1e-12 -o none.json --save-checkpoint none ||
        fail "a training that does nothing"
}
"$python" - <<'END' >out 2>err || fail "the saved weights"
import json, struct
def tensors(path):
    data = open(path + "/model.safetensors", "rb").read()
    size = struct.unpack("<Q", data[:8])[0]
    head = json.loads(data[8:8 + size])
    return {name: data[8 + size + of["data_offsets"][0]:8 + size + of["data_offsets"][1]]
            for name, of in head.items() if name != "__metadata__"}
before, tuned, embedded, control = map(tensors, ("weights/relu-s1", "tuned", "embedded", "control"))
same = lambda a, b: [name for name in a if a[name] == b[name]]
assert same(before, tuned) == ["shared.weight"], same(before, tuned)
assert same(before, embedded) == [], same(before, embedded)
assert tensors("none/relu-s1")["shared.weight"] == control["shared.weight"], "a control's embeddings are not the seed's"
assert same(before, control) == [], "a control begins with the weights"
END
grep -q '"init_checkpoint_sha256": null' control.json || fail "--control: it names weights"
grep -q '"init_checkpoint_sha256": "' one.json || fail "the weights have no name in the results"
for word in 'the dev set' sst2.accuracy sst2,cb 'begun with'; do
    grep -q -e "$word" tuned/README.md || fail "the model card has no word of '$word'"
done
# Of one run, which was fine-tuned before.
# shellcheck disable=SC2086
glu finetune --preset smoke --from tuned $lengths --steps 4 --task cb --data data -o twice.json ||
    fail "fine-tuning once more"
[ "$(grep -c '"status": "ok"' twice.json)" = 1 ] || fail "weights of one run are not one run"
# shellcheck disable=SC2086
glu run --preset smoke --d-model 16 --heads 1 --d-kv 16 --d-ff 48 --variant relu --seeds 1 $lengths --steps 4 \
    --task cb --data data --init-checkpoint tuned --samples 2 -o init.json ||
    fail "--init-checkpoint with --task, and throughput"
[ "$(value init.json init_checkpoint_sha256)" = "$(value twice.json init_checkpoint_sha256)" ] ||
    fail "--init-checkpoint takes other weights"
grep -q '"tokens_per_sample"' init.json || fail "no throughput"

# ==== Batches ====

# shares OPTION...: how often an example of sst2 was taken, in a hundred; all batches have as many tokens.
shares()
{
    # shellcheck disable=SC2086
    glu $one --task sst2,cola,cb --steps 120 --evaluate-every 120 --dump-batches dump.jsonl --force -o dump.json "$@" ||
        fail "--dump-batches $*"
    "$python" - <<'END'
import json
lines = [json.loads(line) for line in open("dump.jsonl")]
assert len(lines) == 120
sizes = {(len(line["inputs"]), len(line["inputs"][0]), len(line["targets"][0])) for line in lines}
assert len(sizes) > 1 and len({n * i for n, i, t in sizes} | {n * t * 64 // 24 for n, i, t in sizes}) == 1, sizes
rows = [row for line in lines for row in line["inputs"]]
words = ["".join(chr(token - 3) for token in row[:4]) for row in rows]
assert set(words) == {"sst2", "cola", "cb h"}, set(words)
print(round(100 * words.count("sst2") / len(words)))
END
}
all=$(shares) || fail "batches"
capped=$(shares --mixture-cap 10) || fail "batches with --mixture-cap"
[ "$all" -ge 46 ] && [ "$all" -le 59 ] || fail "$all in a hundred examples are of sst2, not 53"
[ "$capped" -ge 27 ] && [ "$capped" -le 40 ] || fail "$capped in a hundred examples are of sst2, not 33"

# ==== Studies ====

# shellcheck disable=SC2086
{
    sweep="$one --vary learning-rate=0.001,0.01"
    glu $sweep --threads 1 -o sweep || fail "--vary"
    "$program" cells ${sweep#finetune} --threads 1 -o parts >commands 2>err || fail "cells"
}
[ "$(wc -l <commands)" = 2 ] || fail "cells: not two commands"
grep -v " finetune " commands && fail "cells: a command that is not finetune's"
while read -r line; do
    sh -c "$line --quiet" >out 2>err </dev/null || fail "$line"
done <commands
"$program" gather parts --quiet >out 2>err || fail "gather"
for file in sweep/*.json; do
    [ "$(value "$file" parameters_sha256)" = "$(value "parts/${file#sweep/}" parameters_sha256)" ] ||
        fail "cells: $file has other bits"
done
# shellcheck disable=SC2086
{
    glu $tune --task sst2 --data data --until-decided -o decided.json || fail "--until-decided"
    glu $tune --task sst2 --data data --variant relu --log log.jsonl -o logged.json || fail "--log"
    "$program" plan ${tune#finetune} $both >out 2>err || fail "plan"
}
[ -s log.jsonl ] || fail "--log: nothing"
grep -q 'd_model 16' out || fail "plan: not the sizes of the weights"

# ==== What is refused ====

tiny="finetune --preset smoke $lengths --steps 2 --threads 2"
# no TEXT ARGUMENT...: a fine-tuning that is refused
no()
{
    text=$1
    shift
    # shellcheck disable=SC2086
    refused "$text" $tiny "$@"
}
no '--from is missing' --task sst2 --data data
no '--task is missing' --from weights --data data
no '--from: the value is empty' --from '' --task sst2 --data data
no '--from: nowhere: No such file' --from nowhere --task sst2 --data data
mkdir empty
no '--from: empty has no weights' --from empty --task sst2 --data data
no '--task glue: .* give --data DIR' --from weights --task glue
no "no task 'sts2' (did you mean sst2?)" --from weights --task sts2 --data data
no "no task 'gleu' (did you mean glue?)" --from weights --task gleu --data data
no "no task 'tvs' (did you mean tsv?)" --from weights --task tvs:train.tsv,dev.tsv
no 'give tsv:TRAIN,DEV' --from weights --task tsv
no 'one comma between them' --from weights --task tsv:train.tsv
no 'goes by itself' --from weights --task sst2,tsv:train.tsv,dev.tsv --data data
no 'give sst2 alone' --from weights --task sst2:train.tsv --data data
no "no metric of such a task 'acuracy' (did you mean accuracy?)" --from weights --task tsv:train.tsv,dev.tsv:acuracy
no '--task: cannot open none.tsv' --from weights --task tsv:train.tsv,none.tsv
no 'data/glue/MRPC/train.tsv: No such file.*--data' --from weights --task mrpc --data data
no '--init-checkpoint: the weights are those of --from' --from weights --task sst2 --data data --init-checkpoint weights
no '--heldout: task sst2 has a dev set of its own' --from weights --task sst2 --data data --heldout dev.tsv
no '--test: of a translation alone' --from weights --task sst2 --data data --test a,b
no '--corpus: a task of pairs of texts has none' --from weights --task sst2 --data data --corpus dev.tsv
no 'choose --architecture t5' --from weights --task sst2 --data data --architecture lm
no 'weights has no weights of relu-s3' --from weights --task sst2 --data data --seeds 3
no 'weights has no weights of geglu-s1' --from weights --task sst2 --data data --variant geglu
no 'weights of one run, and 2 runs' --from weights/relu-s1 --task sst2 --data data --seeds 2
no '--from: .*another variant.*glubench_variant "relu" (here swiglu)' --from weights/relu-s1 --variant swiglu \
    --task sst2 --data data
no '--from: .*d_model 16 (here 32)' --from weights --task sst2 --data data --d-model 32
no '--from: .*num_layers 1 (here 2)' --from weights --task sst2 --data data --layers 2
cp -r weights broken
rm -r broken/relu-s2
no 'broken has no weights of relu-s2; give those with --variant' --from broken --task sst2 --data data
# shellcheck disable=SC2086
glu $tiny --from broken --task sst2 --data data --variant swiglu -o broken.json || fail "variants that there are"
echo 'this is not of tensors' >broken/swiglu-s1/model.safetensors
no '--from: .*it is no safetensors file' --from broken --task sst2 --data data --variant swiglu
refused "'--from' does not apply to 'bench'" bench --preset smoke --from weights
refused "'--from' does not apply to 'run'" run --preset smoke --from weights --task sst2 --data data
refused 'it goes with --from alone' cells --preset smoke --control

# bad ROWS TEXT: with these as the dev set of sst2 it is refused with the text.
bad()
{
    printf '%b' "$1" >data/glue/SST-2/dev.tsv
    no "$2" --from weights --task sst2 --data data
}
bad 'sentence\tlable\na b\t1\n' "SST-2/dev.tsv:1: there is no column 'label'"
bad 'sentence\tlabel\na b\t1\nc\t7\n' "SST-2/dev.tsv:3: task sst2 has no class '7' (they are 0 negative, 1 positive)"
bad 'sentence\tlabel\na b\n' 'task sst2: its file of dev examples in data has none (1 rows lack a field)'
bad '' 'SST-2/dev.tsv: it is empty'
cp data/superglue/CB/val.jsonl kept.jsonl
echo '{"premise": "a", "hypothesis": "b", "label": "maybe", "idx": 1}' >data/superglue/CB/val.jsonl
no "CB/val.jsonl:1: task cb has no class 'maybe'" --from weights --task cb --data data
cp kept.jsonl data/superglue/CB/val.jsonl

# What cannot be written is found before the training, and nothing that is read is written over.
# shellcheck disable=SC2086
{
    glu $tiny --from weights --task sst2 --data data --predictions train.tsv -o unwritten.json &&
        fail "--predictions that is a file"
    grep -q '^glubench: --predictions: .* train.tsv' err || fail "--predictions: no word of it"
    [ ! -e unwritten.json ] || fail "--predictions: found after the training"
    cp dev.tsv dev2.tsv
    glu $tiny --from weights --task tsv:train.tsv,dev2.tsv --force -o dev2.tsv && fail "the dev set is written over"
    grep -q 'dev2.tsv is read as --task' err || fail "--output that is read: refused without the reason"
    cmp -s dev.tsv dev2.tsv || fail "the dev set is written over"
}

# ==== What is told, and goes on ====

# told TEXT ARGUMENT...
told()
{
    text=$1
    shift
    # shellcheck disable=SC2086
    timeout 300 "$program" $tiny --variant relu --seeds 1 --from weights "$@" --force -o told.json >out 2>err </dev/null ||
        fail "told, but refused: $*"
    grep -q "warning: .*$text" err || fail "no word of '$text': $*"
    grep -q "$text" told.json || fail "no word of '$text' in the results: $*"
}
{ cat dev.tsv; sed -n 2,4p train.tsv; } >shared.tsv
told 'task tsv: 3 of 23 dev examples are among those to train on' --task tsv:train.tsv,shared.tsv
told 'task tsv: 10 of 20 dev targets have more than 3 tokens and are cut' --task tsv:train.tsv,dev.tsv \
    --target-length 3
told 'training inputs have more than 16 tokens and are cut' \
    --task tsv:train.tsv,dev.tsv --input-length 16
printf 'input\ttarget\na\tb\nlonely\n' >lonely.tsv
told 'task tsv: 1 rows of the dev set lack a field and are left out' --task tsv:train.tsv,lonely.tsv
printf 'sentence\tlabel\na b\t1\nc\n' >data/glue/SST-2/dev.tsv
told 'task sst2: 1 rows of the dev set lack a field' --task sst2 --data data

# A table of one's own, whose name is no path.
# shellcheck disable=SC2086
glu $tiny --variant relu --seeds 1 --from weights --task "tsv:$PWD/train.tsv,$PWD/dev.tsv:em" --predictions own \
    -o own.json || fail "files by their whole names"
[ "$(wc -l <own/tsv/relu-s1.jsonl)" = 20 ] || fail "predictions of a table of one's own"

# ==== With the distributions' own files ====

if [ -n "${GLUBENCH_DATA-}" ] && [ -e "$GLUBENCH_DATA/superglue/CB" ]; then
    # shellcheck disable=SC2086
    glu $tiny --variant swiglu --seeds 1 --from weights --task cb,copa,wsc,dpr --data "$GLUBENCH_DATA" --predictions real \
        -o real.json || fail "the distributions' own files"
    scored real.json real
    [ "$(cat real/*/swiglu-s1.jsonl | wc -l)" = 260 ] || fail "not the dev sets of 56, 100 and 104 examples"
fi
exit $failed
