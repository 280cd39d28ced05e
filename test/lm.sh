#!/bin/sh
# A decoder-only language model on the command line: what --architecture lm sets and refuses, what it
# writes, and that its bits are the same in run after run, from a results file and after a resume.
. "$(dirname "$0")/scratch.sh"

# glu COMMAND ARGUMENT...
glu()
{
    timeout 300 "$program" "$@" >out 2>err </dev/null
}

# refused TEXT ARGUMENT...: a usage error that says so.
refused()
{
    text=$1
    shift
    "$program" plan "$@" >out 2>err
    [ $? = 2 ] && grep -q -e "$text" err || fail "not refused with '$text': $*"
}

refused '--noise-density: the architecture lm' --architecture lm --noise-density 0.2
refused '--mean-span: the architecture lm' --preset lm-smoke --mean-span 4
refused '--target-length: the architecture lm' --preset lm-smoke --target-length 64
refused '--d-kv: 15 is odd' --preset lm-smoke --d-kv 15
refused "no architecture 'llama'" --architecture llama
printf '{"model": {"architecture": "lm"}, "training": {"mean_span": 4}}' >spans.json
refused 'mean_span: the architecture lm\|--mean-span: the architecture lm' --config spans.json

# Which preset.
glu plan --architecture lm && grep -q '^Preset lm-tiny: a decoder alone, d_model 64, 2 layers' out ||
    fail "--architecture lm does not take lm-tiny"
grep -q 'examples of 128 tokens' out || fail "plan tells other tokens"
nothing="--variant relu --steps 0 --samples 0 --heldout-examples 2 --threads 1 --output nothing.json"
printf '{"model": {"architecture": "lm"}}' >lm.json
# shellcheck disable=SC2086
glu run --config lm.json $nothing && [ "$(value nothing.json preset)" = lm-tiny ] ||
    fail "a file's lm does not take lm-tiny"
# shellcheck disable=SC2086
glu run --architecture lm --preset smoke $nothing && [ "$(value nothing.json preset)" = smoke ] &&
    grep -q '"task": "causal"' nothing.json || fail "--preset is not heeded"
mv nothing.json before.json
# shellcheck disable=SC2086
glu run --config before.json --architecture t5 $nothing && grep -q '"task": "span"' nothing.json &&
    grep -q '"target_length": 14,' nothing.json || fail "a file's lm does not become a t5"
# shellcheck disable=SC2086
glu run --preset lm-smoke --optimizer adafactor $nothing && grep -q 'learning-rate is 0.02' err ||
    fail "another optimizer's rate is not told"

# A run: batches, configuration, weights.
lm="--quiet --preset lm-smoke --variant relu --variant swiglu --precision f32 --threads 2 --jobs 1"
# shellcheck disable=SC2086
glu run $lm --samples 2 --output whole.json --dump-batches batches --save-checkpoint weights ||
    fail "a run"
for text in '"architecture": "lm"' '"task": "causal"' '"optimizer": "adamw"' '"schedule": "cosine"' \
    '"weight_decay": 0.1' '"clip_norm": 1' '"decay_fraction": 0' '"noise_density": null' \
    '"mean_span": null' '"target_length": 64'; do
    grep -q "$text" whole.json || fail "whole.json has no $text"
done
glu validate whole.json || fail "whole.json is not valid"
glu report whole.json && grep -q 'of a T5 that' out || fail "the table does not tell the models apart"
# 30 steps of 8 examples of 64 tokens, each counted once.
value whole.json tokens_seen | grep -vqx 15360 && fail "other tokens seen than 30 times 512"
python3 - batches <<'PYTHON' || fail "the batches are not what they should be"
import json, sys
stream = {}
for row in map(json.loads, open(sys.argv[1])):
    if row["phase"] == "train":
        for inputs, targets in zip(row["inputs"], row["targets"]):
            assert inputs == [0] + targets[:-1] and len(targets) == 64 and 0 not in targets
            stream.setdefault(row["variant"], []).extend(targets)
    else:
        assert row["inputs"] == [0] + row["targets"][:-1]
assert stream["relu"] == stream["swiglu"] and 1 in stream["relu"]
PYTHON
python3 - weights <<'PYTHON' || fail "config.json is not what it should be"
import json, sys
for variant, kind, name, width in (("relu", "glubench_lm", "GlubenchForCausalLM", 144),
                                   ("swiglu", "llama", "LlamaForCausalLM", 96)):
    c = json.load(open(f"{sys.argv[1]}/{variant}-s1/config.json"))
    assert c["model_type"] == kind and c["architectures"] == [name], c
    want = dict(hidden_size=32, num_hidden_layers=1, num_attention_heads=2, num_key_value_heads=2,
                head_dim=16, intermediate_size=width, rms_norm_eps=1e-6, rope_theta=10000,
                vocab_size=384, tie_word_embeddings=True, max_position_embeddings=64,
                hidden_act="silu" if kind == "llama" else "relu")
    assert {k: c[k] for k in want} == want, c
PYTHON

# The same bits again, from the file's configuration, and of one killed and gone on with.
value whole.json parameters_sha256 >expected
[ "$(sort -u expected | wc -l)" = 2 ] || fail "not two different runs"
glu run --quiet --config whole.json --threads 2 --jobs 1 --samples 0 --output again.json ||
    fail "a run from the results file"
value again.json parameters_sha256 | cmp -s expected - || fail "other bits from the results file"
long="--steps 150 --batch 4 --samples 0"
# shellcheck disable=SC2086
glu run $lm $long --output long.json || fail "a longer run"
value long.json parameters_sha256 >expected
for wait in 0.2 0.4; do
    # shellcheck disable=SC2086
    "$program" run $lm $long --checkpoint-every 10 --resume --output killed.json >out 2>err &
    child=$!
    sleep $wait
    kill -KILL $child 2>>log
    wait $child 2>>log
done
# shellcheck disable=SC2086
glu run $lm $long --resume --output killed.json || fail "the resume"
value killed.json parameters_sha256 | cmp -s expected - || fail "other bits after a resume"

# Weights: no steps from them leave them as they are.
glu run --quiet --preset lm-smoke --variant swiglu --precision f32 --threads 1 --samples 0 --steps 0 \
    --init-checkpoint weights/swiglu-s1 --output init.json || fail "weights that it wrote itself"
[ "$(value init.json parameters_sha256)" = "$(value whole.json parameters_sha256 | tail -n 1)" ] ||
    fail "weights are not what was saved"
glu run --quiet --preset smoke --variant swiglu --samples 0 --steps 0 \
    --init-checkpoint weights/swiglu-s1 --output t5.json && fail "a T5 from a language model's weights"

# Operations a token of bench, of training and forward: those of a step over its 512 tokens, twice.
glu plan --preset lm-smoke --variant relu --format json && mv out plan.json || fail "plan"
glu bench --quiet --preset lm-smoke --variant relu --samples 2 --threads 1 --output bench.json ||
    fail "bench"
python3 - <<'PYTHON' || fail "bench does not count the tokens of its inputs"
import json
step = json.load(open("plan.json"))
step = step["variants"][0]["train_flops_per_step"]
rows = json.load(open("bench.json"))["tables"]["throughput"]
for row in rows:
    flops = step if row["pass"] == "train" else step / 3
    assert row["flops_per_sample"] * 512 == flops * row["tokens_per_sample"], row
PYTHON
exit $failed
