#!/bin/sh
# The smoke preset end to end: the table, the results file, batches, checkpoints, and that a run's
# result depends on nothing but its own configuration.
. "$(dirname "$0")/scratch.sh"

# glu ARGUMENT...: run quietly; it must succeed.
glu()
{
    timeout 300 "$program" --quiet --preset smoke --threads 1 "$@" >out 2>err ||
        fail "glubench $*: status $?"
    [ ! -s err ] || fail "glubench --quiet $*: talks"
}

# All eight variants, and a table in the paper's order.
glu
[ "$(value glubench.json status)" = "$(yes ok | head -8)" ] || fail "not eight runs that are ok"
for word in ReLU GELU Swish GLU Bilinear GEGLU SwiGLU ReGLU; do
    grep -q "^FFN_$word " out || fail "no $word in the table"
done
[ -z "$(value glubench.json parameters_sha256 | sort | uniq -d)" ] ||
    fail "two variants ended with the same weights"
"$program" report glubench.json >report && cmp -s out report || fail "report differs from run"

# What others published beside it: in the table and in the file, and then without being asked for again.
glu --variant relu --variant swiglu --samples 0 --steps 2 --beside zhang2024 --beside narang2021,zhang2024 \
    --output beside.json
grep -q '^FFN_SwiGLU .* -0.055 (0.003)$' out || fail "run --beside narang2021: not in the table"
grep -q '"beside": \["zhang2024", "narang2021"\]' beside.json || fail "run --beside: not in config"
"$program" report beside.json >report && cmp -s out report || fail "report differs from run --beside"
"$program" validate beside.json >out 2>err || fail "run --beside: not valid"
case $(value beside.json repro) in
*beside*) fail "a run's own command has the papers" ;;
esac
glu --config beside.json --output again.json
grep -q '^FFN_SwiGLU .* -0.055 (0.003)$' out || fail "the configuration has no papers"
sed 's/"narang2021"\]/"narang2031"]/' beside.json >later.json
"$program" report later.json >out 2>err || fail "a paper of later"
grep -q 'narang2031: a paper that this program does not know' out || fail "a paper of later is not told"
timeout 60 "$program" plan --config later.json >out 2>err && fail "a paper that there is not"
grep -q "later.json: beside.*did you mean narang2021" err || fail "a paper that there is not, in a file"

# The same seed gives the same bits: again, and in another order and number of jobs, with the same
# threads of a run.
glu --variant glu --variant swiglu --seeds 2 --samples 0 --output 1.json
glu --variant swiglu --variant glu --seeds 2 --samples 0 --threads 2 --jobs 2 --output 2.json
for key in heldout_log_perplexity_nats parameters_sha256 train_loss_nats; do
    value 1.json $key >1 && value 2.json $key >2
    [ -s 1 ] && cmp -s 1 2 || fail "other bits in $key with two jobs"
done
repro=$(value 1.json repro | tail -1)
case $repro in
"glubench run "*) ;;
*) fail "no repro line: $repro" ;;
esac
sh -c "\"$program\" -q ${repro#glubench }" >out 2>err || fail "repro: $(cat err)"
[ "$(value swiglu-s2.json parameters_sha256)" = "$(value 1.json parameters_sha256 | tail -1)" ] ||
    fail "repro gives other bits"

# A results file is a configuration.
glu --config 1.json --output 3.json
value 3.json parameters_sha256 >3 && value 1.json parameters_sha256 >1
cmp -s 1 3 || fail "--config RESULTS gives other bits"

# Batches as JSON lines, with as many examples as there are.
glu --variant relu --samples 0 --steps 3 --batch 4 --heldout-examples 5 --dump-batches batches \
    --output x.json
[ "$(grep -c '^{"phase": "train", "variant": "relu", "seed": 1, "step": [123], "inputs": \[\[' batches)" = 3 ] ||
    fail "not three training steps in the dump"
[ "$(grep -c '^{"phase": "heldout", "variant": "relu", "seed": 1, "step": 3, "example": [0-4], "inputs": \[[0-9]' batches)" = 5 ] ||
    fail "not five held-out examples in the dump"
[ "$(wc -l <batches)" -eq 8 ] || fail "other lines in the dump"
grep -vq '"loss_nats": [0-9.e-]*}$' batches && fail "a line of the dump without a loss"

# Checkpoints: the initial weights, loaded again, train to the same end.
glu --variant geglu --samples 0 --steps 0 --save-checkpoint made/of/geglu --output 0.json
[ -s made/of/geglu/model.safetensors ] && [ -s made/of/geglu/config.json ] || fail "no checkpoint"
grep -q '"T5ForConditionalGeneration"' made/of/geglu/config.json || fail "no T5 in config.json"
glu --variant geglu --samples 0 --seed 1 --output 1.json
glu --variant geglu --samples 0 --seed 1 --init-checkpoint made/of/geglu --output 2.json
[ "$(value 1.json parameters_sha256)" = "$(value 2.json parameters_sha256)" ] ||
    fail "--init-checkpoint gives other bits"
glu --variant geglu --variant relu --seeds 2 --samples 0 --steps 1 --save-checkpoint all \
    --output x.json
