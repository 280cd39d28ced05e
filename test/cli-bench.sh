#!/bin/sh
# bench --profile, --scaling, --ffn, --decode and --exchange end to end: what is measured is complete and adds
# up, the files are valid, and every table of them prints.  And what plan and list tell besides text.
. "$(dirname "$0")/scratch.sh"

# bench NAME ARGUMENT...: measure into NAME.json; it must succeed and be valid.
bench()
{
    name=$1
    shift
    timeout 300 "$program" bench --quiet --preset smoke --threads 2 --output "$name.json" "$@" \
        >out 2>err || fail "bench $*: status $?"
    mv out "$name.table"
    "$program" validate "$name.json" >out 2>err || fail "bench $*: not valid"
    sed -n '/^  "\(profile\|scaling\)": /,/^  ]/p' "$name.json" >"$name.part"
}

# sorted FILE KEY: the values of a key, each once, on one line.
sorted()
{
    value "$1" "$2" | sort -u | tr '\n' ' '
}

# A configuration that was decided by looking is one of runs.
echo '{"until_decided": true, "seeds_max": 9}' >looks.json
bench profile --profile --config looks.json --variant relu --variant swiglu
grep -q '"until_decided"\|"seeds_max"' profile.json && fail "bench looks"
[ "$(sorted profile.part variant)" = "relu swiglu " ] || fail "profile: $(sorted profile.part variant)"
[ "$(sorted profile.part primitives_created)" = "0 " ] || fail "profile: steps create primitives"
value profile.part share | awk '{ sum += $1 } END { exit !(NR % 2 == 0 && sum > 1.999 && sum < 2.001) }' ||
    fail "profile: the shares of the two variants do not add up to one each"
# What does not happen has no row: scores have the softmax in theirs or beside them, whichever kernels are used.
rows=$(($(value profile.part share | wc -l) / 2))
value profile.part calls | awk '$1 != "null" && $1 <= 0 { bad = 1 } END { exit bad }' || fail "profile: a row of nothing"
[ "$(grep -c 'products: attention scores, softmax and values' profile.part)" = 2 ] ||
    [ "$(grep -c 'products: attention scores and values\|softmax, bias' profile.part)" = 4 ] ||
    fail "profile: no row has the softmax"
# What a product's floor is, in every form; times_floor is what it says.
[ "$(value profile.part floor | sort -u | tr '\n' ' ' | grep -c compute)" = 1 ] &&
    [ "$(value profile.part floor | grep -c null)" -ge 4 ] || fail "profile: floors $(sorted profile.part floor)"
value profile.part s_per_step >seconds
value profile.part floor_s >floors
value profile.part times_floor >times
sed 1d seconds | sed "$((rows + 1))d" | paste - floors times | awk '
    $2 == "null" { if ($3 != "null") bad = 1; next }
    { count++; if ($2 <= 0 || $1 / $2 > 1.001 * $3 || $1 / $2 < 0.999 * $3) bad = 1 }
    END { exit bad || count < 20 }' || fail "profile: times_floor is not s_per_step over floor_s"
grep -q 'times floor' profile.table && grep -q 'the floors make' profile.table || fail "profile: no floors in the table"
grep -q 'products: feed-forward' profile.table && grep -q 'encoder W2 forward' profile.table ||
    fail "profile: tables without operations or primitives"

bench scaling --scaling --scaling-d-model 64
[ "$(sorted scaling.part axis)" = "batch d_model input_length threads " ] ||
    fail "scaling: axes $(sorted scaling.part axis)"
# The point of the configuration itself lies on three axes, and is measured once.
[ "$(value scaling.part median_s | sort | uniq -c | awk '$1 > 1 { print $1 }')" = 3 ] ||
    fail "scaling: its own point: $(value scaling.part median_s)"
[ "$(value scaling.part parallel_efficiency | grep -c null)" = \
    "$(($(value scaling.part axis | wc -l) - 2))" ] || fail "scaling: efficiency beside the threads"
[ "$(value scaling.part parallel_efficiency | sed 1q)" = 1.0 ] || fail "scaling: one thread is not 1"

# Fine-tuning on pairs of texts, of two lengths: "ab" and its answer are 3 and 2 tokens of 16 and 8 with the end.
for i in 1 2 3 4 5 6 7 8; do
    printf 'ab\tc\n'
done | { printf 'input\ttarget\n'; cat; } >train.tsv
bench task --task tsv:train.tsv,train.tsv --input-length 16 --target-length 8 --batch 4 --samples 1 --variant relu
[ "$(value task.json padding_share | sort -u | wc -l)" = 1 ] &&
    value task.json padding_share | awk '$1 <= 0.3 || $1 >= 1 { bad = 1 } END { exit bad || NR != 2 }' ||
    fail "task: padding $(value task.json padding_share)"
value task.json tokens_per_s >tokens
value task.json used_tokens_per_s | paste - tokens | awk '$1 <= 0 || $1 > 0.7 * $2 { bad = 1 } END { exit bad || NR != 2 }' ||
    fail "task: tokens that are no padding"
