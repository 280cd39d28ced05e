#!/bin/sh
# soak.sh - work goes on for long and leaves nothing behind: the memory, the open files and the
# threads of one process do not grow with what it has done.
#
#     test/soak.sh SECONDS      (or: make soak SOAK_MINUTES=30)
#
# Half of the time goes to a process that makes run after run of the smoke preset, the other half to
# one that makes step after step, with evaluations and checkpoints, on text that is read again and
# again.  A line of talk is the measure of what is done.
seconds=${1:?usage: soak.sh SECONDS}
. "$(dirname "$0")/scratch.sh"

# watch SECONDS: sample the process $child until they are over: lines of talk, KiB of memory that is
# its own, open files, threads.
watch()
{
    interval=$(awk "BEGIN { print $1 / 160 < 0.05 ? 0.05 : $1 / 160 }")
    end=$(($(date +%s) + $1))
    while [ "$(date +%s)" -lt $end ]; do
        sleep "$interval"
        memory=$(sed -n 's/^RssAnon:[^0-9]*\([0-9]*\).*/\1/p' /proc/$child/status)
        [ -n "$memory" ] || break
        echo "$(wc -l <err) $memory $(ls /proc/$child/fd | wc -l) $(ls /proc/$child/task | wc -l)"
    done >samples
}

# soak NAME SECONDS LIMIT ARGUMENT...: the process may grow by LIMIT KiB from line to line.
soak()
{
    name=$1 time=$2 limit=$3
    shift 3
    "$program" --preset smoke --samples 0 --output "$name.json" "$@" >out 2>err &
    child=$!
    watch "$time"
    kill -TERM $child 2>kill
    wait $child
    status=$?
    [ $status = 143 ] || fail "$name: status $status"
    tail -n 20 err >end && mv end err # enough to see what it did
    # The first quarter warms up.  What is left is fitted by a line; files and threads come and go,
    # so of these the fewest of its first and of its second half are compared.
    awk -v name="$name" -v limit="$limit" '
        { done[NR] = $1; memory[NR] = $2; files[NR] = $3; threads[NR] = $4 }
        function least(what, from, to,    m)
        {
            for (m = what[from]; from <= to; from++)
                m = what[from] < m ? what[from] : m
            return m
        }
        END {
            first = int(NR / 4) + 1
            for (i = first; i <= NR; i++) {
                n++; x += done[i]; y += memory[i]; xx += done[i] ^ 2; xy += done[i] * memory[i]
            }
            spread = n * xx - x * x
            if (NR < 12 || spread <= 0) {
                print name ": too little was done in the time: " NR " samples, " done[NR] " lines"
                exit 1
            }
            slope = (n * xy - x * y) / spread
            middle = int((first + NR) / 2)
            printf "%s: %d lines of talk; own memory %d KiB after %d, %d KiB at the end, %+.2f KiB a line",
                   name, done[NR], memory[first], done[first], memory[NR], slope
            f = least(files, first, middle); f2 = least(files, middle + 1, NR)
            t = least(threads, first, middle); t2 = least(threads, middle + 1, NR)
            printf "; open files %d, then %d; threads %d, then %d\n", f, f2, t, t2
            exit slope > limit || f2 > f || t2 > t
        }' samples || fail "$name: it grows, or did too little"
}

# tables FIRST LAST: multiplication tables as documents.
tables()
{
    awk -v first="$1" -v last="$2" 'BEGIN {
        for (i = first; i <= last; i++) {
            printf "{\"text\": \""
            for (k = 1; k <= 50; k++)
                printf "%d times %d is %d. ", i, k, i * k
            print "\"}"
        }
    }'
}

# Sanitizers keep what is freed; LeakSanitizer looks for what is lost there.
if ldd "$program" 2>/dev/null | grep -q 'lib[abtu]*san'; then
    echo "built with a sanitizer"
    exit 1
fi
tables 1 99 | gzip >train.json.gz
tables 100 109 >heldout.json
# One variant: tests between several, made anew for every table, would take most of the time.  A run
# that is done stays in the results: jansson's nodes for a row of two evaluations take 5 KiB, twice, and
# its text 1 KiB; mallinfo agrees.  11 KiB a run were seen in half an hour and up to 24 in the first
# minutes; the model of one run takes 1.4 MiB.  An evaluation more takes 0.4 KiB.
soak runs $((seconds / 2)) 32 --variant swiglu --seeds 10000 --heldout-examples 1 --evaluate-every 30
soak steps $((seconds / 2)) 1 --variant swiglu --steps 1000000000 --verbose --evaluate-every 20 \
    --checkpoint-every 50 --corpus train.json.gz --heldout heldout.json --jobs 1 --threads 2
exit $failed
