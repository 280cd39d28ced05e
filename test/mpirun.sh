# shellcheck shell=sh
# mpirun.sh - how tests start several ranks on this machine: before scratch.sh,
#
#     . "$(dirname "$0")/mpirun.sh"
#     ranks 4 COMMAND...
#
# They speak over the loopback, in a network of their own where that can be made, so that neither the
# machine's network nor its absence matters.  Ends the test as skipped where there is no launcher.
command -v mpirun >/dev/null || { echo "no mpirun"; exit 77; }
mpi_flags= isolated=
case $(mpirun --version 2>&1) in
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
    set -- mpirun $mpi_flags -np "$count" "$@"
    [ -z "$isolated" ] || set -- unshare --net sh -c "$network" sh "$@"
    "$@"
}
