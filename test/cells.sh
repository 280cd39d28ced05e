#!/bin/sh
# A study by many programs: `cells` prints a command for each run, --cell does a part of them, `gather` makes
# the results files; the bits are those of one program, whoever did what, was killed or came second.
. "$(dirname "$0")/scratch.sh"
common="--preset smoke --steps 6 --batch 4 --heldout-examples 4 --variant relu --variant swiglu
    --seeds 2 --samples 0"

# glu COMMAND ARGUMENT...: run it; its status is kept.
glu()
{
    command=$1
    shift
    # shellcheck disable=SC2086
    timeout 300 "$program" "$command" $common "$@" >out 2>err </dev/null
}

# refused TEXT COMMAND ARGUMENT...: it must fail, and say this.
refused()
{
    text=$1
    shift
    glu "$@" && fail "not refused: $*"
    grep -q -e "$text" err || fail "refused without '$text': $*"
}

# tiny COMMAND ARGUMENT...: the same with runs of half of the steps.
tiny()
{
    command=$1
    shift
    timeout 300 "$program" "$command" --preset tiny --d-model 16 --layers 1 --heads 1 --d-kv 16 --d-ff 48 \
        --batch 2 --input-length 16 --heldout-examples 4 --warmup-steps 2 --variant relu --variant swiglu \
        --samples 0 --threads 1 --vary steps=8,9,16 "$@" >out 2>err </dev/null
}

# The sha256 of all parameters of a results file, in the order of its runs.
shas()
{
    value "$1" parameters_sha256
}

cells()
{
    find "$1/cells" -name '*.json' | wc -l
}

# at_once: the lines of standard input as commands, two at a time.
at_once()
{
    xargs -d '\n' -n 1 -P 2 sh -c
}

# K/N.
for part in 0/3 4/3 a/b 1/0 1 1/ /2 1/2/3 -1/2 1/-2 ' 1/2' 1/2x '' 1/99999999999999999999; do
    glu run -o none --cell "$part"
    [ $? = 2 ] && grep -q "^glubench: --cell: \('$part' is not K/N, the K-th of N parts\|the value is empty\)" err ||
        fail "--cell '$part': not refused"
done
refused "'--cell' does not apply to 'cells'" cells --cell 1/2
refused "'--restart' does not apply to 'cells'" cells --restart
refused 'dump-batches is of one setting' run --cell 1/2 --dump-batches dump -o none
refused 'with --cell would throw away' run --cell 1/2 --restart -o none
refused 'is standard output, and a study is a directory' cells -o -
refused 'there is a line feed in it' cells -o "$(printf 'a\nb')"
for command in "cells --until-decided" "run --cell 1/2 --until-decided"; do
    # shellcheck disable=SC2086
    glu $command -o none
    [ $? = 2 ] || fail "$command: not refused with status 2"
    grep -q 'until-decided is of a sweep by itself: .* its parts do not see each other' err ||
        fail "$command: refused without the reason"
done
[ ! -e none ] || fail "what is refused leaves a directory"

# One program, and a command for each run in names that a shell must not touch.
glu run -o one.json --threads 2 --jobs 2 || fail "one program"
shas one.json >expected
[ "$(wc -l <expected)" = 4 ] || fail "not four runs"
mkdir "it's a \$HOME"
ln -s "$program" "it's a \$HOME/glu \"bench\""
awk 'BEGIN { for (i = 0; i < 200; i++) print "the river of stone number " i * i " runs to the sea by night" }' \
    >"it's a \$HOME/te;xt"
called="./it's a \$HOME/glu \"bench\""
# shellcheck disable=SC2086
"$called" cells $common --quiet --corpus "it's a \$HOME/te;xt" --heldout-share .3 \
    -o "it's a \$HOME/st udy" >list 2>err || fail "cells"
[ ! -s err ] && [ "$(wc -l <list)" = 4 ] || fail "not a command for each run"
grep -q -v "^'./it'\\\\''s a \$HOME/glu \"bench\"' run .* -o 'it'\\\\''s a \$HOME/st udy' --cell [1-4]/4\$" list &&
    fail "not complete commands: $(cat list)"
at_once <list >out 2>err || fail "cells by xargs"
"$program" gather "it's a \$HOME/st udy" >out 2>err || fail "gather of a name that is quoted"
[ ! -s out ] || fail "gather tells of what is not missing"
# shellcheck disable=SC2086
"$program" run $common --corpus "it's a \$HOME/te;xt" --heldout-share .3 -o text.json >out 2>err || fail "text"
shas text.json >text
shas "it's a \$HOME/st udy/main.json" | cmp -s - text || fail "other bits of a corpus"

# The same bits at once, one after the other, in fewer parts and in more, with another number of threads to
# share.
glu cells -o lines --threads 2 --jobs 2 || fail "cells without names"
tac out >list
at_once <list >out 2>err || fail "cells at once, the last first"
for part in 1/3 2/3 3/3; do
    glu run -o fewer --threads 2 --jobs 2 --cell $part || fail "part $part"
