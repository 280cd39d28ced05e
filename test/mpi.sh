#!/bin/sh
# Sums, agreements and groups of ranks, as src/comm/mpi.c promises them, on 1 to 4 of them.
. "$(dirname "$0")/mpirun.sh"
. "$(dirname "$0")/scratch.sh"
tests=$(dirname "$program")/test-mpi
[ -x "$tests" ] || { echo "built without MPI"; exit 77; }

for count in 1 2 3 4; do
    ranks $count "$tests" >out 2>err || fail "$count ranks: not status 0"
    grep -q '^1\.\.' out || fail "$count ranks: no plan"
    grep '^not ok' out && fail "$count ranks"
done
exit $failed
