#!/bin/sh
# A sweep that is stopped, by whatever, goes on with --resume to the bits it would have had: no run
# lost, none twice.  GLUBENCH_KILLS sets how often it is killed.
. "$(dirname "$0")/scratch.sh"
kills=${GLUBENCH_KILLS-8}
sweep="--quiet --preset smoke --steps 300 --batch 4 --heldout-examples 4 --variant relu
    --variant swiglu --seeds 2 --samples 0 --threads 2 --jobs 2"

# Run the sweep with more arguments.
glu()
{
    # shellcheck disable=SC2086
    timeout 300 "$program" $sweep "$@" >out 2>err </dev/null
}

# begin_sweep FILE [OPTION ...]: the sweep in the background, with steps that go on for long.
begin_sweep()
{
    # shellcheck disable=SC2086
    begin ${sweep#--quiet} --steps 1000000 --output "$@"
}

# What must not depend on interruptions: the runs and the table of log-perplexities, not the times.
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
    [ ! -e "$1.run" ] || fail "$2: the run directory is left: $(ls "$1.run")"
}

glu --output whole.json || fail "the sweep itself"
bits whole.json >expected
[ "$(grep -c '"status": "ok"' expected)" = 4 ] || fail "not four runs"
[ ! -e whole.json.run ] || fail "a run directory is left: $(ls whole.json.run)"

# Killed at moments that differ from time to time, then gone on with.
i=0
while [ $i -lt "$kills" ]; do
    i=$((i + 1))
    glu --resume --checkpoint-every $((i % 3 * 20 + 10)) --output killed.json &
    child=$!
    moment=$(awk "BEGIN { srand(); srand(srand() + $i * 7919); printf \"%.3f\", rand() * 0.7 }")
    sleep "$moment"
    # The shell's child is `timeout`, whose child is the program: kill both, the program first.
    pkill -KILL -P "$(pgrep -P $child timeout || echo $child)" 2>kill
    wait $child 2>kill
    if [ -e killed.json ]; then
        "$program" report killed.json >out 2>err || fail "kill $i at $moment s: cannot be read"
    fi
    [ -e killed.json.run ] || rm -f killed.json # complete: begin anew
done
glu --resume --output killed.json || fail "going on after kills"
same killed.json "kills"
glu --resume --output killed.json || fail "going on when all is done"
same killed.json "nothing to do"