done
for k in 1 2 3 4 5 6; do
    glu run -o more --threads 1 --cell $k/6 || fail "part $k/6"
    [ $k -lt 5 ] || grep -q "part $k of 6 is empty: there are 4 runs" err || fail "an empty part is not told"
done
for study in lines fewer more; do
    [ ! -e $study/main.json ] || fail "$study: a part wrote results"
    "$program" report $study --table perplexity --format json >before 2>err || fail "report of $study"
    [ ! -e $study/main.json ] || fail "$study: a report wrote results"
    "$program" gather $study >out 2>err || fail "gather $study"
    "$program" validate $study/main.json >out 2>err || fail "$study/main.json is not valid"
    "$program" report $study --table perplexity --format json >out 2>err || fail "report of $study, gathered"
    cmp -s before out || fail "$study: gathering changes a report"
    shas $study/main.json | cmp -s - expected || fail "$study: other bits than of one program"
    [ "$(cells $study)" = 4 ] || fail "$study: not four cells"
    find $study/run -name '*.s*.lock' | grep . && fail "$study: a claim is left"
done

# Gone on with by one program, which does nothing again, and measures; a gathering keeps that.
touch before
timeout 300 "$program" run $common --threads 1 --samples 2 -o fewer >out 2>err || fail "one program in the directory"
grep -q 'going on: 4 of 4 runs are done' err || fail "does not say what is done"
find fewer/cells -newer before -name '*.json' | grep . && fail "a cell was done again"
grep -q '"samples_s": \[[0-9]' fewer/main.json || fail "no throughput"
"$program" gather fewer >out 2>err || fail "gather of what one program wrote"
grep -q '"samples_s": \[[0-9]' fewer/main.json || fail "a gathering loses the throughput"

# Another configuration, or less, is refused with what differs.
refused 'another configuration: .*training.steps (6, 7)' run --steps 7 -o more --cell 1/4
refused 'can be extended, not narrowed' run --seeds 1 -o more --cell 1/4
refused 'its axes are others' run --vary steps=6,7 -o more --cell 1/4

# What is missing, by its command; more seeds are more commands.
damaged=$(find more/cells -name '*.json' | head -n 1)
printf '{"key": "' >"$damaged"
rm more/main.json
glu run --seeds 3 -o more --cell 5/6 || fail "a seed more"
"$program" gather more >list 2>err
[ $? = 1 ] || fail "gather of what has a run missing"
grep -q '2 of 6 runs of more are missing' err || fail "does not say how many are missing"
grep -q "$damaged" err || fail "does not tell of a damaged record"
[ "$(wc -l <list)" = 2 ] || fail "not two commands: $(cat list)"
grep -q "^$program run .* -o more --cell 6/6  # main: swiglu, seed 3\$" list || fail "not the command of what is missing"
at_once <list >out 2>err || fail "the commands of what is missing"
"$program" gather more >out 2>err || fail "gather when nothing is missing any more"
shas more/main.json | head -n 4 | cmp -s - expected || fail "other bits after damage"
[ "$(shas more/main.json | wc -l)" = 6 ] || fail "not six runs"
"$program" gather nothing >out 2>err && fail "gather of nothing"
grep -q 'nothing: not the directory of a study' err && [ ! -e nothing ] || fail "gather of nothing"
echo precious >lines/main.json
"$program" gather lines >out 2>err && fail "gather replaces what is not ours"
grep -q precious lines/main.json || fail "gather replaced what is not ours"

# A study of several settings.
glu cells --vary learning-rate=.01,.02 --quiet -o vary || fail "cells of a study"
[ "$(wc -l <out)" = 8 ] || fail "not eight commands"
at_once <out >list 2>err || fail "the cells of a study"
glu run --learning-rate .01 -o alone.json || fail "a setting alone"
shas alone.json >alone
"$program" gather vary >out 2>err || fail "gather of a study"
shas vary/0.01.json | cmp -s - alone || fail "other bits in a study"
grep -q '"tables"' vary/study.json || fail "gather leaves the tables out"

# Runs of half of the steps are runs as others are; those of 16 are runs of 8, and 8 and 9 have the same.
tiny run --seeds 2 -o whole || fail "one program with halves"
tiny cells --seeds 2 -o halves || fail "cells with halves"
[ "$(wc -l <out)" = 14 ] || fail "not 12 commands and 2 for halves"
for part in 4/4 3/4 1/4; do
    tiny run --seeds 2 -o halves --cell $part || fail "part $part with halves"
done
"$program" report halves --table verdict --beside shazeer2020 >out 2>err || fail "report of what lacks halves"
grep -q 'x tokens .* shazeer2020' out || fail "a report of what lacks halves is not beside a paper"
[ "$(cat err)" = "glubench: warning: halves: 4 of 14 runs are missing; 'glubench gather halves' tells which" ] ||
    fail "not one warning of what is missing: $(cat err)"
"$program" gather halves >list 2>err && fail "gather of what lacks halves"
[ "$(wc -l <err)" = 2 ] && grep -q '4 of 14 runs of halves are missing' err ||
    fail "not one line of how many are missing: $(cat err)"
