#!/bin/sh
# report, compare and validate by their exit status, on made-up results files; and LaTeX compiles
# the tables, where it is installed.
example=$(pwd)/results-example
. "$(dirname "$0")/scratch.sh"

# expect STATUS PATTERN ARGUMENT...: the pattern must stand on stdout or stderr.
expect()
{
    status=$1 pattern=$2
    shift 2
    timeout 60 "$program" "$@" >out 2>err </dev/null
    got=$?
    [ $got -eq "$status" ] && cat out err | grep -q -e "$pattern" && return
    fail "glubench $*: status $got, not $status, or no '$pattern'"
}

for kind in plain worse diverged bare slope flat; do
    "$example" 1-3 $kind $kind.json || exit 99
done
"$example" 4-5 plain more.json || exit 99
for kind in scores glue; do
    "$example" 1-3 $kind $kind.json || exit 99
done

expect 0 'FFN_SwiGLU  *3 ' report plain.json
expect 0 'FFN_SwiGLU  *5 ' report plain.json more.json
expect 0 'FFN\\_SwiGLU | 2 of 3' report --format markdown diverged.json
expect 0 '^swiglu,3,' report --format csv bare.json
expect 0 '"kendall_tau_b": 1' report --format json --table agreement plain.json
# Tables of tasks: the paper's beside what is complete; a task of which there is a part, or no signal, is marked.
expect 0 'SST-2 Acc.*RTE\* Acc' report --table glue scores.json
expect 0 'FFN_SwiGLU  *3  *82.31 +  *53.08' report --table glue scores.json
expect 0 '^  paper  *93.92$' report --table glue scores.json
expect 0 'rte: no signal' report --table scores scores.json
expect 0 '^glue,sst2,accuracy,points,true,swiglu,3,' report --table scores --format csv scores.json
expect 0 '"average_of_best": 56' report --table glue --format json glue.json
expect 0 'bleu_13a: nrefs:1' report --table translation scores.json
expect 0 'No run translates' report --table translation plain.json
expect 0 '^  paper  *72.76  *80.15' report --table superglue plain.json
"$program" validate scores.json glue.json >out 2>&1 || fail "validate of scores: $(head -n 3 out)"
expect 0 'sst2.accuracy *FFN_SwiGLU *3 *82.31 *82.31.*identical' compare scores.json scores.json
expect 1 'with another result' report plain.json worse.json
expect 1 'cannot read nothing.json' report nothing.json
expect 2 'table' report --table nothing plain.json

# What others published.
expect 0 '^FFN_SwiGLU .*-0.055 (0.003)$' report --beside narang2021 plain.json
expect 0 'liu2024mobilellm\*, delta, percent' report --beside narang2021,liu2024mobilellm plain.json
for format in terminal markdown latex csv json; do
    expect 0 narang2021 report --format $format --beside narang2021 plain.json more.json
done
expect 2 "there is no paper 'narang' (did you mean narang2021?)" report --beside narang plain.json
expect 2 "there is no paper 'zhang2042' (did you mean zhang2024?)" report --beside narang2021,zhang2042 plain.json
expect 2 "value is empty" report --beside narang2021, plain.json
expect 2 "does not apply to 'compare'" compare --beside narang2021 plain.json plain.json
for list in "report --beside ?" "--beside=?" "run --beside ? --seeds 2"; do
    expect 0 '^  narang2021  *2021  held-out log-perplexity (nats per target token), 12 variants' $list
    expect 0 '^  liu2024mobilellm  *2024\* ' $list
done
expect 0 '^  narang2021 ' list
expect 0 '"source": "section 3 and table 1 of arXiv:2102.11972"' list --format json
expect 0 '^  smoke ' run --preset '?'
expect 0 'order of narang2021: .* tau-b 0.86 over 8 variants' report --table agreement plain.json

expect 0 identical compare plain.json plain.json
expect 0 worse compare plain.json worse.json
expect 0 worse compare --fail-on 50 plain.json worse.json
expect 0 identical compare slope.json flat.json
expect 0 '^FFN_GEGLU .* 6.93 *.3.19, 15.1. *6.6 ' report --table verdict slope.json
expect 0 'x time: .* s = 0.02687 nats .* at 3 seeds' report --table verdict slope.json
expect 0 'None is given while the interval of s is not above 0' report --table verdict flat.json
expect 3 REGRESSION compare --fail-on 1 plain.json worse.json
expect 0 better compare --fail-on 0 worse.json plain.json
expect 3 'not ok any more' compare --fail-on 50 plain.json diverged.json
expect 3 'not ok any more' compare --fail-on 50 --format json plain.json diverged.json
expect 3 '[0-9] runs* missing after' compare --fail-on 50 --format csv more.json plain.json
"$example" 4-5 bare other.json || exit 99
expect 1 'in common' compare --fail-on 0 other.json bare.json
# What earlier versions called custom is compared with what it is.
sed '/"activation"/!s/"relu"/"custom:relu,alpha=0"/; s/"swiglu"/"custom:swish,gated,alpha=1"/' plain.json >older.json
expect 0 'FFN_SwiGLU .*identical' compare plain.json older.json
expect 0 'FFN_SwiGLU .*identical' compare older.json plain.json
# And merged: one row of five seeds, under the name that it has now.
sed '/"activation"/!s/"relu"/"custom:relu,alpha=0"/; s/"swiglu"/"custom:swish,gated,alpha=1"/
     s/"label": "FFN_SwiGLU"/"label": "custom:swish,gated"/' more.json >older.json
