#!/bin/sh
# Seeds until decided: a sweep stops when all is decided and not before, with any number of jobs, and
# after a kill; its file says nothing that holds for a fixed number of seeds alone, whatever becomes of it.
. "$(dirname "$0")/scratch.sh"
small="--preset smoke --steps 6 --batch 4 --heldout-examples 4 --samples 0 --precision f32
    --variant relu --variant gelu --variant swiglu"

# glu ARGUMENT...: run it; its status is kept.
glu()
{
    # shellcheck disable=SC2086
    timeout 300 "$program" $small --threads 2 "$@" >out 2>err </dev/null
}

# refused TEXT ARGUMENT...: it must end with status 2 and say this.
refused()
{
    text=$1
    shift
    glu "$@"
    [ $? = 2 ] || fail "not refused with status 2: $*"
    grep -q -e "$text" err || fail "refused without '$text': $*"
}

# What decides of a results file: its seeds, its runs' bits, and its decisions.
essence()
{
    python3 - "$1" <<'END'
import json, sys
d = json.load(open(sys.argv[1]))
c = d["config"]
print(c["until_decided"], c["seeds"], c["seeds_max"])
for run in d["runs"]:
    print(run["variant"], run["seed"], run["parameters_sha256"])
for row in d["decisions"]:
    print(row["variant"], row["kind"], row["n"], repr(row["e_value"]), row["anytime_ci95_nats"])
END
}

# no_p FILE...: no p and no interval of a fixed number of seeds in any table; test-decisions has all formats.
no_p()
{
    for table in perplexity agreement pareto verdict; do
        "$program" report "$@" --table $table >out 2>err || fail "report of $*"
        grep -E -e 'p \(|t test|Student|exact p|n\.s\.|p 0|power 80' out && fail "a p in $table"
        "$program" report "$@" --table $table --format json >out 2>err || fail "report of $*"
        grep -E -e '"(p_[a-z_]*|(gated_minus_ungated_|delta_|delta_bootstrap_)?ci95(_nats)?)": [^n]' out &&
            fail "a p in $table as json"
    done
}

# Refused where it has no meaning.
refused 'until-decided is of a sweep by itself: the settings of a study would each stop at' --until-decided --vary steps=1,2
echo '{"axes": [{"name": "steps", "values": [1, 2]}]}' >study.json
refused 'until-decided is of a sweep by itself' --until-decided --study study.json
refused 'until-decided is of a sweep by itself' plan --until-decided --vary steps=1,2
"$program" --preset smoke --variant relu --until-decided >out 2>err
[ $? = 2 ] || fail "one variant alone is not refused"
grep -q 'nothing to decide with one variant' err || fail "one variant alone is refused without a reason"

# All is equal within 9 nats as soon as it can be, with two jobs and with one.
glu --until-decided --seeds 9 --equivalence 9 -o early.json || fail "the sweep"
grep -q 'at most 9' err || fail "does not say at most"
grep -q 'decided at 5 seeds: swiglu is equal' err || fail "does not say what is decided"
grep -q 'all decided after 5 of at most 9 seeds' err || fail "does not say that all is decided"
grep -q 'decided' out || fail "prints no table of verdicts"
essence early.json >expected
[ "$(head -n 1 expected)" = "True [1, 2, 3, 4, 5] 9" ] || fail "not five seeds: $(head -n 1 expected)"
[ "$(grep -c ' equal 5 ' expected)" = 2 ] || fail "not two decisions"
grep '"repro"' early.json | grep -q until-decided && fail "the command of one run alone looks"
[ ! -e early.json.run ] || fail "what it takes to go on is left behind"
"$program" validate early.json >out 2>err || fail "it is not valid"
no_p early.json
# shellcheck disable=SC2086
"$program" $small --threads 1 --jobs 1 --until-decided --seeds 9 --equivalence 9 -o one.json >out 2>err ||
    fail "with one job"
essence one.json | cmp -s - expected || fail "one job decides otherwise than two"
sed 's/"kind": "equal"/"kind": "worse"/' early.json >changed.json
"$program" validate changed.json >out 2>err && fail "a changed decision is valid"
grep -q 'decisions\[0\].kind' out || fail "a changed decision is not found"

# Four seeds decide nothing, and it says so; what is undecided goes to the most.
glu --until-decided --seeds 4 --equivalence 9 -o four.json || fail "four seeds"
grep -q 'cannot decide anything' err || fail "no warning that four seeds are too few"
grep -q 'undecided after 4 seeds: gelu, swiglu' err || fail "does not say what is undecided"
essence four.json >out
grep -q '^True \[1, 2, 3, 4\] 4$' out || fail "not to the most"
glu --until-decided --seeds 6 --equivalence 1e-9 -o six.json || fail "six seeds"
python3 - <<'END' 2>err || fail "stopped though not all was decided, or went on though it was"
import json
d = json.load(open("six.json"))
open_, last = [r for r in d["decisions"] if r["kind"] == "undecided"], max(r["n"] for r in d["decisions"])
assert len(d["config"]["seeds"]) == (6 if open_ else last), d["decisions"]
END

# Gone on with, what is decided is done; --seeds N makes it N, and it stays one that was looked at.
cp early.json again.json
glu --until-decided --seeds 9 --equivalence 9 --resume -o again.json || fail "again"
essence again.json | cmp -s - expected || fail "again it decides otherwise"
glu --seeds 7 --equivalence 9 --resume -o again.json || fail "to a fixed number"
grep -q 'stay those that hold at every look' err || fail "a fixed number of seeds is not warned of"
essence again.json >later
[ "$(head -n 1 later)" = "True [1, 2, 3, 4, 5, 6, 7] 7" ] || fail "not seven seeds: $(head -n 1 later)"
[ "$(grep ' equal ' later)" = "$(grep ' equal ' expected)" ] || fail "other decisions with more seeds"
"$program" validate again.json >out 2>err || fail "with more seeds it is not valid"
glu --seed 8 --seeds 2 -o fixed.json || fail "a fixed number"
grep -q 'e-value' out && fail "a fixed number of seeds has e-values"
no_p fixed.json early.json
"$program" report fixed.json >out 2>err
grep -q 'p (Holm)' out || fail "a fixed number of seeds has no p"

# A file that tells of looks asks for the same.
"$program" plan --config early.json >out 2>err || fail "plan"
grep -q 'x at most 9 seeds' out || fail "a plan does not say at most how many seeds"
grep -q 'Time: at most about .* for 27 runs' out || fail "a plan does not say at most how long"

# Killed at any moment, it goes on to the same.
glu --until-decided --seeds 7 --steps 40 --equivalence 9 -o whole.json || fail "not killed"
essence whole.json >expected
i=0
while [ $i -lt 4 ]; do
    i=$((i + 1))
    resume=
    [ ! -e killed.json.run ] || resume=--resume
    # shellcheck disable=SC2086
    "$program" $small --threads 2 --until-decided --seeds 7 --steps 40 --equivalence 9 \
        --checkpoint-every 10 $resume -o killed.json >out 2>err </dev/null &
    child=$!
    sleep 0.$i
    kill -KILL $child 2>kill
    wait $child 2>kill
done
glu --until-decided --seeds 7 --steps 40 --equivalence 9 --resume -o killed.json || fail "after kills"
essence killed.json | cmp -s - expected || fail "after kills it decides otherwise"
exit $failed
