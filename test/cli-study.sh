#!/bin/sh
# A study: several settings in one directory, each with the bits that it has alone; it goes on after a
# kill, is extended by values and seeds without a cell done twice, and is refused where it is another.
. "$(dirname "$0")/scratch.sh"
common="--quiet --preset smoke --steps 6 --batch 4 --heldout-examples 4 --variant relu
    --variant swiglu --samples 0 --threads 2 --jobs 2"

# glu ARGUMENT...: run it; its status is kept.
glu()
{
    # shellcheck disable=SC2086
    timeout 300 "$program" $common "$@" >out 2>err </dev/null
}

# refused TEXT ARGUMENT...: it must end with status 2 or 1, and say this.
refused()
{
    text=$1
    shift
    glu "$@" && fail "not refused: $*"
    grep -q -e "$text" err || fail "refused without '$text': $*"
}

# The sha256 of all parameters of a results file, in the order of its runs.
shas()
{
    sed -n 's/.*"parameters_sha256": "\([0-9a-f]*\)".*/\1/p' "$1"
}

cells()
{
    find "$1/cells" -name '*.json' | wc -l
}

# Each setting has what it would have alone.
glu --seeds 2 --vary learning-rate=.01,.02 --vary batch=4,8 -o study || fail "the study"
glu --seeds 2 --learning-rate .02 --batch 8 -o alone.json || fail "a setting alone"
shas alone.json >expected
[ "$(wc -l <expected)" = 4 ] || fail "not four runs"
shas study/0.02_8.json | cmp -s - expected || fail "other bits in a study than alone"
[ "$(cells study)" = 16 ] || fail "not 16 cells"
for name in 0.01_4 0.01_8 0.02_4 0.02_8; do
    "$program" validate study/$name.json >out 2>err || fail "$name is not valid"
done
grep -q '"vary"' study/study.json || fail "study.json does not tell the axes"

