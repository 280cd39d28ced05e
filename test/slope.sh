#!/bin/sh
# The runs of half of the steps: which there are, that they are nowhere else, and that they go on, are
# extended and shared as others are.
. "$(dirname "$0")/scratch.sh"
small="--preset tiny --d-model 16 --layers 1 --heads 1 --d-kv 16 --d-ff 48 --batch 2 --input-length 16
    --heldout-examples 4 --warmup-steps 2 --variant relu --variant swiglu --samples 0 --threads 2 --jobs 2"

# glu ARGUMENT...: run it; its status is kept.
glu()
{
    # shellcheck disable=SC2086
    timeout 300 "$program" "$@" $small >out 2>err </dev/null
}

# rows FILE [LIST]: variant, seed, steps and bits of its rows, a line each.
rows()
{
    python3 -c '
import json, sys
for run in json.load(open(sys.argv[1])).get(sys.argv[2], []):
    print(run["variant"], run["seed"], run["steps"], run["parameters_sha256"],
          run["heldout_log_perplexity_nats"])' "$1" "${2-slope_runs}"
}

# has FILE EXPRESSION: true of the document d.
has()
{
    python3 -c 'import json, sys; d = json.load(open(sys.argv[1])); assert eval("(" + sys.argv[2] + ")")' "$1" "$2" 2>>err ||
        fail "$1: not $2"
}

# Of the baseline, at every seed, for half of the steps; and nowhere else.
glu run --steps 9 --seeds 3 -o a.json || fail "the sweep itself"
[ "$(rows a.json | cut -d' ' -f1-3 | tr '\n' ,)" = "relu 1 4,relu 2 4,relu 3 4," ] || fail "not the three halves"
[ "$(rows a.json runs | wc -l)" = 6 ] || fail "not six runs"
grep -q '^\[6/6\] swiglu, seed 3: ' err && grep -q '^\[half 3/3\] relu, seed 3: ' err ||
    fail "the progress counts otherwise"
"$program" validate a.json >out 2>err || fail "validate"
has a.json 'd["tables"]["verdict"][0]["slope_n"] == 3 and d["config"]["training"]["steps"] == 9'
has a.json 'd["tables"]["table1"][0]["n"] == 3 and all(p["n"] == 3 for p in d["tables"]["pareto"])'
[ ! -e a.json.run ] || fail "a run directory is left: $(ls -R a.json.run)"

# Each has the bits of such a training alone, with its own schedule and the whole warm-up: by hand, and by
# the command of its row.
glu run --steps 4 --seeds 3 --variant relu --no-slope -o four.json || fail "half of the steps"
rows four.json runs | grep ^relu >expected
rows a.json | cmp -s - expected || fail "other bits than those of half of the steps alone"
repro=$(python3 -c 'import json; print(json.load(open("a.json"))["slope_runs"][1]["repro"])')
sh -c "\"$program\" -q ${repro#glubench }" >out 2>err || fail "repro: $(cat err)"
[ "$(rows relu-s2.json runs)" = "$(sed -n 2p expected)" ] && [ -z "$(rows relu-s2.json)" ] ||
    fail "repro gives something else"

# One after the other they begin where the whole run's learning rate parts from theirs, with the same bits.
side_by_side=$small small="$small --jobs 1"
for schedule in "inverse-sqrt 3" "constant 3" "cosine 2" "linear 2"; do
    glu run --steps 9 --seeds 2 --schedule "${schedule% *}" -o begun.json || fail "$schedule one after the other"
    has begun.json "[run['shared_steps'] for run in d['slope_runs']] == [${schedule#* }] * 2"
    has begun.json 'not any("shared_steps" in run for run in d["runs"])'
    "$program" validate begun.json >out 2>err || fail "validate: $(cat err)"
    glu run --steps 4 --seeds 2 --schedule "${schedule% *}" --no-slope -o alone.json || fail "$schedule alone"
    rows alone.json runs | grep ^relu >expected
    rows begun.json | cmp -s - expected || fail "$schedule: other bits of a half that begins with the whole run"
done
small=$side_by_side

