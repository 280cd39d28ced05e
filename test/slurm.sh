#!/bin/sh
# contrib/slurm/study.sh on a Slurm of one machine, alone in namespaces of its own: an array whose second task is
# told that its time is up, and is requeued, and a job that gathers; the bits are those of one program.
case ${1-} in
inside)
    cd "$2" || exit 99
    ;;
*)
    PATH=$PATH:/usr/sbin:/sbin
    srcdir=$(cd "$(dirname "$0")/.." && pwd)
    for tool in bash unshare ip munged slurmctld slurmd sbatch; do
        command -v $tool >/dev/null || { echo "no $tool"; exit 77; }
    done
    [ "$(id -u)" = 0 ] || { echo "not root"; exit 77; }
    unshare --net --pid --fork --mount-proc true 2>/dev/null || { echo "no namespaces"; exit 77; }
    test=$srcdir/test/slurm.sh
    . "$srcdir/test/scratch.sh"
    export PATH program srcdir
    timeout 120 unshare --net --pid --fork --mount-proc --kill-child sh "$test" inside "$directory"
    exit
    ;;
esac

# ---- A Slurm --------------------------------------------------------------------------------------

# fail TEXT...: say so, with what was said, and end.
fail()
{
    echo "FAIL: $*" >&2
    tail -n 8 err log/*.log slurm-*.out >&2
    exit 1
}
wait_until()
{
    tries=0
    until "$@"; do
        [ $tries -lt 600 ] || return 1
        tries=$((tries + 1))
        sleep 0.1
    done
}
host=$(hostname -s)
mkdir state spool log
chmod 755 . # munged will have it so
ip link set lo up
ip address add 127.0.0.2/8 dev lo # slurmd and slurmctld with one address confuse each other
cat >slurm.conf <<END
ClusterName=test
SlurmctldHost=$host(127.0.0.1)
SlurmctldPort=16817
SlurmdPort=16818
SlurmUser=root
AuthType=auth/munge
AuthInfo=socket=$2/munge.socket,cred_expire=5
StateSaveLocation=$2/state
SlurmdSpoolDir=$2/spool
SlurmctldPidFile=$2/slurmctld.pid
SlurmdPidFile=$2/slurmd.pid
SlurmctldLogFile=$2/log/slurmctld.log
SlurmdLogFile=$2/log/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SwitchType=switch/none
MpiDefault=none
SchedulerType=sched/backfill
SchedulerParameters=sched_interval=1,bf_interval=1,batch_sched_delay=0,sched_min_interval=0
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
ReturnToService=2
KillWait=5
SlurmdParameters=config_overrides
NodeName=$host NodeAddr=127.0.0.1 CPUs=2 RealMemory=2000 State=UNKNOWN
PartitionName=main Nodes=ALL Default=YES MaxTime=INFINITE State=UP
END
# 24.11 needs this, and 22.05 does not know it.
case $(slurmd -V) in
*\ 2[0-2].*) ;;
*) echo CgroupPlugin=disabled >cgroup.conf ;;
esac
SLURM_CONF=$2/slurm.conf
export SLURM_CONF
head -c 128 /dev/urandom >munge.key
chmod 600 munge.key
munged --foreground --force --key-file="$2/munge.key" --socket="$2/munge.socket" --pid-file="$2/munged.pid" \
    --log-file="$2/log/munged.log" --seed-file="$2/munged.seed" 2>log/munged.err &
wait_until test -S munge.socket || fail "no munged"
slurmctld -D -c 2>log/slurmctld.err &
slurmd -D -c 2>log/slurmd.err &
is_idle() { sinfo -h -o %T 2>/dev/null | grep -q '^idle'; }
wait_until is_idle || fail "no Slurm"

# ---- The study ------------------------------------------------------------------------------------

options="--preset smoke --steps 600 --batch 4 --heldout-examples 4 --variant relu --variant swiglu --seeds 1
    --samples 0"
# The three places.
sed -e 's/^#SBATCH --time=.*/#SBATCH --time=5 --cpus-per-task=1 --mem=300M/' \
    -e "s|^program=.*|program=$program|" -e "s|^options=.*|options=($(echo $options) --checkpoint-every 30)|" \
    -e "s|^output=.*|output=$2/study|" "$srcdir/contrib/slurm/study.sh" >study.sh
chmod +x study.sh
./study.sh >out 2>err || fail "not submitted"
grep -q '^2 runs: array [0-9]*, gathered by job [0-9]*$' out || fail "does not say what was submitted"
array=$(sed -n 's/.*array \([0-9]*\).*/\1/p' out)
has_state() { find study/run -name 'swiglu*.state' 2>/dev/null | grep -q .; }
wait_until has_state || fail "no checkpoint"
scancel --batch --signal=USR1 "${array}_2" || fail "scancel"
is_over() { [ -z "$(squeue -h 2>/dev/null)" ] && [ -e study/main.json ]; }
wait_until is_over || fail "not over: $(squeue 2>&1)"
grep -q 'interrupted; what is done is in .*study, and the same command goes on' slurm-"$array"_2.out ||
    fail "the second task was not interrupted"
[ "$(grep -c 'part 2 of 2' slurm-"$array"_2.out)" = 2 ] || fail "the second task was not started again"
[ "$(cat slurm-*.out | grep -c 'held-out .* tokens/s')" = 2 ] || fail "not two runs, each once"
# shellcheck disable=SC2086
"$program" run $options --threads 1 -o one.json >out 2>err || fail "one program"
for file in one.json study/main.json; do
    grep parameters_sha256 $file >$file.sha || fail "no runs in $file"
done
cmp -s one.json.sha study/main.json.sha || fail "other bits than of one program"

# ---- Tasks of one step ------------------------------------------------------------------------------

# A part each.
# shellcheck disable=SC2016,SC2086 # for the inner shell; several words
srun -n 2 sh -c 'program=$1; shift; exec "$program" "$@" --cell "$((SLURM_PROCID + 1))/2"' sh "$program" run \
    $options --threads 1 --jobs 1 -o tasks >out 2>err || fail "a part by each of 2 tasks"
[ "$(grep -c 'part [12] of 2' err)" = 2 ] || fail "2 tasks: not a part each"
"$program" gather tasks >out 2>err || fail "2 tasks: gather"
grep parameters_sha256 tasks/main.json >tasks.sha
cmp -s one.json.sha tasks.sha || fail "2 tasks: other bits than of one program"

# All of it each, which nobody wants.
# shellcheck disable=SC2086
srun -n 2 "$program" run $options -o none.json >out 2>err && fail "the same by 2 tasks: status 0"
grep -q 'SLURM_STEP_NUM_TASKS says that 2 processes were started, and each would do the same' err ||
    fail "the same by 2 tasks: not refused"
if [ -x "${program}_mpi" ]; then
    # srun without the library's way to start ranks: the library may refuse by itself.
    # shellcheck disable=SC2086
    srun --mpi=none -n 2 "${program}_mpi" run $options -o none.json >out 2>err && fail "another --mpi: status 0"
    grep -q 'SLURM_STEP_NUM_TASKS says that 2 .*or srun by another --mpi\|using "*srun' err ||
        fail "another --mpi: not refused"
fi
[ ! -e none.json ] || fail "what is refused leaves results"

# Ranks in an allocation, by the library's own launcher.
if [ -x "${program}_mpi" ] && command -v "${MPIRUN-mpirun}" >/dev/null; then
    (
        . "$srcdir/test/mpirun.sh"
        # shellcheck disable=SC2086
        salloc -n 2 "$MPIRUN" $mpi_flags -np 2 "${program}_mpi" run $options --steps 20 --threads 1 -o ranks.json >out 2>err
    ) || fail "ranks in an allocation"
    # shellcheck disable=SC2086
    "$program" run $options --steps 20 --threads 2 --jobs 1 -o threads.json >out 2>err || fail "one program of 2 threads"
    for file in ranks threads; do
        grep parameters_sha256 $file.json >$file.sha
    done
    cmp -s threads.sha ranks.sha || fail "ranks in an allocation: other bits than of 2 threads"
fi
