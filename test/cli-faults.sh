#!/bin/sh
# Files that cannot be written: directories without permission, a file system that is read-only, one
# that is full, directories that vanish while a sweep runs, and a standard output that is full.  Each
# time the program says which file it was, leaves a status that is not 0, and leaves alone what was
# there before.
# Mounts need a name space of their own.
if [ -z "$GLUBENCH_NAMESPACE" ] && [ "$(id -u)" = 0 ] && unshare -m true >/dev/null 2>&1; then
    GLUBENCH_NAMESPACE=yes exec unshare -m "${SHELL:-/bin/sh}" "$0" "$@"
fi
. "$(dirname "$0")/scratch.sh"
# shellcheck disable=SC2317
clean_up()
{
    cd /
    [ -z "$mounted" ] || umount $mounted
    chmod -R u+w "$directory"
    rm -rf "$directory"
}
trap clean_up 0
mounted=
smoke="--quiet --preset smoke --steps 4 --batch 4 --heldout-examples 4 --variant relu --samples 0
    --threads 1"

# Root may write everywhere, so it asks somebody else to run the program.
as_user=
if [ "$(id -u)" = 0 ]; then
    as_user='setpriv --reuid=65534 --regid=65534 --clear-groups'
    chmod 755 .
    cp "$program" glubench && program=$directory/glubench
    $as_user "$program" --version >out 2>err || {
        echo "nobody else can run programs here: permissions are not tested"
        as_user=none
    }
fi

# glu ARGUMENT...: run the short sweep with more arguments.
glu()
{
    # shellcheck disable=SC2086
    timeout 300 $run_as "$program" $smoke "$@" >out 2>err </dev/null
}

# refused NAME ARGUMENT...: the program fails with status 1 and names NAME.
refused()
{
    name=$1
    shift
    glu "$@"
    status=$?
    [ $status -eq 1 ] || fail "$*: status $status, not 1"
    grep -q -e "$name" err || fail "$*: does not name $name"
}

# The runs without their times.
bits()
{
    sed -n '/"runs":/,/"throughput":/p' "$1" |
        grep -v -e '_s"' -e '"peak_memory_bytes"' -e '"equal_' -e '"pareto'
}

# What is refused is refused before the training, and leaves $1 as it was.
refuse_writes_below()
{
    find "$1" | sort >before
    cp "$1/old.json" old
    refused "$1/x.json" --output "$1/x.json"
    refused "$1/old.json" --output "$1/old.json"
    refused "$1/dump" --dump-batches "$1/dump" --output good.json
    refused "$1/weights" --save-checkpoint "$1/weights" --output good.json
    refused "$1" --save-checkpoint "$1" --output good.json
    refused "$1/x.json" --output "$1/x.json" --resume
    refused "$1/x.json" --output "$1/x.json" --restart
    refused 'old.json: Not a dir' --save-checkpoint "$1/old.json/w" --output good.json
    refused 'old.json: Not a dir' --save-checkpoint "$1/old.json" --output good.json
    find "$1" | sort >after
    cmp -s before after && cmp -s old "$1/old.json" || fail "$1 has changed: $(diff before after)"
    [ ! -e good.json ] && [ ! -e good.json.run ] || fail "refused, and something is written"
}

run_as=
glu --output whole.json || fail "a sweep"
bits whole.json >expected

# Permissions.
mkdir locked mine
cp whole.json locked/old.json
chmod 444 locked/old.json
chmod 555 locked
if [ "$as_user" != none ]; then
    [ -z "$as_user" ] || chown 65534 mine before after out err 2>chown
    run_as=$as_user
    chmod 777 . # good.json would be written here
    refuse_writes_below locked
    mkdir mine/x.json.run
    chmod 555 mine/x.json.run
    [ -z "$as_user" ] || chown 0 mine/x.json.run
    refused mine/x.json.run --output mine/x.json
    run_as=
fi

# mount_at DIRECTORY SIZE: a file system of its own.
mount_at()
{
    mkdir "$1" && mount -t tmpfs -o size="$2" none "$1" 2>err && mounted="$mounted $directory/$1"
}