value task.json examples_per_s | paste - tokens | awk '
    $1 <= 0 || $2 / $1 < 1 || $2 / $1 > 24.01 { bad = 1 } END { exit bad || NR != 2 }' || fail "task: examples"
grep -q 'of it padding' task.table || fail "task: no padding in the table"
bench taskprofile --profile --task tsv:train.tsv,train.tsv --input-length 16 --target-length 8 --batch 4 --variant relu

bench ffn --ffn --samples 1 --variant relu --variant swiglu
[ "$(sorted ffn.json pass)" = "ffn_forward ffn_train " ] || fail "ffn: passes $(sorted ffn.json pass)"

bench decode --decode 5 --samples 1 --variant relu --variant swiglu
[ "$(sorted decode.json pass)" = "decode decode_anew " ] || fail "decode: passes $(sorted decode.json pass)"
[ "$(grep -c 'decode_anew' decode.table)" = 2 ] || fail "decode: a table without both variants"
# A sample is so many passes over 8 examples of 5 tokens.
value decode.json tokens_per_sample | awk '$1 % 40 != 0 { bad = 1 } END { exit bad || NR != 4 }' ||
    fail "decode: tokens of a sample: $(value decode.json tokens_per_sample)"

# Of one process there is no exchange, and a step is a step.
bench exchange --exchange --samples 2
grep -q '"exchange": \[\]' exchange.json || fail "exchange: one process exchanges something"
[ "$(value exchange.json ranks)" = 1 ] || fail "exchange: not one rank"
grep -q 'there is one rank' exchange.table && grep -q 'A training step by all ranks' exchange.table ||
    fail "exchange: no tables"

for format in terminal markdown csv latex json; do
    for table in profile:profile primitives:profile scaling:scaling throughput:ffn throughput:decode \
        ranks:exchange; do
        "$program" report --format $format --table ${table%:*} ${table#*:}.json >out 2>err &&
            [ -s out ] && [ ! -s err ] || fail "report --format $format --table $table"
    done
done

# expect STATUS PATTERN ARGUMENT...: the pattern must stand on stdout or stderr.
expect()
{
    status=$1 pattern=$2
    shift 2
    "$program" "$@" >out 2>err </dev/null
    got=$?
    [ $got -eq "$status" ] && cat out err | grep -q -e "$pattern" ||
        fail "glubench $*: status $got, not $status, or no '$pattern'"
}

expect 1 '--ffn:.*leave one out' bench --quiet --preset smoke --ffn --profile --output x.json
expect 1 '--ffn:.*--decode.*leave one out' bench --quiet --preset smoke --ffn --decode 4 --output x.json
expect 1 '--decode:.*leave one out' bench --quiet --preset smoke --scaling --decode 4 --output x.json
expect 1 '--decode: lm models do not decode' bench --quiet --preset lm-smoke --decode 4 --output x.json
expect 1 '--task: --scaling is not of its batches' bench --quiet --preset smoke --scaling --output x.json \
    --task tsv:train.tsv,train.tsv
expect 2 '--decode: .0. is not' bench --decode 0
expect 1 '--ffn:.*leave one out' bench --quiet --preset smoke --ffn --exchange --output x.json
expect 2 "'list' knows terminal and json, not csv" list --format csv
expect 2 "'plan' knows terminal and json, not latex" plan --format latex
expect 0 '"estimated_s": [0-9]' plan --preset smoke --threads 1 --format json --detect 0.01
[ "$(value out seeds | sed -n '$p')" -gt 1 ] || fail "plan: no number of seeds"
expect 0 'more than a million' plan --preset smoke --threads 1 --detect 0.000001
expect 1 'it takes two seeds' plan --config profile.json --detect 0.01

# A cluster: what is told of it is complete, and the forecast is that of test/test-cluster.c.
base="plan --preset mini --d-model 768 --layers 12 --heads 12 --d-kv 64 --d-ff 3072 --batch 128 --input-length 512
    --variant relu --threads 1 --no-slope"
# shellcheck disable=SC2086
{
    expect 0 '8 ranks that reach 20000 GFLOP/s each, and exchange 794 MB a step at 25 Gbit/s' $base --ranks 8 \
        --network 25 --node-gflops 20000
    # 52.386 TFLOP a step; 1.75 times 794 MB.
    grep -q ' 0.772  *58%$' out || fail "plan --ranks: another forecast"
    expect 0 '"node_gflop_per_s": [0-9.]*$' plan --preset smoke --threads 1 --ranks 2 --network 1 --format json
    expect 0 '"exchange_share": 0.0$' plan --preset smoke --threads 1 --ranks 1 --format json
    expect 0 '"cluster": null' plan --preset smoke --threads 1 --format json
    expect 2 '^glubench: --ranks: .*missing, of which --network and --node-gflops' plan --preset smoke --network 10
    expect 2 '^glubench: --ranks: .*missing' plan --preset smoke --node-gflops 10
    expect 2 '^glubench: --network: .*each of the 2 ranks .*missing' plan --preset smoke --ranks 2
    expect 2 '3 ranks do not divide 8 examples; give 6 or 9, or other --ranks' plan --preset smoke --ranks 3 \
        --network 1
    expect 2 "'--ranks' does not apply to 'run'" run --ranks 2
}
exit $failed
