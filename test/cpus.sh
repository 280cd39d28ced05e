#!/bin/sh
# cpus.sh - what decides the number of threads, and where jobs run, of the whole program.
. "$(dirname "$0")/scratch.sh"
unset OMP_NUM_THREADS OMP_PROC_BIND OMP_PLACES OMP_THREAD_LIMIT GOMP_CPU_AFFINITY

# threads_of [NAME=VALUE]...: the threads of a run and what they come from; options in $options.  The
# first of the two numbers in its results is the machine's.
threads_of()
{
    # shellcheck disable=SC2086
    env "$@" "$program" run --preset smoke --variant relu --steps 1 --heldout-examples 1 --samples 0 \
        --quiet --force --output threads.json $options >out 2>err
    echo "$(value threads.json threads | tail -n 1) $(value threads.json threads_from)"
    rm -f threads.json
}

# expect WANTED [NAME=VALUE]...
expect()
{
    wanted=$1
    shift
    got=$(threads_of "$@")
    [ "$got" = "$wanted" ] || fail "$*: '$got', not '$wanted'"
}

options=
plain=$(threads_of A=1)
cores=${plain% *}
expect '1 OMP_NUM_THREADS' OMP_NUM_THREADS=1
expect '3 OMP_NUM_THREADS' OMP_NUM_THREADS=3,1
expect "$plain" OMP_NUM_THREADS=0
expect "$plain" OMP_NUM_THREADS=2000
expect "$plain" OMP_THREAD_LIMIT=1000
[ "$cores" -lt 2 ] || expect '1 OMP_THREAD_LIMIT' OMP_THREAD_LIMIT=1
OMP_NUM_THREADS=1 "$program" plan --preset smoke >out 2>err
grep -q '1 thread, as OMP_NUM_THREADS says' out || fail "plan does not say what decides"
OMP_NUM_THREADS=1000 "$program" plan --preset smoke >out 2>err
grep -q 'OMP_NUM_THREADS 1000 is more than the' err || fail "no warning of too many threads"
options='--threads 1'
expect '1 given' OMP_NUM_THREADS=2
options=
# OpenMP makes places of what it reads in /sys, and binds nothing without.
has_places()
{
    OMP_PROC_BIND=true OMP_DISPLAY_ENV=true "$program" --version 2>&1 | grep -q "OMP_PLACES = '{"
}
case $plain in
*affinity) ! has_places || expect "$cores places" OMP_PROC_BIND=true ;;
esac

# Two jobs are in two places.
if [ "$cores" -ge 2 ] && [ -r /proc/self/task ] && has_places; then
    OMP_PROC_BIND=true
    export OMP_PROC_BIND
    begin --preset smoke --variant relu --variant swiglu --seeds 1 --samples 0 --steps 100000 \
        --threads 2 --jobs 2
    two_begin() { [ "$(grep -c 'step 0/' err)" -ge 2 ]; }
    wait_until two_begin || fail "no second training begins"
    places=$(sed -n 's/^Cpus_allowed_list:[[:space:]]*//p' /proc/"$child"/task/*/status | sort -u | wc -l)
    kill -INT "$child"
    wait "$child"
    [ "$places" -ge 2 ] || fail "two jobs share one place"
    unset OMP_PROC_BIND
fi

# bound_to WANTED [OPTION]... with NAME=VALUE in $setting: so many sets of processors have the threads of
# a training.
bound_to()
{
    wanted=$1
    shift
    # shellcheck disable=SC2086,SC2163
    [ -z "$setting" ] || export $setting
    begin --preset smoke --variant relu --variant swiglu --seeds 1 --samples 0 --steps 1000000 --restart "$@"
    sets=$(sed -n 's/^Cpus_allowed_list:[[:space:]]*//p' /proc/"$child"/task/*/status | sort -u | wc -l)
    kill -INT "$child"
    wait "$child"
    [ "$sets" -eq "$wanted" ] || fail "$setting $*: $sets sets of processors, not $wanted"
    # shellcheck disable=SC2086
    unset ${setting%%=*}
}

# A thread for every processor stays there; fewer, and those that wait for no others, go where they are put.
if [ "$cores" -ge 2 ] && [ "$cores" -le 8 ] && [ -r /proc/self/task ] && [ "${plain#* }" = affinity ]; then
    setting=
    bound_to "$cores" --threads "$cores" --jobs 1
    bound_to 1 --threads "$cores" --jobs "$cores"
    [ "$cores" -lt 3 ] || bound_to 1 --threads 2 --jobs 1
    setting=OMP_PROC_BIND=false
    bound_to 1 --threads "$cores" --jobs 1
fi
exit $failed