# None where nobody wants them, or there is nothing to halve.
has four.json '"slope_runs" not in d and d["config"]["no_slope"]'
has four.json 'all(row["slope_n"] == 0 and row["token_multiplier"] is None for row in d["tables"]["verdict"])'
glu run --steps 1 --seeds 1 -o one.json || fail "one step"
has one.json '"slope_runs" not in d'
"$program" run --quiet --preset smoke --steps 4 --variant relu --samples 0 -o smoke.json >out 2>err ||
    fail "smoke"
has smoke.json '"slope_runs" not in d'

# What the slope leaves open is null, and what it tells is not.
glu run --steps 80 --seeds 4 -o long.json || fail "a long one"
has long.json 'd["tables"]["verdict"][1]["slope_ci95_nats_per_efold"][0] > 0 and
    d["tables"]["verdict"][1]["token_multiplier_ci95"][0] > 0 and
    d["tables"]["verdict"][1]["time_multiplier"] is None'
glu run --steps 80 --learning-rate 1e-9 --seeds 2 -o flat.json || fail "one that learns nothing"
has flat.json 'd["tables"]["verdict"][1]["slope_n"] == 2 and d["tables"]["verdict"][1]["token_multiplier"] is None'
"$program" report --table verdict flat.json | grep -q 'while the interval of s is not above 0' ||
    fail "the table does not say why"
"$program" report --table verdict long.json | grep -q 'x tokens' || fail "no tokens in the table"
"$program" report --table verdict four.json | grep -q 'x tokens' && fail "tokens of nothing in the table"

# Extended: only what is new is done; --no-slope keeps what is there and adds nothing.
rows four.json runs >expected
glu run --steps 4 --seeds 3 --resume -o four.json || fail "halves added"
rows four.json runs | cmp -s - expected || fail "runs changed as halves were added"
[ "$(rows four.json | cut -d' ' -f1-3 | tr '\n' ,)" = "relu 1 2,relu 2 2,relu 3 2," ] || fail "no halves are added"
grep -q 'going on: 6 of 6 runs are done, and 0 of 3 of half of the steps' err || fail "does not say what is done"
rows four.json >expected
glu run --steps 4 --seeds 4 --no-slope --resume -o four.json || fail "--no-slope with halves"
rows four.json | cmp -s - expected || fail "--no-slope loses halves, or adds some"
glu run --steps 4 --seeds 4 --baseline swiglu --resume -o four.json || fail "another baseline"
grep -q '3 of its runs of half of the steps are not of this --baseline' err || fail "lost halves are not told"

# Stopped at any moment, it goes on to the same bits.
glu run --steps 400 --seeds 2 -o whole.json || fail "not killed"
i=0
while [ $i -lt 4 ]; do
    i=$((i + 1))
    glu run --steps 400 --seeds 2 --checkpoint-every 20 --resume -o killed.json &
    child=$!
    sleep 0.$i
    pkill -KILL -P "$(pgrep -P $child timeout || echo $child)" 2>kill
    wait $child 2>kill
    [ -e killed.json.run ] || rm -f killed.json # complete: begin anew
done
glu run --steps 400 --seeds 2 --resume -o killed.json || fail "after kills"
rows whole.json >expected
rows killed.json | cmp -s - expected || fail "other halves after kills"
rows whole.json runs >expected
rows killed.json runs | cmp -s - expected || fail "other runs after kills"
[ ! -e killed.json.run ] || fail "a run directory is left: $(ls -R killed.json.run)"

# In a study, a setting's run is another's half.
cells()
{
    find "$1/cells" -name '*.json' | wc -l
}
glu run --seeds 2 --vary steps=4,8,9 -o study || fail "a study"
[ "$(cells study)" = 14 ] || fail "not 3 settings of 4 runs and 2 halves: $(cells study)"
for steps in 4 8 9; do
    "$program" validate study/$steps.json >out 2>err || fail "$steps is not valid"
    [ "$(rows study/$steps.json | cut -d' ' -f1-3 | tr '\n' ,)" = \
        "relu 1 $((steps / 2)),relu 2 $((steps / 2))," ] || fail "not the halves of $steps"
