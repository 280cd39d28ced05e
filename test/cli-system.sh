#!/bin/sh
# What the system and the caller's shell hand over: signals that are ignored, a limit on the size of
# files, standard streams that are closed, and a library that prints.
. "$(dirname "$0")/scratch.sh"
smoke="--preset smoke --variant relu --seeds 1 --threads 1 --samples 0"

# A signal that is ignored when the program starts stays ignored; the others keep their effect.
for signal in HUP INT TERM XCPU; do
    : >err
    # shellcheck disable=SC2086
    (
        trap '' $signal
        exec "$program" $smoke --steps 60 --verbose --output $signal.json --checkpoint-every 100 \
            >out 2>err
    ) &
    child=$!
    wait_until grep -q '\[1/.*step 0/' err || fail "no training begins"
    kill -$signal $child
    wait $child
    status=$?
    [ $status = 0 ] || fail "SIG$signal is ignored, and the status is $status"
    grep -q '"status": "ok"' $signal.json || fail "SIG$signal is ignored, and the run does not end"

done

# A file that gets too large is as a disk that is full: said, and the run goes on.
# shellcheck disable=SC2086
(
    ulimit -f 100
    "$program" $smoke --steps 60 --checkpoint-every 20 --output limited.json >out 2>err
)
status=$?
[ $status = 0 ] || fail "a limit on the size of files: status $status"
grep -q 'no checkpoint was written.*File too large' err || fail "no word of a file that is too large"
grep -q '"status": "ok"' limited.json || fail "a limit on the size of files: no results"
# shellcheck disable=SC2086
(
    ulimit -f 1
    "$program" $smoke --steps 1 --output small.json >out 2>err
)
[ $? = 1 ] || fail "results that get too large: not status 1"
grep -q 'small.json.*File too large' err || fail "no word of results that are too large"

# Standard output is for data alone, whatever a library says.
# shellcheck disable=SC2086
ONEDNN_VERBOSE=1 "$program" plan $smoke --format json >out 2>err || fail "plan"
grep -q '^onednn_verbose' err || echo "oneDNN says nothing here: what it prints is not tested"
grep -q onednn_verbose out && fail "oneDNN prints between the data"
python3 -m json.tool out >tool 2>&1 || fail "plan's JSON is none: $(cat tool)"

# Standard streams that are closed: no file takes their place.
# shellcheck disable=SC2086
"$program" $smoke --quiet --steps 1 --output closed.json <&- >&- 2>&-
[ $? = 1 ] || fail "a table for a closed standard output: not status 1"
"$program" validate closed.json >out 2>err || fail "closed standard streams damage the results"
"$program" list >&- 2>err && fail "a list for a closed standard output succeeds"
grep -q 'standard output: Bad file desc' err || fail "a closed standard output is not named"
exit $failed
