#!/bin/sh
# What is wrong with ranks is said before any training, once, and no launcher reports success.
. "$(dirname "$0")/mpirun.sh"
. "$(dirname "$0")/scratch.sh"
mpi=${program}_mpi
[ -x "$mpi" ] || { echo "built without MPI"; exit 77; }
smoke="run --preset smoke --samples 0 --variant relu --seeds 1 --steps 4 --threads 1 -o r.json"

# refused WORDS N COMMAND...: so many ranks end with status 2 and these words, and nothing is made.
refused()
{
    words=$1
    shift
    ranks "$@" >out 2>err
    status=$?
    [ $status = 2 ] || fail "status $status: $words"
    grep -c "glubench:.*$words" err | grep -qx "${times:-1}" || fail "not said once: $words"
    [ ! -e r.json ] && [ ! -e r.json.run ] || fail "something is made: $words"
}

# Ranks that differ.  (Open MPI 5.0.7's launcher falls over two command lines.)
# shellcheck disable=SC2016 # for the inner shell
{
    verbose='[ "${OMPI_COMM_WORLD_RANK-$PMI_RANK}" = 1 ] || set -- "$@" -v; exec "$@"'
    by_rank='[ "${OMPI_COMM_WORLD_RANK-$PMI_RANK}" = 0 ] && set -- "$1" "$@" || set -- "$2" "$@"
        variable=$1; shift 3; exec env "$variable" "$@"'
}

# shellcheck disable=SC2086
{
    # Each by itself; the launcher ends the second where the first is quicker.
    times='[12]' refused 'SIZE says that 2 processes were started.*glubench_mpi' 2 "$program" $smoke
    refused '3 ranks do not divide 8 examples; give 6 or 9' 3 "$mpi" $smoke
    refused 'groups of 3 do not divide the 4 ranks' 4 "$mpi" $smoke --ranks-per-run 3
    refused '2 trainings side by side in each of 2 ranks' 2 "$mpi" $smoke --threads 2 --jobs 2
    refused 'there are 2 ranks, of which bench measures --exchange alone' 2 "$mpi" bench --preset smoke
    refused "no option '--bogus'" 2 "$mpi" $smoke --bogus
    refused "rank 0 has the argument '-v', rank 1 has no further" 2 sh -c "$verbose" sh "$mpi" $smoke
    refused "rank 0 has oneDNN's ISA.*, rank 1 has oneDNN's ISA sse41" 2 sh -c "$by_rank" sh ANY=1 \
        ONEDNN_MAX_CPU_ISA=SSE41 "$mpi" $smoke
    refused 'rank 0 has "threads": 1, rank 1 has "threads": 2' 2 sh -c "$by_rank" sh OMP_NUM_THREADS=1 \
        OMP_NUM_THREADS=2 "$mpi" run --preset smoke -o r.json
}

# Started by the launcher of another MPI, it is alone.
# shellcheck disable=SC2086
for variable in PMI_SIZE OMPI_COMM_WORLD_SIZE SLURM_STEP_NUM_TASKS; do
    env $variable=2 "$program" $smoke >out 2>err
    [ $? = 2 ] || fail "$variable: not status 2"
    grep -q "$variable says that 2 processes" err || fail "$variable: not named"
    env $variable=1 "$program" $smoke --quiet --steps 1 -o one.json --force >out 2>err || fail "$variable of 1"
done
# shellcheck disable=SC2086
timeout 60 env SLURM_STEP_NUM_TASKS=2 "$mpi" $smoke >out 2>err
[ $? = 2 ] || fail "another MPI's launcher: not status 2"
grep -q 'processes were started.*sees one; start glubench_mpi by the launcher' err || fail "another MPI's launcher"

# More threads than cores: a warning that names the launcher's option.
# shellcheck disable=SC2086
ranks 2 "$mpi" $smoke --steps 1 --threads 64 --batch 2 -o warned.json >out 2>err || fail "64 threads"
[ "$(grep -c 'more than.*bind-to none' err)" = 1 ] || fail "64 threads: no warning, or not one"

# What needs one process is done by one.
ranks 2 "$mpi" --version >out 2>err || fail "--version"
[ "$(grep -c '^glubench ' out)" = 1 ] || fail "--version: not once"
grep -q '^with MPI, .*[0-9]' out || fail "--version: without the library of MPI"
[ ! -s err ] || fail "--version: messages"
ranks 2 "$mpi" --help >out 2>err || fail "--help"
[ "$(grep -c '^Usage: ' out)" = 1 ] || fail "--help: not once"
[ ! -s err ] || fail "--help: messages"
ranks 2 "$mpi" list --format json >out 2>err || fail "list"
python3 -m json.tool out >tool 2>&1 || fail "list: not one document"

# A rank that cannot go on says why and ends all.
seq -f 'A line of text, number %g, that a model may read.' 400 >text
seq -f 'Another line, number %g, that is held out.' 400 >held
# shellcheck disable=SC2086
ranks_begin 2 "$mpi" $smoke --verbose --corpus text --heldout held --steps 100
echo "And one more." >>text
wait $child && fail "a text that changes: status 0"
grep -q 'glubench:.*text.*changed' err || fail "a text that changes: not said"
exit $failed