[ "$(wc -l <list)" = 4 ] && grep -q -e "--cell 7/14  # [89]: relu, seed 1, half of the steps\$" list ||
    fail "not the commands of what is missing: $(cat list)"
at_once <list >out 2>err || fail "the commands of missing halves"
"$program" gather halves >out 2>err || fail "gather of halves"
for steps in 8 9 16; do
    "$program" validate halves/$steps.json >out 2>err || fail "halves/$steps.json is not valid"
    shas whole/$steps.json >expected
    shas halves/$steps.json | cmp -s - expected && [ "$(wc -l <expected)" = 6 ] || fail "other halves of $steps"
done

# Without them there are none, and those that are there stay.
tiny cells --seeds 3 --no-slope -o halves || fail "cells without halves"
[ "$(wc -l <out)" = 18 ] || fail "not 18 commands"
tiny run --seeds 3 --no-slope -o halves --cell 13/18 || fail "a part without halves"
"$program" gather halves >list 2>err && fail "gather without halves"
grep -q '5 of 20 runs of halves are missing' err && ! grep -q half list || fail "halves that nobody wants are missing"
for steps in 8 9 16; do
    [ "$(grep -c '"steps": '$((steps / 2))'[,}]' halves/$steps.json)" = 2 ] || fail "halves of $steps are lost"
done

# A file whose seeds were added by looking stays one; the directory of a sweep is not that of a study.
mkdir looked
glu run --until-decided --seeds 6 --equivalence 9 -o looked/main.json || fail "seeds until decided"
glu run --seeds 6 --equivalence 9 -o looked --cell 1/1 || fail "a study around it"
"$program" gather looked >out 2>err || fail "gather of what was looked at"
grep -q '"until_decided": true' looked/main.json && "$program" validate looked/main.json >out 2>err ||
    fail "gather forgets that seeds were added by looking"
# shellcheck disable=SC2086
"$program" run $common --steps 100000 -o sweep.json >out 2>err &
child=$!
has_study() { [ -e sweep.json.run/study.json ]; }
wait_until has_study || fail "no directory of a sweep"
kill -TERM $child
wait $child 2>wait
"$program" gather sweep.json.run >out 2>err && fail "gather of a sweep"
grep -q 'it is of one results file, not of a study' err || fail "gather of a sweep does not say why"

# Killed: no claim is left, and the next program goes on from the checkpoint.
long="--steps 900 --evaluate-every 900 --checkpoint-every 30 --seeds 1 --threads 1"
glu run $long -o long.json || fail "a longer training"
shas long.json >expected
has_state() { find killed/run -name '*.state' 2>/dev/null | grep -q .; }
for signal in KILL TERM USR1; do
    rm -rf killed
    # shellcheck disable=SC2086
    "$program" run $common $long -o killed --cell 1/1 >out 2>err &
    child=$!
    wait_until has_state || fail "$signal: no checkpoint"
    if [ $signal = KILL ]; then
        refused "other programs are at work on runs of killed" run $long -o killed --restart
        "$program" gather killed >list 2>again && fail "gather before anything is done"
        grep -q 'relu, seed 1, which another program is at work on' list || fail "does not tell who is at work"
    fi
    kill -$signal $child
    wait $child 2>wait
    status=$?
    case $signal in
    KILL) [ $status = 137 ] ;;
    TERM) [ $status = 143 ] && grep -q 'the same command goes on' err ;;
    USR1) [ $status = 0 ] ;;
    esac || fail "$signal: status $status"
    "$program" gather killed >list 2>again
    grep -q 'at work' list && fail "$signal: a claim is left"
    # shellcheck disable=SC2086
    "$program" run $common $long -o killed --cell 1/1 --verbose >out 2>err || fail "$signal: going on"
    [ $signal = USR1 ] || ! grep -q 'relu.* step 0/' err || fail "$signal: begun anew"
    "$program" gather killed >out 2>err || fail "$signal: gather"
    shas killed/main.json | cmp -s - expected || fail "$signal: other bits"
done

# Three programs at the same runs: each is done once, and all of them end well; who comes second says so.
# shellcheck disable=SC2086
for i in 1 2 3; do
    timeout 300 "$program" run $common --steps 100 --threads 1 --seeds 3 -o race --cell 1/1 >out.$i 2>err.$i &
    eval "child$i=$!"
done
for i in 1 2 3; do
    eval "wait \$child$i" || fail "racing program $i: $(cat err.$i)"
done
cat err.1 err.2 err.3 >err
[ "$(grep -c 'seed [1-3]: held-out .* tokens/s' err)" = 6 ] || fail "a run was done twice, or not at all"
grep -q 'another program is at work on it; going on' err || fail "nobody says that another one is at work"
"$program" gather race >out 2>err || fail "gather of a race"
glu run --steps 100 --seeds 3 --threads 1 -o alone.json || fail "no race"
shas alone.json >expected
shas race/main.json | cmp -s - expected || fail "other bits after a race"

exit $failed
