#!/bin/sh
# replay.sh - an outside check: a T5 and a Llama in PyTorch load glubench's checkpoints, replay its
# batches and get the same losses; its Adafactor and its AdamW take the same steps.
set -u
srcdir=${srcdir:-.}
glubench=$(pwd)/glubench
work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT
trap 'exit 99' HUP INT TERM

python=
for candidate in python3 /usr/bin/python3; do
    if "$candidate" -c 'import torch' 2> /dev/null; then
        python=$candidate
        break
    fi
done
if test -z "$python"; then
    echo "replay.sh: no PyTorch (Debian: python3-torch)"
    exit 77
fi

# run PRESET NAME STEPS RATE: all variants into $work/NAME, $work/NAME.jsonl.  A width of 132 has factored
# and whole second moments, and a length of 40 more than one logarithmic bucket, and more than one range
# of queries.
run()
{
    "$glubench" run --preset "$1" --all-variants --variant gelu_tanh --variant geglu_tanh \
        --variant relu2 --variant custom:mish,gated --seeds 1 --precision f32 --samples 0 \
        --d-model 132 --heads 3 --d-kv 44 --layers 1 --d-ff 216 --batch 3 --input-length 40 \
        --learning-rate "$4" --warmup-steps 2 --heldout-examples 4 --jobs 1 --threads 2 \
        --steps "$3" --output "$work/$2.json" --save-checkpoint "$work/$2" \
        --dump-batches "$work/$2.jsonl" > "$work/out" 2>&1 || {
        cat "$work/out"
        exit 1
    }
}

steps=4
status=0
run smoke init 0 0.02
run smoke final $steps 0.02
"$python" -B "$srcdir/test/replay_torch.py" "$work/final.jsonl" --init "$work/init" \
    --final "$work/final" --steps $steps --learning-rate 0.02 --warmup-steps 2 || status=1

steps=6
run lm-smoke lm-init 0 0.003
run lm-smoke lm-final $steps 0.003
"$python" -B "$srcdir/test/replay_torch.py" --lm "$work/lm-final.jsonl" --init "$work/lm-init" \
    --final "$work/lm-final" --steps $steps --learning-rate 0.003 --warmup-steps 2 || status=1
exit $status
