#!/bin/bash
# study.sh - a study as a job array of Slurm: a task for each run, and a job behind them that gathers the
# results.  Edit the three places below and start it where jobs are submitted:
#
#     contrib/slurm/study.sh
#
# It may be started again at any time, for more seeds too: what is done is not done again.

# 1. What a run takes ('glubench plan' with the same options tells): time, processors, memory.
#SBATCH --time=08:00:00 --cpus-per-task=4 --mem=4G

# Five minutes before the end the script gets SIGUSR1 (see below); a node that fails starts the task anew.
#SBATCH --job-name=glubench --signal=B:USR1@300 --requeue --open-mode=append

# 2. The program and the trainings.
program=glubench
options=(--all-variants --preset mini --seeds 5)

# 3. Where all of it goes: a directory that every node sees.
output=$PWD/glubench-study

set -u
case ${1-submit} in
submit)
    runs=$("$program" cells "${options[@]}" -o "$output" | wc -l)
    [ "$runs" -gt 0 ] || exit 2
    array=$(sbatch --parsable --array="1-$runs" "$0" run "$runs") || exit
    # afterany: a run that failed must not keep the others from being gathered.
    after=$(sbatch --parsable --dependency="afterany:${array%%;*}" "$0" gather) || exit
    echo "$runs runs: array ${array%%;*}, gathered by job ${after%%;*}"
    ;;
run)
    # The last bits of a run depend on its threads, so they are given, and the same for all.
    "$program" run "${options[@]}" --threads "${SLURM_CPUS_PER_TASK:-1}" --jobs 1 -o "$output" \
        --cell "$SLURM_ARRAY_TASK_ID/$2" &
    child=$!
    requeue=
    trap 'requeue=yes; kill -TERM $child' USR1 # the end of the time is near: a checkpoint, and end
    trap 'kill -TERM $child' TERM
    while kill -0 $child 2>/dev/null; do
        wait $child # until it ends, or a signal was caught
    done
    wait $child
    status=$?
    if [ -n "$requeue" ] && [ $status -eq 143 ]; then
        scontrol requeue "${SLURM_ARRAY_JOB_ID}_$SLURM_ARRAY_TASK_ID"
    fi
    exit $status
    ;;
gather)
    "$program" gather "$output" # what is missing is in the job's output, each with its command
    ;;
esac