done
rows study/4.json runs | grep ^relu >expected
rows study/8.json | cmp -s - expected || fail "other bits of a shared half"
cmp -s study/8.json study/9.json && fail "8 is 9"
rows study/9.json | cmp -s - expected || fail "other bits of a half of two"
glu run --seeds 2 --no-slope --vary steps=4,8 -o without || fail "a study without"
[ "$(cells without)" = 8 ] && [ -z "$(rows without/8.json)" ] || fail "--no-slope takes another's runs"
glu plan --seeds 2 --vary steps=4,8,9 || fail "plan"
grep -q 'for 12 runs of 3 settings, and 2 for half of the steps' out || fail "plan counts otherwise"
glu plan --seeds 2 --steps 8 || fail "plan of one"
grep -q 'for 4 runs, and 2 of relu for half of the steps' out || fail "plan does not tell the halves"
glu plan --seeds 2 --steps 8 --no-slope || fail "plan without"
grep -q 'half of the steps' out && fail "plan tells halves that nobody wants"

# Done in parts by several programs: a half takes up what the whole run has left, and nothing is left of a state that
# comes too late.
for parts in "1 3" "3 1"; do
    directory=parts${parts% *}
    for part in $parts; do
        glu run --seeds 1 --vary steps=9 --cell "$part/3" -o "$directory" || fail "part $part"
    done
    [ -z "$(find "$directory" -name '*.state')" ] || fail "parts $parts leave a state: $(ls "$directory/run")"
done
shared()
{
    grep -l '"shared_steps":3' "$1"/cells/*.json | wc -l
}
[ "$(shared parts1)" = 1 ] || fail "a half in another part begins anew"
[ "$(shared parts3)" = 0 ] || fail "a half goes on from what came later"

# A half that becomes a setting, and the other way round.
glu run --seeds 2 --vary steps=16 -o grown || fail "a study of one"
rows grown/16.json >expected
glu run --seeds 2 --vary steps=8 -o grown || fail "its half as a setting"
rows grown/8.json runs | grep ^relu | cmp -s - expected || fail "other bits of a half as a setting"
[ "$(cells grown)" = 10 ] || fail "a half is done again: $(cells grown)"
glu run --seeds 2 --vary steps=16 -o grown || fail "the first setting again"
[ "$(cells grown)" = 10 ] || fail "something is done again"
has grown/study.json 'sorted((c["setting"], c["variant"], c["seed"], "slope" in c) for c in d["cells"]) == sorted(
    [(s, v, n, False) for s in ("8", "16") for v in ("relu", "swiglu") for n in (1, 2)] +
    [("8", "relu", n, True) for n in (1, 2)])'
has grown/study.json 'd["slopes"]["16"] == [c["key"] for c in d["cells"] if c["setting"] == "8" and
    c["variant"] == "relu" and "slope" not in c] and len(d["slopes"]["8"]) == 2'
glu run --seeds 1 --vary steps=8 -o grown && fail "narrowed"
grep -q 'can be extended, not narrowed' err || fail "not refused for being narrowed"

# Weights: those of a single run go where they always did, and its half begins from the same.
glu run --steps 2 --seeds 1 --no-slope --save-checkpoint begin -o x.json || fail "weights to begin from"
glu run --steps 4 --seeds 1 --init-checkpoint begin --save-checkpoint saved --dump-batches dump \
    --log log -o w.json ||
    fail "a sweep from weights"
[ -e saved/relu-s1/model.safetensors ] && [ "$(find saved -name model.safetensors | wc -l)" = 2 ] || fail "a half saves weights"
[ "$(grep -c '"phase": "train"' dump)" = 8 ] || fail "a half dumps batches"
[ "$(grep -c '"variant": "relu"' log)" = "$(grep -c '"variant": "swiglu"' log)" ] || fail "a half has lines in the log"
has w.json 'd["slope_runs"][0]["init_checkpoint_sha256"] == d["runs"][0]["init_checkpoint_sha256"]'
exit $failed