# Signals: finish the step, save, say so, and leave with 128 and their number.
for signal in HUP:129 INT:130 TERM:143; do
    rm -rf stopped.json stopped.json.run
    begin_sweep stopped.json
    kill -"${signal%:*}" $child
    wait $child
    status=$?
    [ $status = "${signal#*:}" ] || fail "SIG${signal%:*}: status $status"
    grep -q 'go on with --resume' err || fail "SIG${signal%:*}: no word of --resume"
    grep -q '"status": "interrupted"' stopped.json || fail "SIG${signal%:*}: no interrupted row"
    ls stopped.json.run/run/*.state >out 2>&1 || fail "SIG${signal%:*}: no checkpoint"
done

# Before a run has ended, what was there stays.
cp whole.json stays.json
rm -rf stays.json.run
begin_sweep stays.json
kill -INT $child
wait $child
status=$?
[ $status = 130 ] || fail "status $status before a run had ended"
if ! grep -q '"status": "ok"' stays.json || grep -q interrupted stays.json; then
    fail "a signal before a run had ended replaced the results"
fi
grep -q 'before a run had ended; stays.json is as it was, go on with --resume' err || fail "it says: $(cat err)"

# A second signal ends it at once: nothing is said or written any more.
begin_sweep twice.json
kill -STOP $child
kill -INT $child
kill -TERM $child
kill -CONT $child
wait $child 2>kill
status=$?
[ $status = 130 ] || [ $status = 143 ] || fail "two signals: status $status"
grep -q 'go on with --resume' err && fail "two signals: it went on to its end"
[ ! -s out ] || fail "two signals: tables are printed"

# An unfinished sweep is not thrown away by accident, nor gone on with as another one.
glu --output stopped.json && fail "an unfinished sweep is overwritten"
grep -q 'unfinished.*--resume.*--restart' err || fail "no word of --resume and --restart"
glu --steps 200 --learning-rate 0.5 --resume --output stopped.json && fail "another configuration goes on"
grep -q 'training.steps.*training.learning_rate' err || fail "the differing fields are not named"
glu --restart --output stopped.json || fail "--restart"
same stopped.json "--restart"
glu --learning-rate 0.5 --resume --output stopped.json && fail "another configuration replaces a sweep"
grep -q 'training.learning_rate' err || fail "the differing field is not named"
cp whole.json more.json
glu --seeds 3 --resume --output more.json || fail "more seeds"
[ "$(grep -c '"status": "ok"' more.json)" = 6 ] || fail "two more runs were to be made"

# Throughput that was measured stays where none is measured.
glu --samples 1 --output timed.json || fail "with throughput"
samples=$(grep -c '"samples_s": \[[0-9]' timed.json)
[ "$samples" -ge 2 ] || fail "no throughput"
glu --seeds 3 --resume --output timed.json || fail "more seeds without throughput"
[ "$(grep -c '"samples_s": \[[0-9]' timed.json)" = "$samples" ] || fail "throughput is lost"
[ "$(grep -c '"status": "ok"' timed.json)" = 6 ] || fail "two more runs were to be made beside throughput"
"$program" validate timed.json >out 2>err || fail "not valid with throughput of before: $(cat out)"

# Nor is what fewer seeds or variants leave out thrown away, and the file may have been written anew
# by another program.
glu --resume --output more.json && fail "runs that are not asked for are thrown away"
grep -q "more.json has 2 runs that are not asked for now (relu at seed 3)" err ||
    fail "the runs that would be lost are not named"
[ "$(grep -c '"status": "ok"' more.json)" = 6 ] || fail "runs are gone from more.json"
sed 's/"seed": \([0-9]*\)/"seed": \1.0/; s/"steps": \([0-9]*\)/"steps": \1.0/' more.json >floats.json
glu --seeds 3 --resume --output floats.json || fail "2 and 2.0 are two numbers"
[ "$(value floats.json train_s)" = "$(value more.json train_s)" ] ||
    fail "2.0: runs are made again"
cmp -s more.json floats.json && fail "2.0: nothing is written"

# checkpoints COUNT: true when there are as many of the first run.
checkpoints()
{
    [ "$(ls torn.json.run/run/relu-s1.*.state 2>ls | wc -l)" = "$1" ]
}

# SIGUSR1, SIGXCPU: a checkpoint, and on.  A second program on the same output is refused; a damaged
# checkpoint is named and the one before it used.
begin_sweep torn.json
checkpoints 0 || fail "a checkpoint that nothing asks for: $(ls torn.json.run/run)"
kill -USR1 $child
wait_until checkpoints 1 || fail "SIGUSR1: no checkpoint: $(ls torn.json.run/run)"
kill -XCPU $child
wait_until checkpoints 2 || fail "SIGXCPU: no second checkpoint: $(ls torn.json.run/run)"
glu --resume --steps 1000000 --output torn.json && fail "two programs on one output"
grep -q 'another glubench.*torn.json' err || fail "no word of the other program"
kill -TERM $child
wait $child
checkpoints 2 || fail "not two checkpoints: $(ls torn.json.run/run)"
damaged=$(ls torn.json.run/run/relu-s1.*.state | tail -1)
printf 'damage' | dd of="$damaged" bs=1 seek=3000 conv=notrunc 2>dd
# shellcheck disable=SC2086
"$program" ${sweep#--quiet} --steps 1000000 --resume --output torn.json >out 2>err &
child=$!
wait_until grep -q "$damaged: the checksum is wrong.*the checkpoint before it" err ||
    fail "a damaged checkpoint is not named"
kill -KILL $child
wait $child 2>kill

# Weights to start from that are replaced meanwhile are not mixed with those before.
glu --steps 0 --save-checkpoint first --output x.json && glu --steps 3 --save-checkpoint second --output x.json ||
    fail "weights to start from"
begin_sweep other.json --init-checkpoint first
kill -TERM $child
wait $child
cp second/swiglu-s2/model.safetensors first/swiglu-s2/
glu --steps 1000000 --init-checkpoint first --resume --output other.json && fail "other weights go on"
grep -q 'began with other weights of swiglu at seed 2 than --init-checkpoint.*--restart' err ||
    fail "other weights: $(cat err)"
init_hashes() { sed -n 's/.*"init_checkpoint_sha256": "\(.*\)".*/\1/p' "$1"; }
glu --steps 2 --init-checkpoint first --output once.json || fail "started from weights"
sha256sum first/*/model.safetensors | sed 's/ .*//' | sort >expected
init_hashes once.json | sort | cmp -s - expected || fail "the weights' checksums are not in the runs"
repro=$(value once.json repro | head -1)
sh -c "\"$program\" -q ${repro#glubench }" >out 2>err || fail "repro: $(cat err)"
[ "$(value relu-s1.json parameters_sha256)" = "$(value once.json parameters_sha256 | head -1)" ] ||
    fail "repro of a run from weights gives other bits"
cp once.json again.json
cp second/relu-s1/model.safetensors first/relu-s1/
glu --steps 2 --init-checkpoint first --resume --output again.json || fail "runs from other weights anew"
grep -q 'relu at seed 1.*done anew' again.json || fail "no word of a run from other weights"
init_hashes once.json >one
init_hashes again.json >two
[ "$(diff one two | grep -c '^>')" = 1 ] || fail "not one run is done anew"
[ "$(grep '"parameters_sha' once.json again.json | sed 's/.*://' | sort | uniq -u | wc -l)" = 2 ] ||
    fail "not one run has another end"

# AdamW's moments, the limit to the norm, a schedule and dropout go on to the same bits too.
has_state()
{
    ls "$1".run/run/*.state >ls 2>&1
}
adamw="--variant swiglu --seeds 1 --steps 2000 --optimizer adamw --schedule cosine --dropout 0.1 --jobs 1"
sweep="--quiet --preset smoke --batch 4 --heldout-examples 4 --samples 0 --threads 2 $adamw"
glu --output adamw.json || fail "AdamW"
bits adamw.json >expected
# shellcheck disable=SC2086
"$program" ${sweep#--quiet} --checkpoint-every 25 --output adamw2.json >out 2>err &
child=$!
wait_until has_state adamw2.json
kill -TERM $child
wait $child
grep -q '"status": "interrupted"' adamw2.json || fail "AdamW: not interrupted"
glu --resume --beta1 0.8 --output adamw2.json && fail "another beta1 goes on"
grep -q 'training.beta1' err || fail "beta1 is not named"
glu --resume --output adamw2.json || fail "AdamW: going on"
same adamw2.json "AdamW"

# Batches that are past cannot be dumped.
glu --resume --dump-batches x --output torn.json && fail "--resume with --dump-batches"

exit $failed