if [ -n "$GLUBENCH_NAMESPACE" ] && mount_at fixed 1m && mount_at small 200k; then
    # A file system that is read-only, also for root.
    cp whole.json fixed/old.json
    mount -o remount,ro fixed
    refuse_writes_below fixed

    # One that fills up: the results that were there stay, and there is room again for the rest.
    cp whole.json small/x.json
    "$program" validate small/x.json >out 2>err || fail "validate"
    dd if=/dev/zero of=small/ballast bs=1k 2>dd
    refused small/x.json --output small/x.json
    cmp -s whole.json small/x.json || fail "a full disk changes the old results"
    [ ! -e small/x.json.run ] || fail "a full disk keeps an empty run directory"
    rm small/x.json
    dd if=/dev/zero of=small/ballast bs=1k count=185 2>dd
    # Now there is room for a start, but not for a checkpoint, nor for the results.
    refused small/x.json --checkpoint-every 1 --output small/x.json
    grep -q 'No space left' err || fail "no word of the full disk"
    rm small/ballast
    glu --resume --output small/x.json || fail "going on when there is room"
    bits small/x.json >bits
    cmp -s expected bits || fail "other results after a full disk"
    [ "$(ls small)" = x.json ] || fail "left on the disk: $(ls small)"
else
    echo "no mounts here: a read-only and a full file system are not tested"
fi

# The run directory vanishes: that is said at the next checkpoint, and the results are still written.
# shellcheck disable=SC2086
begin ${smoke#--quiet} --steps 1000000 --output gone.json
rm -r gone.json.run
kill -USR1 $child
wait_until grep -q 'no checkpoint was written.*gone.json.run' err ||
    fail "no word of the run directory that is gone"
kill -TERM $child
wait $child
status=$?
[ $status = 143 ] || fail "interrupted without a run directory: status $status"
grep -q '"status": "interrupted"' gone.json || fail "interrupted without a run directory: no row"
glu --resume --steps 4 --output gone.json && fail "another configuration goes on"

# The directory of the results vanishes: the results are at least told.  Batches that nobody reads yet
# hold the training until it is gone.
mkdir -p gone/there
mkfifo batches
exec 3<>batches
# shellcheck disable=SC2086
begin ${smoke#--quiet} --variant swiglu --steps 100 --dump-batches batches \
    --output gone/there/x.json
rm -r gone
cat batches >/dev/null 3<&- &
wait $child
status=$?
exec 3<&-
[ $status = 1 ] || fail "no directory for the results: status $status"
grep -q 'gone/there/x.json' err || fail "no word of the results that could not be written"
grep -q 'FFN_SwiGLU  *1  *[0-9]' out || fail "results that could not be written are not told either"

# Batches that cannot be dumped: said at once, and in the end; the results are whole.
if [ -w /dev/full ]; then
    # shellcheck disable=SC2086
    "$program" ${smoke#--quiet} --dump-batches /dev/full --output dumped.json >out 2>err
    [ $? -eq 1 ] || fail "--dump-batches /dev/full: not status 1"
    [ "$(grep -c '/dev/full: No space left' err)" = 2 ] || fail "--dump-batches /dev/full: no reason"
    bits dumped.json >bits
    cmp -s expected bits || fail "--dump-batches /dev/full changes the results"

    # Every command that prints.
    sed 's/"seed": 1,/"seed": 2,/' whole.json >bad.json
    for arguments in list "list --format json" "plan $smoke" "report whole.json" \
        "report --format json whole.json" "compare whole.json dumped.json" "validate bad.json" \
        "run $smoke --output full.json" \
        "bench $smoke --samples 2 --output bench.json" "run --help" --version; do
        # shellcheck disable=SC2086
        "$program" $arguments >/dev/full 2>err && fail "$arguments >/dev/full succeeds"
        grep -q 'standard output: No space left' err || fail "$arguments >/dev/full does not say why"
    done
    bits full.json >bits
    cmp -s expected bits || fail "the results are not written when the table cannot be printed"
fi

exit $failed
