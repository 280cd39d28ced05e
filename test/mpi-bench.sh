#!/bin/sh
# bench --exchange: what ranks cost, of one rank, of two and of two that a launcher has bound; the results are
# valid and every table of them prints.
. "$(dirname "$0")/mpirun.sh"
. "$(dirname "$0")/scratch.sh"
mpi=${program}_mpi
[ -x "$mpi" ] || { echo "built without MPI"; exit 77; }
bench="bench --preset smoke --threads 1 --quiet --samples 3"

# numbers FILE KEY: how many samples the last row has.
numbers()
{
    sed -n "s/^ *\"$2\": \[\(.*\)\],*\$/\1/p" "$1" | sed -n '$p' | tr ',' '\n' | grep -c '[0-9]'
}

# shellcheck disable=SC2086
{
    ranks 2 "$mpi" $bench --exchange -o two.json >table 2>err || fail "2 ranks"
    ranks 1 "$mpi" $bench --exchange --variant relu --variant swiglu -o one.json >out 2>err || fail "1 rank"
    ranks 2 "$mpi" $bench --exchange-size 1.5 -o size.json >out 2>err || fail "a size"
}
for file in two one size; do
    "$program" validate --quiet $file.json >out 2>err || fail "$file: results that are not valid"
done
grep -q 'The exchange between ranks' table && grep -q 'A training step by all ranks' table || fail "no tables"
for key in samples_s bare_samples_s apart_samples_s; do
    [ "$(numbers two.json $key)" = 3 ] || fail "2 ranks: not 3 of $key"
done
[ "$(value two.json ranks | tr '\n' ' ')" = "2 2 " ] || fail "2 ranks: the results do not say how many"
value two.json rate_vs_bare | grep -q '^[0-9]' || fail "2 ranks: no rate beside bare calls"
value two.json speed_vs_apart | grep -q '^[0-9]' || fail "2 ranks: no share of the exchange"
[ "$(value two.json bytes | sed -n '$p')" = "$((4 * $(sed -n 's/^ *"parameters": \([0-9]*\),$/\1/p' two.json | sed -n '$p')))" ] ||
    fail "2 ranks: not a gradient's bytes"
[ "$(value two.json variant | sed -n '$p')" = relu ] || fail "2 ranks: not the baseline"
# One process with the threads of both is measured where it has the processors.
[ "$(nproc)" = 1 ] || [ "$(numbers two.json alone_samples_s)" = 3 ] || fail "2 ranks: nothing of one process"
if command -v taskset >/dev/null; then
    processor=$(taskset -cp $$ | sed 's/.*: //; s/[-,].*//')
    # shellcheck disable=SC2086
    ranks 2 taskset -c "$processor" "$mpi" $bench --exchange -o bound.json >out 2>err || fail "one processor"
    [ "$(numbers bound.json alone_samples_s)" = 0 ] || fail "one processor: two threads of one process"
    [ "$(value bound.json speed_vs_alone)" = null ] || fail "one processor: a speed beside nothing"
fi
[ "$(value one.json ranks | tr '\n' ' ')" = "1 1 " ] || fail "1 rank: not a row for each variant"
grep -q '"exchange": \[\]' one.json || fail "1 rank: an exchange"
[ "$(value size.json bytes | sed -n '$p')" = 1500000 ] || fail "a size: other bytes"
grep -q rank_steps size.json && fail "a size: steps"

for format in terminal markdown csv latex json; do
    for table in exchange ranks; do
        "$program" report --format $format --table $table two.json >out 2>err && [ -s out ] && [ ! -s err ] ||
            fail "report --format $format --table $table"
    done
done

# What is of one process is refused by several, and a signal to any of them ends it, with what there is.
for what in --profile '--exchange --ffn'; do
    # shellcheck disable=SC2086
    ranks 2 "$mpi" $bench $what -o none.json >out 2>err
    [ $? = 2 ] && [ "$(grep -c 'glubench: there are 2 ranks.*start one for' err)" = 1 ] || fail "$what: not refused"
done
# shellcheck disable=SC2086
ranks 2 "$mpi" $bench --exchange --samples 5000 -o stopped.json >out 2>err &
child=$!
is_there() { [ -n "$(rank_pid 1)" ] && [ "$(tr '\0' ' ' <"/proc/$(rank_pid 1)/cmdline" | cut -c1)" = / ]; }
wait_until is_there || fail "no rank 1"
sleep 1
kill -TERM "$(rank_pid 1)"
wait $child
[ $? = 143 ] || fail "SIGTERM to rank 1: not status 143"
grep -q 'interrupted; the results so far are in stopped.json' err || fail "SIGTERM to rank 1: not said"
"$program" validate --quiet stopped.json >out 2>err || fail "SIGTERM to rank 1: no valid results"
exit $failed
