#!/bin/sh
# glubench score: what it takes, what it refuses, and translations against each other.
. "$(dirname "$0")/scratch.sh"
mkdir -p a/translation b/translation c/translation d/rte d/cards

sentences()
{
    "${PYTHON:-python3}" - "$@" <<'END'
import json, random, sys
rng = random.Random(7)
words = "ein eine der die das Mann Frau Hund Kind geht sitzt steht auf an Bank Straße Wiese rot grün .".split()
for i in range(60):
    target = [rng.choice(words) for _ in range(rng.randint(4, 12))]
    noise = random.Random(f"{sys.argv[1]} {i}")
    output = [w if noise.random() > float(sys.argv[2]) else noise.choice(words) for w in target]
    print(json.dumps({"input": f"line {i}", "target": " ".join(target), "output": " ".join(output), "step": 1},
                     ensure_ascii=False))
END
}
sentences a 0.5 >a/translation/relu-s1.jsonl
sentences b 0.1 >b/translation/relu-s1.jsonl
sentences a 0.5 >c/translation/relu-s1.jsonl
bad=a/translation/relu-s1.jsonl

"$program" score --format json ./*/translation/relu-s1.jsonl >out 2>err || fail "three translations"
"${PYTHON:-python3}" - <<'END' >tool 2>&1 || fail "three translations: not what they are"
import json
first, better, same = json.load(open("out"))
assert first["file"] == "./a/translation/relu-s1.jsonl" and "bleu_13a_difference" not in first
for score in ("bleu_13a", "bleu_intl", "bleu_13a_lc", "bleu_intl_lc", "chrf2"):
    assert abs(better[score] - first[score] - better[score + "_difference"]) < 1e-9
    low, high = better[score + "_difference_ci95"]
    assert 0 < low < better[score + "_difference"] < high and better[score + "_p"] < 0.01
    assert same[score] == first[score] and same[score + "_difference"] == 0 and same[score + "_p"] == 1
END
"$program" score ./*/translation/relu-s1.jsonl >again 2>err || fail "as a table"
grep -q '^./b/.* bleu_13a_difference_ci95 *\[' again || fail "as a table: no interval"
gzip -c $bad >zipped.jsonl.gz
"$program" score --task translation --format csv zipped.jsonl.gz >out 2>err || fail "gzip, and a task by name"

# refuse STATUS WORDS ARGUMENT...
refuse()
{
    wanted=$1 words=$2
    shift 2
    "$program" score "$@" >out 2>err
    status=$?
    [ $status = "$wanted" ] || fail "status $status: $words"
    grep -q "glubench:.*$words" err || fail "not said: $words"
}
refuse 2 'none: there is no such file' none
cp $bad d/cards/x.jsonl
refuse 2 "d/cards/x.jsonl is not in a folder that is called like its task.*no task 'cards'" d/cards/x.jsonl
refuse 2 "no task 'sst3' (did you mean sst2?)" --task sst3 $bad
refuse 2 'dpr is not scored' --task dpr $bad
head -n 30 $bad >b/translation/fewer.jsonl
refuse 1 'has 60 predictions, and b/translation/fewer.jsonl 30' $bad b/translation/fewer.jsonl
sed '3s/line 2/another/' $bad >b/translation/other.jsonl
refuse 1 'line 3 of .*is another example' $bad b/translation/other.jsonl
sed '5s/"output"/"answer"/' $bad >b/translation/lacks.jsonl
refuse 1 'b/translation/lacks.jsonl:5: it lacks a text' b/translation/lacks.jsonl
sed '4s/}/,/' $bad >b/translation/junk.jsonl
refuse 1 'b/translation/junk.jsonl:4: it is no JSON object' b/translation/junk.jsonl
: >b/translation/empty.jsonl
refuse 1 'empty.jsonl has no predictions' b/translation/empty.jsonl
cat >d/rte/x.jsonl <<'END'
{"input": "a", "target": "entailment", "output": "entailment", "class_nll_nats": {"entailment": 1, "not_entailment": 2}}
{"input": "b", "target": "not_entailment", "output": "x", "class_nll_nats": {"entailment": 1}}
END
refuse 1 "d/rte/x.jsonl:2: class_nll_nats has no number for 'not_entailment'" d/rte/x.jsonl
exit $failed
