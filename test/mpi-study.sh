#!/bin/sh
# What a sweep has besides single trainings, by several ranks: runs of half of the steps, seeds until decided,
# parts of a study; and what becomes of it when the launcher is ended, rank 0 killed, or its disk full.
. "$(dirname "$0")/mpirun.sh"
. "$(dirname "$0")/scratch.sh"
mpi=${program}_mpi
[ -x "$mpi" ] || { echo "built without MPI"; exit 77; }

# shas FILE: of all runs.
shas()
{
    value "$1" parameters_sha256
}
# same WHAT FILE FILE: the runs of two results files came to the same.
same()
{
    [ -n "$(shas "$2")" ] && [ "$(shas "$2")" = "$(shas "$3")" ] || fail "$1: other bits"
}

tiny="run --preset tiny --d-model 16 --layers 1 --heads 1 --d-kv 16 --d-ff 48 --batch 4 --input-length 16
    --heldout-examples 4 --warmup-steps 2 --variant relu --variant swiglu --samples 0 --steps 8 --quiet"
# shellcheck disable=SC2086
{
    "$program" $tiny --seeds 2 --threads 2 --jobs 1 -o slope.json >out 2>err || fail "runs of half of the steps"
    ranks 2 "$mpi" $tiny --seeds 2 --threads 1 -o slope2.json >out 2>err || fail "... by 2 ranks"
    ranks 4 "$mpi" $tiny --seeds 2 --threads 1 --ranks-per-run 2 -o slope4.json >out 2>err || fail "... by 2 groups"
    "$program" $tiny --until-decided --seeds 9 --equivalence 9 --threads 2 --jobs 1 -o looks.json >out 2>err ||
        fail "until decided"
    ranks 2 "$mpi" $tiny --until-decided --seeds 9 --equivalence 9 --threads 1 -o looks2.json >out 2>err ||
        fail "until decided, by 2 ranks"
}
[ "$(shas slope.json | wc -l)" = 6 ] || fail "not four runs and two of half of the steps"
same "2 ranks" slope.json slope2.json
same "2 groups" slope.json slope4.json
[ "$(shas looks.json | wc -l)" = 15 ] || fail "until decided: not 5 seeds"
same "until decided" looks.json looks2.json
grep -q '"kind": "equal"' looks2.json || fail "until decided: nothing is"
# shellcheck disable=SC2086
ranks 2 "$mpi" $tiny --until-decided --ranks-per-run 1 -o none.json >out 2>err
[ $? = 2 ] || fail "groups until decided: not status 2"
[ "$(grep -c 'until-decided: 2 groups of ranks do not see .*give --ranks-per-run 2' err)" = 1 ] ||
    fail "groups until decided: not said once"

# Parts, by all ranks, by groups of them, and by single programs that a launcher starts.
study="run --preset smoke --steps 6 --variant relu --variant swiglu --seeds 2 --samples 0 --quiet"
# shellcheck disable=SC2016,SC2086 # for the inner shell; several words
{
    "$program" $study --threads 2 --jobs 1 -o one.json >out 2>err || fail "a study by one program"
    for k in 1 2 3; do
        ranks 2 "$mpi" $study --threads 1 -o parts --cell $k/3 >out 2>err || fail "part $k by 2 ranks"
    done
    ranks 4 "$mpi" $study --threads 1 --ranks-per-run 2 -o groups --cell 1/1 >out 2>err || fail "a part by groups"
    ranks 2 sh -c 'rank=${OMPI_COMM_WORLD_RANK-$PMI_RANK} program=$1; shift
        exec "$program" "$@" --cell $((rank + 1))/2' sh "$program" $study --threads 2 --jobs 1 -o singles \
        >out 2>err || fail "a part by each of 2 programs"
    ranks 2 "$mpi" $study -o none --cell 3/2 >out 2>err
    [ $? = 2 ] && [ "$(grep -c "glubench: --cell: '3/2' is not K/N" err)" = 1 ] || fail "a part that there is not"
}
[ ! -e none ] || fail "a part that there is not: a directory"
for directory in parts groups singles; do
    [ ! -e $directory/main.json ] || fail "$directory: a part wrote results"
    "$program" gather $directory >out 2>err || fail "gather $directory"
    same "$directory" one.json $directory/main.json
done

# The launcher is told to end: whatever it leaves of the time, nothing is lost.
long="run --preset smoke --samples 0 --variant relu --seeds 1 --steps 3000 --verbose"
launcher()
{
    pid=$(rank_pid 0)
    while [ "$pid" -gt 1 ] && ! tr '\0' ' ' <"/proc/$pid/cmdline" | grep -qE "^[^ ]*($MPIRUN|prterun) "; do
        pid=$(ps -o ppid= -p "$pid" | tr -d ' ')
    done
    echo "$pid"
}
# shellcheck disable=SC2086
{
    "$program" $long --quiet --threads 2 --jobs 1 -o long.json >out 2>err || fail "a longer training"
    ranks_begin 2 "$mpi" $long --threads 1 --checkpoint-every 20 -o ended.json
    has_state() { [ -n "$(find "$1.run" -name '*.state' 2>/dev/null)" ]; }
    wait_until has_state ended.json || fail "no state"
    pid=$(launcher)
    [ "$pid" -gt 1 ] && kill -TERM "$pid"
    wait $child && fail "SIGTERM to the launcher: status 0"
    has_state ended.json || fail "SIGTERM to the launcher: no state is left"
    ranks 2 "$mpi" $long --threads 1 -o ended.json --resume >out 2>err || fail "SIGTERM to the launcher: no going on"
    grep -q 'step 0/' err && fail "SIGTERM to the launcher: it starts anew"
    same "SIGTERM to the launcher" long.json ended.json

    ranks_begin 2 "$mpi" $long --threads 1 --checkpoint-every 20 -o killed.json
    wait_until has_state killed.json || fail "no state"
    kill -KILL "$(rank_pid 0)"
    wait $child && fail "rank 0 is killed: status 0"
    "$program" $long --threads 2 --jobs 1 -o killed.json --resume >out 2>err || fail "rank 0 is killed: no going on"
    grep -q 'step 0/' err && fail "rank 0 is killed: it starts anew"
    same "rank 0 is killed" long.json killed.json
}

# No room for the results: no launcher reports success, and what is done is there when there is room.
if [ -n "$isolated" ] && unshare --mount true 2>/dev/null; then
    mkdir full kept
    # shellcheck disable=SC2016,SC2086 # for the inner shell; several words
    unshare --mount sh -c 'mount -t tmpfs -o size=12k none full && cd full && "$@"
        status=$?; cp -R o.json.run ../kept; exit $status' sh unshare --net sh -c "$network" sh \
        "$MPIRUN" $mpi_flags -np 2 "$mpi" $long --threads 1 --quiet -o o.json >out 2>err &&
        fail "a full disk: status 0"
    grep -q 'cannot write o.json.*No space left' err || fail "a full disk: no word of it"
    # shellcheck disable=SC2086
    (cd kept && ranks 2 "$mpi" $long --threads 1 -o o.json --resume) >out 2>err || fail "a full disk: no going on"
    same "a full disk" long.json kept/o.json
fi
exit $failed