[ "$(ls all)" = "$(printf '%s\n' geglu-s1 geglu-s2 relu-s1 relu-s2)" ] || fail "checkpoints: $(ls all)"

# A checkpoint of another shape, and one that is no checkpoint: refused before the training, also
# when only the last of several is wrong.
rm -rf x.json all/relu-s2/model.safetensors
mkdir sharded pickled pointer double
: >sharded/model.safetensors.index.json
: >pickled/pytorch_model.bin
printf 'version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n' >pointer/model.safetensors
sed 's/"F32"/"F64"/g' made/of/geglu/model.safetensors >double/model.safetensors
while read -r want words bad; do
    # shellcheck disable=SC2086
    "$program" --preset smoke --threads 1 --samples 0 --output x.json $bad >out 2>err </dev/null
    [ $? -eq "$want" ] || fail "$bad: not status $want"
    grep -q -- "--init-checkpoint: .*model.safetensors.*$words" err || fail "$bad: $(cat err)"
    [ ! -e x.json ] && [ ! -e x.json.run ] || fail "$bad: a sweep that could not start left files"
done <<'EOT'
2 DenseReluDense.wi --variant relu --init-checkpoint made/of/geglu
2 DenseReluDense.wi_0.weight --variant geglu --d-ff 48 --init-checkpoint made/of/geglu
1 No --variant geglu --init-checkpoint nowhere
1 VARIANT-sSEED --variant geglu --seeds 2 --init-checkpoint made/of/geglu
1 name --variant geglu --init-checkpoint made/of/geglu/model.safetensors
1 JSON --variant geglu --init-checkpoint sharded
1 safe_serialization --variant geglu --init-checkpoint pickled
1 lfs --variant geglu --init-checkpoint pointer
1 float() --variant geglu --init-checkpoint double
1 No --variant relu --variant geglu --seeds 2 --init-checkpoint all
EOT

# A run that diverges is a row that says so; the others go on.
"$program" -q --preset smoke --threads 1 --variant relu --variant glu --learning-rate 1e3 --output x.json \
    >out 2>err
[ $? -eq 1 ] || fail "diverged runs: not status 1"
[ "$(value x.json status)" = "$(printf 'diverged\ndiverged')" ] || fail "rows: $(value x.json status)"
grep -qi 'nan\|inf[^o]' x.json && fail "NaN or infinity in the results file"
grep -q '2 of 2 runs did not end well.*x.json$' err || fail "diverged runs: $(cat err)"

# One whose loss is not a number: the runs behind it go on, and it is in no mean.
"$program" -q --preset smoke --threads 1 --variant relu --variant custom:linear,alpha=1e38 --seeds 2 \
    --steps 4 --samples 0 --output x.json >out 2>err
[ $? -eq 1 ] || fail "a loss that is no number: not status 1"
[ "$(value x.json status)" = "$(printf 'ok\ndiverged\nok\ndiverged')" ] ||
    fail "rows: $(value x.json status)"
grep -q '^FFN_ReLU  *2 ' out && grep -q '^FFN_linear.* 0 of 2 *$' out || fail "means of diverged runs"
"$program" validate x.json >out 2>err || fail "diverged runs are not valid: $(cat out)"

# What was asked to differ may differ, also for validate.
glu --variant relu --variant glu --allow-unequal --d-ff 48 --gated-d-ff 48 --steps 2 --samples 0 \
    --output x.json
"$program" validate x.json >out 2>err || fail "validate --allow-unequal: $(cat out)"

# Throughput alone.
"$program" bench -q --preset smoke --threads 1 --variant relu --variant swiglu --samples 2 --output x.json >out 2>err ||
    fail "bench: $(cat err)"
grep -q 'FFN_SwiGLU *forward' out || fail "bench prints no table"

# The plan runs nothing.
"$program" plan -q --preset smoke --threads 1 >out 2>err || fail "plan: $(cat err)"
grep -q '^swiglu ' out && grep -q '^Time: ' out || fail "plan prints no table"
grep -q '^Seeds: ' out && fail "plan tells seeds without --detect"
# 7 contrasts, so 0.05 / 7; the paper's spread.
"$program" plan -q --preset smoke --threads 1 --detect 0.01 >out 2>err || fail "plan: $(cat err)"
grep -q '^Seeds: 1[0-9] would resolve a difference of 0.01 nats' out || fail "plan --detect"
[ "$(grep -c '+0.000%' out)" = 8 ] || fail "the variants differ in parameters"

# ==== A run ends by naming the command for its page; not when quiet, nor of what is no file ====

page() { timeout 120 "$program" --preset smoke --steps 2 --variant relu --samples 0 --no-slope "$@" >out 2>err </dev/null; }
page -o "a b.json" || fail "no results"
[ "$(tail -n 1 err)" = "as a page: plots/page.py 'a b.json' -o page.html" ] || fail "no word of the page"
page -o - || fail "no results on the standard output"
grep -q 'as a page' err && fail "a page of the standard output"
page -o c.json --quiet || fail "no quiet results"
grep -q 'as a page' err && fail "a quiet run names the page"

exit $failed