expect 0 '^swiglu,5,' report --format csv plain.json older.json
grep -q custom out && fail "a variant of two spellings has two rows"
expect 0 '^swiglu,5,' report --format csv older.json plain.json
grep -q 'custom' out && fail "a variant of two spellings has two rows"
expect 0 '"verdict": "worse"' compare --format json plain.json worse.json
# As programs of Windows save it.
{ printf '\357\273\277'; cat plain.json; } >marked.json
expect 0 identical compare plain.json marked.json
printf '\377\376{\000}\000' >wide.json
expect 1 'wide.json: it is UTF-16.*iconv' report wide.json
expect 2 'wide.json: it is UTF-16.*iconv' plan --config wide.json
# Weights to begin from are of one name and may not be the same.
for sum in a b; do
    of=$(printf "%064d" 0 | tr 0 $sum)
    sed 's/"status": "ok",/&"init_checkpoint_sha256": "'$of'",/
         /"init_checkpoint_sha256": null/d' plain.json >from-$sum.json
done
expect 0 'identical: 3 runs begun from other weights' compare from-a.json from-b.json
expect 1 'from-b.json: runs\[0\]: relu at seed 1 began from other weights' report from-a.json from-b.json
expect 0 'identical' compare from-a.json plain.json

"$program" validate plain.json diverged.json bare.json slope.json flat.json >out 2>err && [ ! -s out ] && [ ! -s err ] ||
    fail "validate finds faults in good files"
sed 's/"status": "ok"/"status": "good"/' plain.json >bad.json
expect 1 'bad.json: runs\[0\].status: is "good"' validate plain.json bad.json
expect 1 '1 of 2 files is not valid' validate plain.json bad.json
sed 's/"mean_nats": 1/"mean_nats": 2/' plain.json >bad.json
expect 1 'bad.json: tables.table1\[0\].mean_nats: is 2' validate bad.json
# Text of a file must not steer a terminal: no control character of it comes out.
sed 's/"label": "FFN_ReLU"/"label": "\\u001b]0;x\\u0007\\u009b31m"/
     s/"status": "ok"/"status": "\\u001b[31m"/' plain.json >bad.json
expect 1 'is "?\[31m"' validate bad.json
grep -q "$(printf '\033')" out err && fail "validate prints escapes"
sed 's/"label": "FFN_ReLU"/"label": "\\u001b]0;x\\u0007\\u009b31m"/' plain.json >bad.json
for format in terminal markdown latex; do
    expect 0 '?\]0;x???31m' report --format $format bad.json
    grep -q "$(printf '[\033\007\233]')" out && fail "$format prints escapes"
done
# Edited: what follows from the runs is computed anew, a run that is not there is told, and what
# contradicts itself is refused.
sed 's/"mean_nats": 1/"mean_nats": 2/' plain.json >bad.json
expect 0 'FFN_SwiGLU  *3  1.9' report bad.json
expect 0 'warning: bad.json: tables.table1.*computed anew' report bad.json
sed 's/"seeds": \[1, 2, 3\]/"seeds": [1, 2, 3, 4]/' plain.json >bad.json
expect 0 'warning: bad.json: .*0 rows of relu at seed 4' report bad.json
expect 0 'warning: bad.json: .*0 rows of relu at seed 4' compare plain.json bad.json
sed 's/"status": "ok"/"status": "failed"/' plain.json >bad.json
expect 1 'bad.json: runs\[0\]: has status "failed" and a log-perplexity' report bad.json
expect 1 'bad.json: runs\[0\]: has status "failed" and a log-perplexity' compare plain.json bad.json
head -c 3000 plain.json >bad.json
expect 1 'bad.json:[0-9]*:[0-9]*: ' validate bad.json

if command -v pdflatex >/dev/null 2>&1; then
    {
        printf '%s\n' '\documentclass{article}\begin{document}'
        for table in perplexity throughput parity agreement pareto; do
            "$program" report --format latex --table $table diverged.json
        done
        "$program" report --format latex --table verdict slope.json
        "$program" report --format latex --table glue glue.json
        for table in superglue squad translation; do
            "$program" report --format latex --table $table scores.json
        done
        "$program" compare --format latex plain.json worse.json
        printf '%s\n' '\end{document}'
    } >table.tex
    if ! pdflatex -interaction=nonstopmode -halt-on-error table.tex >log 2>&1; then
        echo "FAIL: pdflatex refuses the tables" >&2
        tail -20 log >&2
        failed=1
    elif grep Overfull log; then
        echo "FAIL: a table is wider than the page" >&2
        failed=1
    fi
fi
exit $failed
