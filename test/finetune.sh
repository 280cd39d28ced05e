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
    timeout 300 "$program" "$@" --samples 0 -o none.json >out 2>err </dev/null
    [ $? = 2 ] || fail "not refused with status 2: $*"
    grep -q -e "$text" err || fail "refused without '$text': $*"
    grep -q 'step 0' err && fail "refused, but after training: $*"
    [ ! -e none.json ] || fail "refused, but there are results: $*"
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
for table in perplexity glue superglue squad; do
    "$program" report --table $table whole.json >out 2>err || fail "report --table $table"
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
        if "label_difference_low" in again:
            again["label_minus_prior_ci95_nats"] = [again.pop("label_difference_low"), again.pop("label_difference_high")]
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

# shellcheck disable=SC2086
{
    glu $tune $both --jobs 2 --predictions jobs -o jobs.json --threads 4 || fail "--jobs 2"
    glu $tune $both --jobs 1 -o threads.json --threads 2 --variant swiglu --variant relu || fail "another order"
}
