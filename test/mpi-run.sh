#!/bin/sh
# One training by several ranks: the bits of one process with as many threads, whatever signal comes to
# whichever rank, and several groups of ranks.
. "$(dirname "$0")/mpirun.sh"
. "$(dirname "$0")/scratch.sh"
mpi=${program}_mpi
[ -x "$mpi" ] || { echo "built without MPI"; exit 77; }
smoke="run --preset smoke --samples 0 --force --variant relu"

# same WHAT FILE FILE: the runs of two results files came to the same.
same()
{
    for key in parameters_sha256 heldout_log_perplexity_nats train_loss_nats; do
        [ -n "$(value "$2" $key)" ] || fail "$1: no $key"
        [ "$(value "$2" $key)" = "$(value "$3" $key)" ] || fail "$1: another $key"
    done
}

# Ranks times threads are 4; masks of dropout, the curve and the losses of examples are the same too.
one="$smoke --seeds 1 --steps 12 --dropout 0.1"
# shellcheck disable=SC2086
"$program" $one --quiet --threads 4 --jobs 1 -o plain.json >out 2>err || fail "4 threads"
for split in 1x4 2x2 4x1; do
    # shellcheck disable=SC2086
    ranks ${split%x*} "$mpi" $one --quiet --threads ${split#*x} -o $split.json >out 2>err ||
        fail "$split: not status 0"
    same "$split (ranks x threads)" plain.json $split.json
    "$program" validate --quiet $split.json >out 2>err || fail "$split: results that are not valid"
done
grep -q '"ranks_per_run": 2' 2x2.json || fail "2x2: the results do not say how many ranks"
grep -q '"threads_per_run": 4' 2x2.json || fail "2x2: the results do not say how many threads"

# An optimizer that needs the norm of the whole gradient.
# shellcheck disable=SC2086
{
    "$program" $one --quiet --optimizer adamw --threads 2 --jobs 1 -o adamw.json >out 2>err || fail "adamw"
    ranks 2 "$mpi" $one --quiet --optimizer adamw --threads 1 -o adamw2.json >out 2>err || fail "adamw: ranks"
}
same "adamw" adamw.json adamw2.json

# A signal to one rank stops all at one step, and any number of ranks goes on.
long="$smoke --seeds 1 --steps 1500 --verbose"
# shellcheck disable=SC2086
"$program" $long --quiet --threads 4 --jobs 1 -o long.json >out 2>err || fail "a longer training"
# shellcheck disable=SC2086
ranks_begin 2 "$mpi" $long --threads 2 -o stopped.json
kill -TERM "$(rank_pid 1)"
wait $child
[ $? = 143 ] || fail "SIGTERM to rank 1: not status 143"
grep -q '"status": "interrupted"' stopped.json || fail "SIGTERM to rank 1: no results"
[ "$(find stopped.json.run -name '*.state' | wc -l)" = 1 ] || fail "SIGTERM to rank 1: not one state"
# shellcheck disable=SC2086
ranks 4 "$mpi" $long --threads 1 -o stopped.json --resume >out 2>err || fail "SIGTERM: no going on"
grep -q 'step 0/' err && fail "SIGTERM: it starts anew"
same "SIGTERM and other ranks" long.json stopped.json

# Asked for a checkpoint, it goes on; killed, it goes on from there.
# shellcheck disable=SC2086
ranks_begin 2 "$mpi" $long --threads 2 --checkpoint-every 1000 -o killed.json
kill -USR1 "$(rank_pid 1)"
has_state()
{
    [ -n "$(find killed.json.run -name '*.state')" ]
}
wait_until has_state || fail "SIGUSR1 to rank 1: no state"
kill -KILL "$(rank_pid 1)"
wait $child && fail "a rank that is killed: status 0"
# shellcheck disable=SC2086
"$program" $long --threads 4 --jobs 1 -o killed.json --resume >out 2>err || fail "SIGKILL: no going on"
grep -q 'step 0/' err && fail "SIGKILL: it starts anew"
same "SIGKILL and one process" long.json killed.json

# Groups of ranks take different runs, each once, and one file has them all.
all="run --preset smoke --samples 0 --force --variant relu --variant geglu --variant swiglu --seeds 2 --steps 4"
# shellcheck disable=SC2086
{
    "$program" $all --quiet --threads 2 --jobs 1 -o one.json >out 2>err || fail "6 runs"
    ranks 4 "$mpi" $all --threads 1 --ranks-per-run 2 -o groups.json >out 2>err || fail "2 groups"
}
same "2 groups" one.json groups.json
[ "$(grep -c '^\[[1-6]/6\] .*: held-out' err)" = 6 ] || fail "2 groups: not each run once"
[ -e groups.json.run ] && fail "2 groups: something is left beside the results"

# Weights that they begin from, and a study.
# shellcheck disable=SC2086
{
    "$program" $one --quiet --threads 2 --jobs 1 --save-checkpoint w -o w.json >out 2>err || fail "weights"
    "$program" $one --quiet --threads 2 --jobs 1 --init-checkpoint w -o from.json >out 2>err || fail "from weights"
    ranks 2 "$mpi" $one --quiet --threads 1 --init-checkpoint w -o from2.json >out 2>err ||
        fail "from weights: ranks"
    same "from weights" from.json from2.json
    ranks 2 "$mpi" $one --quiet --threads 2 --ranks-per-run 1 --vary learning-rate=.01,.02 -o study \
        >out 2>err || fail "a study"
    "$program" $one --quiet --threads 2 --jobs 1 --learning-rate .01 -o rate.json >out 2>err || fail "a rate"
}
same "a study" rate.json study/0.01.json

# A disk that is full: no checkpoint, and the training goes on.
if [ -n "$isolated" ] && unshare --mount true 2>/dev/null; then
    mkdir full
    # shellcheck disable=SC2016,SC2086 # for the inner shell; several words
    ranks 2 true && unshare --mount sh -c 'mount -t tmpfs -o size=100k none full && cd full && "$@"
        status=$?; cp o.json ..; exit $status' sh unshare --net sh -c "$network" sh "$MPIRUN" $mpi_flags -np 2 \
        "$mpi" $one --threads 2 --checkpoint-every 5 -o o.json >out 2>err || fail "a full disk: not status 0"
    grep -q 'no checkpoint was written.*No space' err || fail "a full disk: no word of it"
    same "a full disk" plain.json o.json
fi
exit $failed
