# shellcheck shell=sh
# mpirun.sh - how tests start several ranks on this machine: before scratch.sh,
#
#     . "$(dirname "$0")/mpirun.sh"
#     ranks 4 COMMAND...
#
# They speak over the loopback, in a network of their own where that can be made, so that neither the
# machine's network nor its absence matters.  Ends the test as skipped where there is no launcher;
# MPIRUN=COMMAND is another one than mpirun, of the library that the program is built with.
MPIRUN=${MPIRUN-mpirun}
command -v "$MPIRUN" >/dev/null || { echo "no $MPIRUN"; exit 77; }
mpi_flags=''
isolated=''
case $("$MPIRUN" --version 2>&1) in
*'Open MPI) 4'*)
    mpi_flags='--oversubscribe --bind-to none'
    export OMPI_MCA_btl=self,vader OMPI_MCA_oob_tcp_if_include=lo
    ;;
*'Open MPI'*)
    mpi_flags='--oversubscribe --bind-to none'
    export OMPI_MCA_btl=self,sm
    ;;
esac
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
export OMP_WAIT_POLICY=passive OMPI_MCA_mpi_yield_when_idle=1
# What a library of MPI leaves behind at its end is no leak of ours; other tests look for those.
export ASAN_OPTIONS="${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0"
# shellcheck disable=SC2016 # for the inner shell
network='ip link set lo up && exec "$@"'
if unshare --net sh -c "$network" sh true 2>/dev/null; then
    isolated=yes
fi

# ranks N COMMAND...: so many of them, in the foreground.
ranks()
{
    count=$1
    shift
    # shellcheck disable=SC2086 # several words
    set -- "$MPIRUN" $mpi_flags -np "$count" "$@"
    [ -z "$isolated" ] || set -- unshare --net sh -c "$network" sh "$@"
    "$@"
}

# ranks_begin N COMMAND...: in the background, $child, with the first run of a `run --verbose` training
# by now; its words are in the files out and err.
ranks_begin()
{
    : >err
    ranks "$@" >out 2>err &
    child=$!
    wait_until grep -q '\[1/.*step 0/' err || fail "no training begins: $*"
}

# rank_pid K: the process of $child that is rank K.
rank_pid()
{
    ps -eo pid=,ppid= | awk -v top="$child" '
        { parent[$1] = $2 }
        END { for (p in parent) for (q = p; q in parent; q = parent[q]) if (parent[q] == top) print p }' |
        while read -r pid; do
            if tr '\0' '\n' <"/proc/$pid/environ" 2>/dev/null |
                grep -qE "^(OMPI_COMM_WORLD_RANK|PMI_RANK)=$1\$"; then
                echo "$pid"
            fi
        done | head -1
}
