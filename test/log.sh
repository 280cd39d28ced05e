#!/bin/sh
# --log: a line for every evaluation and for every N steps, as it happens; a sweep that goes on repeats
# none and loses none.
. "$(dirname "$0")/scratch.sh"
sweep="--preset smoke --steps 300 --batch 4 --heldout-examples 4 --variant relu --variant swiglu
    --seeds 2 --samples 0 --threads 2 --jobs 2"

# Run the sweep with more arguments.
glu()
{
    # shellcheck disable=SC2086
    timeout 300 "$program" --quiet $sweep "$@" >out 2>err </dev/null
}

# Without the seconds, in an order of their own.
lines()
{
    sed 's/, "train_s": [0-9.e-]*}$/}/' "$1" | sort
}

glu --log whole.jsonl --log-every 25 --output whole.json || fail "the sweep itself"
lines whole.jsonl >expected
# 0 and eleven points of evaluations, of which 75, 150, 225 and 300 are among the 12 lines of N steps.
[ "$(wc -l <expected)" = $((4 * 19)) ] || fail "$(wc -l <expected) lines"
uniq -d expected | grep . && fail "a line twice"
for key in variant seed step tokens_seen learning_rate train_loss_nats heldout_log_perplexity_nats; do
    [ "$(grep -c "\"$key\": " whole.jsonl)" = 76 ] || fail "no $key in each line"
done
grep -q '"variant": "relu", "seed": 2, "step": 0, "tokens_seen": 0, "learning_rate": null, "train_loss_nats": null, "heldout_log_perplexity_nats": [0-9]' whole.jsonl ||
    fail "no evaluation of the initial weights"
grep -q '"step": 25, .*"train_loss_nats": [0-9.]*, "heldout_log_perplexity_nats": null' whole.jsonl ||
    fail "no line between evaluations"
for nats in $(value whole.json heldout_log_perplexity_nats | head -3); do
    grep -q "\"heldout_log_perplexity_nats\": $(printf %.7s "$nats")" whole.jsonl ||
        fail "the log does not have the curve's $nats"
done

# Stopped, with a line that was not finished, and gone on with.
# shellcheck disable=SC2086
begin $sweep --steps 1000000 --log stopped.jsonl --log-every 10 --output stopped.json --checkpoint-every 40
wait_until grep -q '"step": 20,' stopped.jsonl || fail "nothing is written as it happens"
kill -KILL $child
wait $child 2>kill
rm -rf stopped.json*
glu --log cut.jsonl --log-every 25 --output cut.json --checkpoint-every 40 &
child=$!
wait_until grep -q '"step": 150,' cut.jsonl 2>kill || fail "no line of step 150"
pkill -KILL -P "$(pgrep -P $child timeout || echo $child)" 2>kill
wait $child 2>kill
printf '{"variant": "relu", "seed": 1, "st' >>cut.jsonl
glu --log cut.jsonl --log-every 25 --output cut.json --resume || fail "going on"
lines cut.jsonl | cmp -s - expected || {
    fail "other lines than without a kill"
    lines cut.jsonl | diff expected - | head >&2
}
glu --log cut.jsonl --log-every 25 --output cut.json --resume || fail "going on with what is complete"
lines cut.jsonl | cmp -s - expected || fail "lines of a sweep that was complete"

# A study's lines tell the setting; a log of something else is refused, and stays.
glu --steps 8 --vary batch=2,4 --log study.jsonl --output study || fail "a study"
grep -q '^{"setting": "2", "variant"' study.jsonl && grep -q '^{"setting": "4", "variant"' study.jsonl ||
    fail "no settings: $(head -n 1 study.jsonl)"
echo '{"event": "of another program"}' >theirs.jsonl
glu --log theirs.jsonl --output theirs.json && fail "another program's file is replaced"
grep -q 'log' err || fail "the option is not named"
grep -q 'another program' theirs.jsonl || fail "another program's file is gone"
glu --log whole.json --output whole.json && fail "the results are the log"
glu --log none/log.jsonl --output none.json && fail "a directory that is not there"
grep -q 'none' err || fail "the directory is not named"
glu --steps 2 --log full.jsonl --output full.json || fail "a short one"
if [ -e /dev/full ]; then
    glu --steps 2 --log /dev/full --output full2.json && fail "a full disk is not told"
    grep -q "No space left" err || fail "why a log could not be written"
fi
exit $failed