# Again, nothing is done; with a value and a seed more, only what is new is.
cp study/0.02_8.json before
glu --seeds 2 --vary learning-rate=.01,.02 --vary batch=4,8 -o study || fail "again"
shas before >expected
shas study/0.02_8.json | cmp -s - expected || fail "other results when gone on with"
find study/cells -newer before -name '*.json' | grep . && fail "a cell was done again"
sleep 1
touch before
timeout 300 "$program" ${common#--quiet} --seeds 3 --vary learning-rate=.01,.02,.04 \
    --vary batch=4,8 -o study >out 2>err || fail "extended"
grep -q 'going on: 16 of 36 runs are done' err || fail "does not say what is done"
[ "$(cells study)" = 36 ] || fail "not 36 cells: $(cells study)"
[ "$(find study/cells -newer before -name '*.json' | wc -l)" = 20 ] || fail "cells were done again"
[ "$(shas study/0.02_8.json | wc -l)" = 6 ] || fail "a setting lacks its new seed"
[ "$(shas study/0.02_8.json | head -n 4)" = "$(cat expected)" ] || fail "old runs changed"

# Some of the values: what else is there stays.
glu --seeds 3 --vary learning-rate=.02 --vary batch=4,8 -o study || fail "a part of the study"
[ "$(cells study)" = 36 ] && [ -e study/0.01_4.json ] || fail "something of the study is gone"
grep -q '"0.04_8"' study/study.json || fail "study.json forgot a setting"

# Another study, or less of this one, is refused, and nothing is lost.
refused 'can be extended, not narrowed' --seeds 2 --vary learning-rate=.02 --vary batch=4,8 -o study
refused 'its axes are others' --seeds 3 --vary batch=4,8 -o study
refused 'calls the setting 0.02_8.0 0.02_8;' --seeds 3 --vary learning-rate=.02 --vary batch=8.0 -o study
refused 'setting 0.02_4 .* another configuration' --seeds 3 --steps 7 --vary learning-rate=.02 \
    --vary batch=4 -o study
echo '{"axes": [{"name": "a", "values": {"x": {"steps": 6}, "y": {"steps": 6}}}]}' >same.json
refused 'settings x and y are the same trainings' --study same.json -o other
refused 'jobs is no axis of a study: it decides nothing' --vary jobs=1,2 -o other
refused 'd-ff 145: --d-ff' --vary d-ff=144,145 -o other
refused 'dump-batches is of one setting' --vary steps=1,2 --dump-batches dump -o other
[ "$(cells study)" = 36 ] || fail "cells are lost"
[ "$(shas study/0.02_8.json | wc -l)" = 6 ] || fail "results are lost"

# A results file that was made alone is a part of the study whose setting it is, with what it warns of; what is
# none of it, or has more, is refused and stays.
mkdir taken
python3 - <<'END'
import json
with open("alone.json") as file:
    document = json.load(file)
document["warnings"] = ["the fan was broken"]
with open("taken/0.02_8.json", "w") as file:
    json.dump(document, file)
END
cp taken/0.02_8.json made
refused 'taken/0.02_8.json has 2 runs that are not asked for now' --seeds 1 --vary learning-rate=.01,.02 \
    --vary batch=8 -o taken
refused 'taken/0.02_8.json has another configuration: .*steps' --seeds 2 --steps 7 --vary learning-rate=.01,.02 \
    --vary batch=8 -o taken
cmp -s made taken/0.02_8.json || fail "a refused file is changed"
timeout 300 "$program" ${common#--quiet} --seeds 2 --vary learning-rate=.01,.02 --vary batch=8 -o taken \
    >out 2>err || fail "with a file that was made alone"
grep -q 'going on: 4 of 8 runs are done' err || fail "runs of a file that was made alone are done again"
shas taken/0.02_8.json | cmp -s - expected || fail "other bits of a file that was made alone"
grep -q 'the fan was broken' taken/0.02_8.json || fail "a warning of a file is gone"
"$program" validate taken/0.02_8.json >out 2>err || fail "a file that was taken is not valid"
[ "$(cells taken)" = 8 ] || fail "runs of a file have no records"
echo 'no results' >taken/0.04_8.json
refused 'taken/0.04_8.json' --seeds 2 --vary learning-rate=.04 --vary batch=8 -o taken
grep -q 'no results' taken/0.04_8.json || fail "what is no results file is overwritten"

# A setting that was gone on with alone since, and has more than the study asks for, stays as it is: a study
# refuses it, a gathering too.  When the study asks for that it is done.
cp taken/0.02_8.json kept
glu --seeds 3 --learning-rate .02 --batch 8 --resume -o taken/0.02_8.json || fail "a setting gone on with alone"
cp taken/0.02_8.json made
refused '0.02_8.json has 2 runs that are not asked for now (relu at seed 3)' --seeds 2 \
    --vary learning-rate=.01,.02 --vary batch=8 -o taken
"$program" gather taken >out 2>err && fail "gather drops runs"
grep -q '0.02_8.json has 2 runs that the study has not (relu at seed 3)' err || fail "gather says: $(cat err)"
cmp -s made taken/0.02_8.json || fail "runs of a setting that was gone on with alone are lost"
timeout 300 "$program" ${common#--quiet} --seeds 3 --vary learning-rate=.01,.02 --vary batch=8 -o taken \
    >out 2>err || fail "a study with the seeds of one of its settings"
grep -q 'going on: 10 of 12 runs are done' err || fail "seeds that were done alone are done again"
mkdir -p taken/0.02_8.json.run/cells
cp "$(find taken/cells -name '*.json' | head -n 1)" taken/0.02_8.json.run/cells
refused 'unfinished sweep of taken/0.02_8.json alone' --seeds 3 --vary learning-rate=.01,.02 --vary batch=8 -o taken
rm -r taken/0.02_8.json.run

# The results files are enough to go on from: of a copy that has no more of it.
mkdir bare
cp study/*.json bare
timeout 300 "$program" ${common#--quiet} --seeds 3 --vary learning-rate=.01,.02,.04 \
    --vary batch=4,8 -o bare >out 2>err || fail "without cells"
grep -q 'going on: 36 of 36 runs are done' err || fail "runs of the results files are done again"
shas bare/0.02_8.json | head -n 4 | cmp -s - expected || fail "other bits without cells"

# A damaged cell is told and, where no results file has it, done again.
cell=$(find study/cells -name '*.json' | head -n 1)
printf '{"key": "' >"$cell"
rm study/0.0*.json
timeout 300 "$program" ${common#--quiet} --seeds 3 --vary learning-rate=.01,.02,.04 \
    --vary batch=4,8 -o study >out 2>err || fail "with a damaged cell"
grep -q "$cell" err || fail "a damaged cell is not told"
grep -q 'going on: 35 of 36' err || fail "a damaged cell counts as done"
[ "$(cells study)" = 36 ] || fail "the damaged cell is not done again"
shas study/0.02_8.json | head -n 4 | cmp -s - expected || fail "other bits after a damaged cell"

# Killed at any moment, the same command goes on.
i=0
while [ $i -lt 4 ]; do
    i=$((i + 1))
    glu --seeds 2 --steps 60 --vary learning-rate=.01,.02 --checkpoint-every 20 -o killed &
    child=$!
    sleep 0.$((i * 2))
    pkill -KILL -P "$(pgrep -P $child timeout || echo $child)" 2>kill
    wait $child 2>kill
done
glu --seeds 2 --steps 60 --vary learning-rate=.01,.02 -o killed || fail "after kills"
glu --seeds 2 --steps 60 --learning-rate .01 -o whole.json || fail "not killed"
shas whole.json >expected
shas killed/0.01.json | cmp -s - expected || fail "other bits after kills"

# A factor of the preset's rate is the rate that it gives, in the cells too.
glu --seeds 1 --vary learning-rate-factor=.5,1 -o factor || fail "a factor of the rate"
glu --seeds 1 --learning-rate .01 -o half.json || fail "half the rate"
shas half.json >expected
shas factor/0.5.json | cmp -s - expected || fail "half the rate is another rate"
glu --seeds 1 --learning-rate-factor .123456789012345678 -o part.json || fail "an odd factor"
rate=$(sed -n 's/.*"learning_rate": \([0-9.e-]*\).*/\1/p' part.json | head -n 1)
glu --seeds 1 --learning-rate "$rate" -o rate.json || fail "the rate that is recorded"
shas part.json >expected
shas rate.json | cmp -s - expected || fail "the rate that is recorded, $rate, gives other bits"
refused 'leave out --learning-rate' --vary learning-rate-factor=.5,1 --learning-rate 1 -o other

# A file of named values, and --restart.
cat >study.json <<'END'
{"axes": [{"name": "size", "values": {"narrow": {"d-model": 32, "d-kv": 16},
                                      "wide": {"d-model": 64, "d-kv": 32}}}],
 "settings": [{"size": "wide"}]}
END
glu --seeds 1 --study study.json -o named || fail "a study file"
[ -e named/wide.json ] && [ ! -e named/narrow.json ] || fail "not the setting that is listed"
refused 'its axes are others' --seeds 1 --vary steps=1,2 -o named
glu --seeds 1 --vary steps=1,2 --restart -o named || fail "--restart"
[ -e named/1.json ] || fail "--restart did not begin anew"

# What neither a setting's results nor the records have is told.
python3 - <<'END'
import json
import os
path = "study/0.02_8.json"
with open(path) as file:
    document = json.load(file)
lost = document["runs"].pop()
with open(path, "w") as file:
    json.dump(document, file)
with open("study/study.json") as file:
    for cell in json.load(file)["cells"]:
        if (cell["setting"], cell["variant"], cell["seed"]) == ("0.02_8", lost["variant"], lost["seed"]):
            os.remove("study/cells/" + cell["key"] + ".json")
END
"$program" report study >out 2>err || fail "report of a study that lacks a run"
grep -q "warning: study: 1 of 36 runs are missing; 'glubench gather study' tells which" err ||
    fail "a missing run is not told"
grep -q 'has 0 rows of' err && fail "a missing run is told twice"

# The name of a number in a file is its shortest.
echo '{"axes": [{"name": "learning-rate", "values": [0.1, 2.5e-1, 1.0]}], "settings": [
    {"learning-rate": 0.10}, {"learning-rate": 1}]}' >numbers.json
glu plan --study numbers.json || fail "numbers in a study file"
[ "$(grep -c -E '^(0\.1|1) ' out)" = 2 ] || fail "other names of numbers"

# The same corpus under two names of its text is not the same text.
awk 'BEGIN { for (i = 0; i < 60; i++) printf "{\"a\": \"one river %d stone lamp cloud winter paper garden "\
    "letter window silver morning market bridge island copper\", \"b\": \"two %d thunder cellar tower "\
    "meadow engine harbour kitchen pencil valley autumn\"}\n", i, i }' >two.jsonl
glu --seeds 1 --corpus two.jsonl --heldout-share .3 --vary text-field=a,b -o fields || fail "two fields"
glu --seeds 1 --corpus two.jsonl --heldout-share .3 --text-field b -o field.json || fail "one field"
shas field.json >expected
shas fields/b.json | cmp -s - expected || fail "a study reads another field than it says"

# A forecast of all of it.
glu plan --seeds 2 --vary learning-rate=.01,.02 --vary batch=4,8 || fail "plan"
grep -q '0.02_8' out || fail "plan does not name a setting"
grep -q '16 runs' out || fail "plan does not count all runs"
# shellcheck disable=SC2086
"$program" plan ${common#--quiet} --seeds 2 --vary batch=4,8 --format json >out 2>err || fail "plan as JSON"
python3 -c 'import json; d = json.load(open("out")); assert len(d["settings"]) == 2, d' 2>>err ||
    fail "plan's JSON has no settings"
exit $failed
