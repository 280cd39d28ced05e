#!/bin/sh
# determinism.sh - the same seed, number of threads and size of a team give the same bits, in run after run and from
# build after build; and how far other threads and the other precision are from them.
#
#     test/determinism.sh [PROGRAM]...      (default: ./glubench twice)
#
# Prints the largest relative differences of all training losses and of all held-out
# log-perplexities.  GLUBENCH_RUN adds options: GLUBENCH_RUN='--preset tiny --steps 100'.
[ $# -gt 0 ] || set -- ./glubench ./glubench
builds=
for build; do
    case $build in
    /*) ;;
    *) build=$(pwd)/$build ;;
    esac
    builds="$builds $build"
done
. "$(dirname "$0")/scratch.sh"

# glu PROGRAM NAME PRECISION THREADS[xTEAM]: a run of that name, every loss of which is in NAME.losses, one
# a line.
glu()
{
    # shellcheck disable=SC2046,SC2086 # options, one per word
    "$1" --quiet --preset smoke --variant relu --variant swiglu --seeds 1 --samples 0 --jobs 1 \
        ${GLUBENCH_RUN-} --precision "$3" --threads $(echo "$4" | sed 's/x/ --team /') \
        --output "$2.json" \
        --dump-batches "$2.batches" >out 2>err || fail "$1, $3, $4 threads: status $?"
    sed -n 's/.*"loss_nats": \([^}]*\)}$/\1/p' "$2.batches" >"$2.losses"
    value "$2.json" heldout_log_perplexity_nats >"$2.heldout"
    rm -f "$2.batches"
}

# bits NAME: all of a run that its configuration decides.
bits()
{
    value "$1.json" parameters_sha256
    cat "$1.losses" "$1.heldout"
}

# difference FILE FILE: the largest of two columns of numbers.
difference()
{
    paste "$1" "$2" | awk '
        { d = ($1 - $2) / $2; d = d < 0 ? -d : d; most = d > most ? d : most }
        END { printf "%.1e", most }'
}

# apart LIMIT NAME NAME TEXT: tell how far the first run is from the second; not beyond the limit.
apart()
{
    losses=$(difference "$2.losses" "$3.losses") heldout=$(difference "$2.heldout" "$3.heldout")
    printf '%-32s %14s %14s\n' "$4" "$losses" "$heldout"
    awk "BEGIN { exit !($losses < $1 && $heldout < $1) }" ||
        fail "$4: $losses and $heldout, not below $1"
}

precisions=f32
"$program" --quiet --preset smoke --steps 0 --variant relu --samples 0 --precision bf16 \
    --output x.json >out 2>err && precisions="f32 bf16"
for precision in $precisions; do
    for threads in 1 2 3 4x2; do
        first=
        for build in $builds; do
            name=$precision-$threads
            glu "$build" "${first:+again-}$name" "$precision" $threads
            bits "${first:+again-}$name" >bits
            if [ -z "$first" ]; then
                first=$build
                mv bits first
                [ -s "$name.losses" ] && [ -s "$name.heldout" ] || fail "$name: no losses"
            elif ! cmp -s first bits; then
                fail "$build, $precision, $threads threads: not the bits of $first"
            fi
        done
    done
done

# Who does a share of a batch decides nothing: one thread has them all, or others hold up some threads.
for build in $builds; do
    for threads in 2 3; do
        (
            OMP_THREAD_LIMIT=1
            export OMP_THREAD_LIMIT
            glu "$build" alone f32 $threads
        )
        sh -c 'while :; do :; done' &
        spinning=$!
        glu "$build" beside f32 $threads
        kill $spinning
        wait $spinning 2>/dev/null
        bits f32-$threads >first
        for name in alone beside; do
            bits $name >bits
            cmp -s first bits || fail "$build, $threads threads: other bits $name"
        done
    done
done

printf '%-32s %14s %14s\n' 'largest relative difference of' 'training loss' 'held-out'
for precision in $precisions; do
    # ten to a hundred times what was seen
    [ "$precision" = f32 ] && limit=1e-5 || limit=0.05
    for threads in 2 3 4x2; do
        apart $limit "$precision-$threads" "$precision-1" "$precision, $threads threads to 1"
    done
done
[ "$precisions" = f32 ] || apart 0.05 bf16-1 f32-1 "bf16 to f32"
exit $failed
