#!/bin/sh
# Tasks under MPI: groups of one rank train runs of their own; ranks that would train one model together are
# refused.
. "$(dirname "$0")/mpirun.sh"
. "$(dirname "$0")/scratch.sh"
mpi=${program}_mpi
[ -x "$mpi" ] || { echo "built without MPI"; exit 77; }

{
    printf 'input\ttarget\n'
    awk 'BEGIN { for (i = 0; i < 40; i++) printf "%d and %d\t%s\n", i * 7 % 11, i, (i * 7 % 11 > 5 ? "large" : "small") }'
} >train.tsv
{ sed -n 1p train.tsv; sed -n '3p;9p;12p;20p' train.tsv | sed 's/and/und/'; } >dev.tsv
task="--preset smoke --input-length 32 --target-length 16 --batch 2 --samples 0 --force --task tsv:train.tsv,dev.tsv
    --variant relu --variant swiglu --seeds 2 --steps 6 --quiet"

# shellcheck disable=SC2086
"$program" run $task --threads 1 --jobs 1 -o one.json >out 2>err || fail "a process by itself"
# shellcheck disable=SC2086
ranks 2 "$mpi" run $task --threads 1 --ranks-per-run 1 -o two.json --predictions kept >out 2>err ||
    fail "--ranks-per-run 1: not status 0"
[ "$(value one.json parameters_sha256 | wc -l)" = 4 ] || fail "not four runs"
for key in parameters_sha256 heldout_log_perplexity_nats accuracy; do
    [ "$(value one.json $key)" = "$(value two.json $key)" ] || fail "two groups: another $key"
done
[ "$(find kept -name '*.jsonl' | wc -l)" = 4 ] || fail "two groups: not the predictions of four runs"

for option in '' '--ranks-per-run 2'; do
    # shellcheck disable=SC2086
    ranks 2 "$mpi" run $task --threads 1 $option -o none.json >out 2>err && fail "two ranks, one model: not refused"
    grep -q -e '--ranks-per-run: 2 ranks do not train one model together on a --task; give 1' err ||
        fail "two ranks, one model: refused without the reason"
    [ ! -e none.json ] || fail "two ranks, one model: refused, but there are results"
done
exit $failed
